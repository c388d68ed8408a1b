// Makes the folder of the package `postern`: the library alone, bundled, with no dependency.
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleCode } from './code.mjs';
import { manifestOf, project } from './manifest.mjs';
import { bundleTypes } from './types.mjs';

/**
 * The entries, by their names in `exports`: the name of their files, the module with their code and the one with their
 * types, without extension. The gateway needs more of the protocol and of the client than is declared.
 */
const ENTRIES = {
  '.': { name: 'index', code: 'index', types: 'index' },
  './protocol': { name: 'protocol', code: 'protocol/parts', types: 'protocol/index' },
  './client': { name: 'client', code: 'client/parts', types: 'client/index' },
  './smtp-server': { name: 'smtp-server', code: 'smtp-server/index', types: 'smtp-server/index' },
  './testing': { name: 'testing', code: 'testing/index', types: 'testing/index' },
};

const exportsOf = ({ name }) => ({
  import: { types: `./${name}.d.mts`, default: `./${name}.mjs` },
  require: { types: `./${name}.d.cts`, default: `./${name}.cjs` },
});

/** @param folder an empty one */
export async function makeLibrary(folder) {
  await mkdir(folder, { recursive: true });
  const entries = Object.values(ENTRIES);
  const code = entries.map(({ name, code }) => [name, join(project, 'dist', `${code}.js`)]);
  await bundleCode(Object.fromEntries(code), folder);
  await bundleTypes(Object.fromEntries(entries.map(({ name, types }) => [name, `${types}.d.ts`])), folder);
  const manifest = {
    ...(await manifestOf('postern')),
    type: 'commonjs',
    main: './index.cjs',
    module: './index.mjs',
    types: './index.d.cts',
    exports: {
      ...Object.fromEntries(Object.entries(ENTRIES).map(([entry, files]) => [entry, exportsOf(files)])),
      './package.json': './package.json',
    },
    sideEffects: false,
  };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest)}\n`);
  await copyFile(join(import.meta.dirname, 'README.library.md'), join(folder, 'README.md'));
  await copyFile(join(project, 'LICENSE'), join(folder, 'LICENSE'));
}
