// Makes the folder of the package `postern-gateway`: the command and what it loads. The library is not in it: what the
// gateway takes from its entries comes from the package `postern`.
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { manifestOf, packagesOfGateway, project } from './manifest.mjs';

const dist = join(project, 'dist');

/** Modules of the library, and the entries that export the same. */
const FROM_LIBRARY = new Map([
  ['index.js', 'postern'],
  ['server/index.js', 'postern'],
  ['protocol/index.js', 'postern/protocol'],
  ['protocol/parts.js', 'postern/protocol'],
  ['client/index.js', 'postern/client'],
  ['client/parts.js', 'postern/client'],
  // Errors that the library makes and the gateway looks for by their class.
  ['base/client-fault.js', 'postern'],
]);

/** The specifier of an import, of a dynamic import or of the script of a thread. */
const SPECIFIER = /(\bfrom\s*|\bimport\s*\(?\s*|\bnew URL\(\s*)(['"])(\.{1,2}\/[^'"]+\.js)\2/g;

/** Copies a module and, file by file, what it imports. */
async function copyModule(file, folder, copied) {
  const path = relative(dist, file).split(sep).join('/');
  if (copied.has(path)) return;
  copied.add(path);
  const imported = [];
  const text = (await readFile(file, 'utf8'))
    .replace(SPECIFIER, (whole, before, quote, specifier) => {
      const target = join(dirname(file), specifier);
      const entry = FROM_LIBRARY.get(relative(dist, target).split(sep).join('/'));
      if (entry !== undefined) return `${before}${quote}${entry}${quote}`;
      imported.push(target);
      return whole;
    })
    .replace(/^\/\/# sourceMappingURL=.*\n?/m, '');
  const target = join(folder, 'dist', path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, text, { mode: path === 'cli/main.js' ? 0o755 : 0o644 });
  for (const one of imported) await copyModule(one, folder, copied);
}

/** @param folder an empty one */
export async function makeGateway(folder) {
  await copyModule(join(dist, 'cli/main.js'), folder, new Set());
  await cp(join(dist, 'dashboard'), join(folder, 'dist/dashboard'), {
    recursive: true,
    filter: (from) => !from.endsWith('.digest'),
  });
  for (const path of ['README.md', 'LICENSE', 'CHANGELOG.md', 'docs', 'certs/README.md']) {
    await cp(join(project, path), join(folder, path), { recursive: true });
  }
  const { version, packages } = await packagesOfGateway();
  const manifest = {
    ...(await manifestOf('postern-gateway')),
    type: 'module',
    bin: { postern: './dist/cli/main.js' },
    exports: { './package.json': './package.json' },
    // One version of both is made from one commit.
    dependencies: { postern: version, ...packages },
  };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
