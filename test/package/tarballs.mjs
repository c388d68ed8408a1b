import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Packs both packages into a folder. If TARBALLS names a folder where `npm run pack` has put them, takes those: the
 * checks of `.ci/run` share them, since packing takes 17 s of a processor.
 *
 * @returns paths of the tarballs: { postern, gateway }
 */
export function tarballs(folder) {
  const given = process.env.TARBALLS;
  if (given === undefined) {
    const pack = [join(project, 'build/pack/main.mjs'), folder];
    execFileSync(process.execPath, pack, { cwd: project, encoding: 'utf8', stdio: 'pipe', timeout: 300_000 });
  }
  const files = readdirSync(given ?? folder);
  const pathOf = (pattern) => {
    const name = files.find((file) => pattern.test(file));
    if (name === undefined) throw new Error(`${given ?? folder} has no tarball of the name ${pattern}`);
    return join(given ?? folder, name);
  };
  return { postern: pathOf(/^postern-\d.*\.tgz$/), gateway: pathOf(/^postern-gateway-\d.*\.tgz$/) };
}
