import { statfs } from 'node:fs/promises';

/** Octets of a device. */
interface Space {
  /** As far as this process may use them. */
  readonly free: number;
  readonly size: number;
}

/** Returns the space of the device that a folder is on. */
export async function spaceOf(folder: string): Promise<Space> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free: bavail * bsize, size: blocks * bsize };
}

/** Returns the free octets of the device that a folder is on, as far as this process may use them. */
export async function freeOctets(folder: string): Promise<number> {
  return (await spaceOf(folder)).free;
}
