import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** The mode of folders that Postern makes: their owner's alone. */
const PRIVATE = 0o700;

/**
 * Makes a folder and those above it that are missing, each for its owner alone. Rejects with the file system's error.
 *
 * `mkdir` with `recursive` is no choice: below `/proc` Node's never returns.
 */
export async function makePrivateFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let folder = resolve(path); !(await isFolder(folder)); folder = dirname(folder)) missing.push(folder);
  for (const folder of missing.reverse()) {
    await mkdir(folder, PRIVATE).catch(async (error: unknown) => {
      // Another process may have been first.
      if (!(await isFolder(folder))) throw error;
    });
  }
}

/** False if it does not exist. Rejects with ENOTDIR if it, or what is above it, is no folder. */
async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
  throw Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${path}'`), {
    code: 'ENOTDIR',
    syscall: 'mkdir',
    path,
  });
}
