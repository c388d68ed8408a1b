/** A disk that can be filled. It needs Linux and user namespaces, or root. */
import { spawnSync } from 'node:child_process';
import { tempFolder } from './fixtures.js';

/** A prefix for a command that runs with a device of 12 MiB on a folder, which no other process sees. */
export function smallDevice(folder: string): string[] {
  const mount = `mount -t tmpfs -o size=12m tmpfs '${folder}' && exec "$@"`;
  return ['unshare', '--mount', '--map-root-user', 'sh', '-c', mount, 'sh'];
}

/** True if such a device can be made here. */
export function canMount(): boolean {
  const folder = tempFolder();
  const [command = '', ...args] = smallDevice(folder.path);
  const { status } = spawnSync(command, [...args, 'true']);
  folder.remove();
  return status === 0;
}
