// npm run pack -- DIR: writes postern-VERSION.tgz and postern-gateway-VERSION.tgz into a folder.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeGateway } from './gateway.mjs';
import { makeLibrary } from './library.mjs';

const [, , target] = process.argv;
if (target === undefined) {
  console.error('usage: npm run pack -- DIR');
  process.exit(2);
}
const destination = resolve(process.env.INIT_CWD ?? '.', target);
await mkdir(destination, { recursive: true });
const temporary = await mkdtemp(join(tmpdir(), 'postern-pack-'));
try {
  for (const [name, make] of [
    ['postern', makeLibrary],
    ['postern-gateway', makeGateway],
  ]) {
    const folder = join(temporary, name);
    await make(folder);
    const packed = execFileSync(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', destination],
      { cwd: folder, encoding: 'utf8' },
    );
    const [{ filename, unpackedSize, entryCount }] = JSON.parse(packed);
    console.log(
      `${join(destination, filename)}: ${entryCount} files, ${Math.ceil(unpackedSize / 1000)} kB unpacked`,
    );
  }
} finally {
  await rm(temporary, { recursive: true, force: true });
}
