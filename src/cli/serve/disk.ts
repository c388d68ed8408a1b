import { statfs } from 'node:fs/promises';

/** Returns the free octets of the device that a folder is on, as far as this process may use them. */
export async function freeOctets(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
