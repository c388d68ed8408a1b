// Bundles src/dashboard into dist/dashboard, and compresses each file beside itself, as the server sends them. If
// nothing changed since the last run, it does nothing: `npm start` comes by here every time.
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const project = fileURLToPath(new URL('..', import.meta.url));
const source = join(project, 'src/dashboard');
const target = join(project, 'dist/dashboard');
/** The digest of what the bundle was made of. */
const stamp = join(target, '.digest');

const digest = await digestOf([source, fileURLToPath(import.meta.url), join(project, 'package-lock.json')]);
if ((await readFile(stamp, 'utf8').catch(() => '')) !== digest) {
  await bundle();
  await compress(target);
  await writeFile(stamp, digest);
}

async function bundle() {
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: source,
    publicDir: false,
    logLevel: 'warn',
    esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
    build: {
      outDir: target,
      emptyOutDir: true,
      target: 'es2022',
      modulePreload: { polyfill: false },
      // The policy of the pages allows no data: URL but for images.
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
  });
}

/** Writes FILE.br and FILE.gz for each file that becomes smaller by it. */
async function compress(folder) {
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  for (const file of await filesIn(folder)) {
    const octets = await readFile(file);
    const made = {
      br: await promisify(brotliCompress)(octets, options),
      gz: await promisify(gzip)(octets, { level: constants.Z_BEST_COMPRESSION }),
    };
    for (const [extension, { length }] of Object.entries(made)) {
      if (length < octets.length) await writeFile(`${file}.${extension}`, made[extension]);
    }
  }
}

async function digestOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of await filesIn(path)) hash.update(file).update(await readFile(file));
  }
  return hash.digest('hex');
}

/** Returns the files below a folder in a fixed order; a file alone is itself. */
async function filesIn(path) {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (entries === null) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
