import { access, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder } from '../../../base/private-folder.js';

/** What is left of a write that did not end is removed after this, in milliseconds: as maildir(5) has it. */
const LEFTOVER_AGE = 36 * 3_600_000;

/** Where files begin, where they end up, and where readers may have moved them to. */
export interface Layout {
  /** Names within the folder; empty for the folder itself. */
  readonly stage: string;
  readonly place: string;
  /** Readers move files there and put their flags behind the name. */
  readonly read: string | null;
}

export const MAILDIR: Layout = { stage: 'tmp', place: 'new', read: 'cur' };
export const FLAT: Layout = { stage: '.tmp', place: '', read: null };

/** A folder that whole files appear in, each once. What the file system says is thrown as it came. */
export class Folder {
  readonly #directory: string;
  readonly #layout: Layout;
  #prepared: Promise<void> | null = null;

  constructor(directory: string, layout: Layout) {
    this.#directory = directory;
    this.#layout = layout;
  }

  /** Where a file of this name is, as the folder's reader would find it, or null. */
  async find(name: string): Promise<string | null> {
    await this.#prepare();
    if (await exists(this.#path(this.#layout.place, name))) return join(this.#layout.place, name);
    const { read } = this.#layout;
    if (read === null) return null;
    const moved = (await readdir(this.#path(read))).find(
      (entry) => entry === name || entry.startsWith(`${name}:`),
    );
    return moved === undefined ? null : join(read, moved);
  }

  /**
   * Writes a file and makes it appear in its place, whole and on stable storage once this has resolved. A
   * file of the name that is in the place already is replaced.
   *
   * @returns its path within the folder
   */
  async write(name: string, content: AsyncIterable<Uint8Array>): Promise<string> {
    await this.#prepare();
    const staged = this.#path(this.#layout.stage, name);
    try {
      // Mail is for its owner's eyes.
      const file = await open(staged, 'w', 0o600);
      try {
        for await (const piece of content) await writeAll(file, piece);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(staged, this.#path(this.#layout.place, name));
    } catch (error) {
      await rm(staged, { force: true }).catch(() => undefined);
      throw error;
    }
    await syncFolder(this.#path(this.#layout.place));
    return join(this.#layout.place, name);
  }

  #path(...names: readonly string[]): string {
    return join(this.#directory, ...names);
  }

  /** Once, but again after a failure: a disk may be mounted later. */
  #prepare(): Promise<void> {
    this.#prepared ??= this.#make().catch((error: unknown) => {
      this.#prepared = null;
      throw error;
    });
    return this.#prepared;
  }

  async #make(): Promise<void> {
    const { stage, place, read } = this.#layout;
    for (const name of [stage, place, ...(read === null ? [] : [read])]) {
      await makePrivateFolder(this.#path(name));
    }
    for (const name of await readdir(this.#path(stage))) await removeLeftover(this.#path(stage, name));
  }
}

/** Removes a file that is old. All else, such as a folder or a link, is not what a write leaves, and stays. */
async function removeLeftover(path: string): Promise<void> {
  try {
    const found = await lstat(path);
    if (found.isFile() && found.mtimeMs < Date.now() - LEFTOVER_AGE) await rm(path, { force: true });
  } catch {
    // It is gone already, or may not be removed: neither keeps a new file from being written.
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length;) at += (await file.write(piece, at)).bytesWritten;
}

/** A new name is on stable storage once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
