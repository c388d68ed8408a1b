// The other SMTP servers of the npm registry, in a folder of their own: they are no dependencies of the project.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Releases that run on every Node that Postern runs on. */
const RELEASES = { 'smtp-server': '3.21.6', Haraka: '3.3.4' };

export const peersFolder = fileURLToPath(new URL('../.peers/', import.meta.url));

/**
 * Installs what is missing.
 *
 * @returns null, or in words why the peers cannot be had.
 */
export function installPeers() {
  mkdirSync(peersFolder, { recursive: true });
  const wanted = JSON.stringify({ private: true, dependencies: RELEASES }, null, 2);
  const manifest = `${peersFolder}package.json`;
  if (existsSync(manifest) && readFileSync(manifest, 'utf8') === wanted && versionOf('Haraka') !== null) {
    return null;
  }
  writeFileSync(manifest, wanted);
  const options = { cwd: peersFolder, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' };
  try {
    // Their native parts are optional, and so are not waited for.
    execFileSync(
      'npm',
      ['install', '--no-audit', '--no-fund', '--omit=optional', '--ignore-scripts'],
      options,
    );
    return null;
  } catch (error) {
    return `npm install failed: ${String(error.stderr ?? error).slice(-300)}`;
  }
}

/** The version that is installed, or null. */
export function versionOf(name) {
  try {
    return JSON.parse(readFileSync(`${peersFolder}node_modules/${name}/package.json`, 'utf8')).version;
  } catch {
    return null;
  }
}
