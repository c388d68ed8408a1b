// Keeps this build's store on PostgreSQL in one file, for the test that runs the last release beside the next one. Run it
// when a version is released, after `npm run build`: node test/store/frozen/freeze.mjs
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { outputFiles } = await build({
  entryPoints: [here('../../../dist/store/postgres/index.js')],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  minifyWhitespace: true,
  minifySyntax: true,
  write: false,
});
await writeFile(here('postgres-store.mjs.gz'), gzipSync(outputFiles[0].contents, { level: 9 }));
