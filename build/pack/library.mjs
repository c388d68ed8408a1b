// Makes the folder of the package `postern`: the library alone, bundled, with no dependency. The code is there once, as
// CommonJS; the ES modules pass its exports on, so that a program that uses both has one class of each name.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { transform } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import ts from 'typescript';
import { manifestOf, project } from './manifest.mjs';

/** The entries, by their names in `exports`. */
export const ENTRIES = {
  '.': 'index',
  './protocol': 'protocol',
  './client': 'client',
  './smtp-server': 'smtp-server',
  './testing': 'testing',
};

const input = (extension) =>
  Object.fromEntries(
    Object.entries(ENTRIES).map(([entry, name]) => [
      name,
      join(project, 'dist', entry === '.' ? '' : name, `index.${extension}`),
    ]),
  );

/** What `postern/testing` decodes messages with: the packages for that have tables of a megabyte. */
const LIGHT = {
  '@exodus/bytes/encoding.js': 'encoding.mjs',
  'iconv-lite': 'iconv-lite.mjs',
  libmime: 'libmime.mjs',
};
const light = {
  name: 'light',
  resolveId: (id) => (id in LIGHT ? join(import.meta.dirname, 'light', LIGHT[id]) : null),
};

/** Comments, white space and local names are left out. Errors have their names as properties. */
const smaller = {
  name: 'smaller',
  async renderChunk(code) {
    const made = await transform(code, {
      minifyWhitespace: true,
      minifySyntax: true,
      minifyIdentifiers: true,
      format: 'cjs',
      target: 'node20.19',
      legalComments: 'none',
    });
    return { code: made.code, map: null };
  },
};

function failOnWarning(warning) {
  throw new Error(`${warning.code}: ${warning.message}`);
}

async function bundleCode(folder) {
  const bundle = await rollup({
    input: input('js'),
    external: /^node:/,
    plugins: [light, smaller],
    onwarn: failOnWarning,
  });
  await bundle.write({
    dir: folder,
    format: 'cjs',
    exports: 'named',
    interop: 'default',
    esModule: true,
    entryFileNames: 'chunks/[name].cjs',
    chunkFileNames: 'chunks/[name].cjs',
    generatedCode: { preset: 'es2015' },
    hoistTransitiveImports: false,
    minifyInternalExports: true,
    compact: true,
  });
  await bundle.close();
}

/** Adds the names that a declaration file exports, those of others that it passes on among them. */
async function addExported(file, names) {
  const text = await readFile(file, 'utf8');
  for (const [, list] of text.matchAll(/export (?:type )?\{([^}]*)\}/g)) {
    for (const name of list.split(',')) names.add(name.trim().replace(/^type /, ''));
  }
  for (const [, name] of text.matchAll(
    /export (?:declare )?(?:class|function|interface|type|const) (\w+)/g,
  )) {
    names.add(name);
  }
  for (const [, specifier] of text.matchAll(/export \* from '([^']+)\.js'/g)) {
    await addExported(join(dirname(file), `${specifier}.d.ts`), names);
  }
}

/** The names whose documentation an editor shows: all that is exported, but by `postern/protocol`. */
async function documentedNames() {
  const names = new Set();
  const { protocol: _, ...files } = input('d.ts');
  for (const file of Object.values(files)) await addExported(file, names);
  return names;
}

/** Leaves out the documentation of what only the declarations of others name, and most of the indentation. */
const withoutInnerDocumentation = (documented) => ({
  name: 'without-inner-documentation',
  renderChunk(code) {
    const source = ts.createSourceFile('chunk.d.ts', code, ts.ScriptTarget.ES2022, true);
    const statements = source.statements.map((statement) => {
      const declared = statement.name ?? statement.declarationList?.declarations[0]?.name;
      const inner = declared !== undefined && !documented.has(declared.text);
      const text = statement.getFullText();
      return inner ? text.replace(/\/\*\*[^]*?\*\/\s*/g, '') : text;
    });
    const lessIndented = statements
      .join('')
      .replace(/^(?: {4})+/gm, (spaces) => '\t'.repeat(spaces.length / 4))
      .replace(/\n\s*\n/g, '\n');
    return { code: lessIndented, map: null };
  },
});

async function bundleTypes(folder) {
  const bundle = await rollup({
    input: input('d.ts'),
    external: /^node:/,
    plugins: [dts(), withoutInnerDocumentation(await documentedNames())],
    onwarn: failOnWarning,
  });
  await bundle.write({
    dir: folder,
    format: 'es',
    entryFileNames: '[name].d.cts',
    chunkFileNames: 'chunks/[name].cts',
  });
  await bundle.close();
}

/**
 * Writes the files of an entry. They are small: Node looks for exports in a CommonJS file that an ES module imports, and
 * takes 25 ms for a large one.
 */
async function passOn(folder, name) {
  const chunk = `./chunks/${name}.cjs`;
  const exported = Object.keys(createRequire(import.meta.url)(join(folder, chunk)));
  const names = exported.filter((one) => one !== 'default' && one !== '__esModule');
  const hasDefault = exported.includes('default');
  const assignments = exported
    .filter((one) => one !== '__esModule')
    .map((one) => `exports.${one} = all.${one};\n`);
  await writeFile(
    join(folder, `${name}.cjs`),
    `'use strict';\nObject.defineProperty(exports, '__esModule', { value: true });\n` +
      `const all = require('${chunk}');\n${assignments.join('')}`,
  );
  await writeFile(
    join(folder, `${name}.mjs`),
    `import all from './${name}.cjs';\nexport const { ${names.join(', ')} } = all;\n` +
      (hasDefault ? 'export default all.default;\n' : ''),
  );
  await writeFile(
    join(folder, `${name}.d.mts`),
    `export * from './${name}.cjs';\n` + (hasDefault ? `export { default } from './${name}.cjs';\n` : ''),
  );
}

const exportsOf = (name) => ({
  import: { types: `./${name}.d.mts`, default: `./${name}.mjs` },
  require: { types: `./${name}.d.cts`, default: `./${name}.cjs` },
});

/** @param folder an empty one */
export async function makeLibrary(folder) {
  await mkdir(folder, { recursive: true });
  await bundleCode(folder);
  await bundleTypes(folder);
  for (const name of Object.values(ENTRIES)) await passOn(folder, name);
  const manifest = {
    ...(await manifestOf('postern')),
    type: 'commonjs',
    main: './index.cjs',
    module: './index.mjs',
    types: './index.d.cts',
    exports: {
      ...Object.fromEntries(Object.entries(ENTRIES).map(([entry, name]) => [entry, exportsOf(name)])),
      './package.json': './package.json',
    },
    sideEffects: false,
  };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await copyFile(join(import.meta.dirname, 'README.library.md'), join(folder, 'README.md'));
  await copyFile(join(project, 'LICENSE'), join(folder, 'LICENSE'));
}
