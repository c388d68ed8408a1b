import { access, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder } from '../../../base/private-folder.js';

/** Age in milliseconds after which the file of an unfinished write is removed; the value of maildir(5). */
const LEFTOVER_AGE = 36 * 3_600_000;

/** The subfolders: where a file is written, where it then appears, and where readers may move it. */
interface Layout {
  /** Names within the folder; empty for the folder itself. */
  readonly temporary: string;
  readonly final: string;
  /** Readers move files there and append their flags to the name. */
  readonly read: string | null;
}

export const MAILDIR: Layout = { temporary: 'tmp', final: 'new', read: 'cur' };
export const FLAT: Layout = { temporary: '.tmp', final: '', read: null };

/** A folder in which files appear whole, and each once. Errors of the file system are thrown unchanged. */
export class Folder {
  readonly #directory: string;
  readonly #layout: Layout;
  #prepared: Promise<void> | null = null;

  constructor(directory: string, layout: Layout) {
    this.#directory = directory;
    this.#layout = layout;
  }

  /** Returns the path of a file with this name, as a reader of the folder would find it, or null. */
  async find(name: string): Promise<string | null> {
    await this.#prepare();
    if (await exists(this.#path(this.#layout.final, name))) return join(this.#layout.final, name);
    const { read } = this.#layout;
    if (read === null) return null;
    const moved = (await readdir(this.#path(read))).find(
      (entry) => entry === name || entry.startsWith(`${name}:`),
    );
    return moved === undefined ? null : join(read, moved);
  }

  /**
   * Writes a file and makes it appear in its place. When this resolves, the file is whole and on stable storage.
   * Replaces a file of the same name.
   *
   * @returns its path within the folder
   */
  async write(name: string, content: AsyncIterable<Uint8Array>): Promise<string> {
    await this.#prepare();
    const staged = this.#path(this.#layout.temporary, name);
    try {
      // Only the owner may read mail.
      const file = await open(staged, 'w', 0o600);
      try {
        for await (const piece of content) await writeAll(file, piece);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(staged, this.#path(this.#layout.final, name));
    } catch (error) {
      await rm(staged, { force: true }).catch(() => undefined);
      throw error;
    }
    await syncFolder(this.#path(this.#layout.final));
    return join(this.#layout.final, name);
  }

  #path(...names: readonly string[]): string {
    return join(this.#directory, ...names);
  }

  /** Prepares the folder once. If that fails, the next call tries again: a disk may be mounted later. */
  #prepare(): Promise<void> {
    this.#prepared ??= this.#make().catch((error: unknown) => {
      this.#prepared = null;
      throw error;
    });
    return this.#prepared;
  }

  async #make(): Promise<void> {
    const { temporary, final, read } = this.#layout;
    for (const name of [temporary, final, ...(read === null ? [] : [read])]) {
      await makePrivateFolder(this.#path(name));
    }
    for (const name of await readdir(this.#path(temporary)))
      await removeLeftover(this.#path(temporary, name));
  }
}

/** Removes a file that is old. Anything else, such as a folder or a link, does not come from a write, and stays. */
async function removeLeftover(path: string): Promise<void> {
  try {
    const found = await lstat(path);
    if (found.isFile() && found.mtimeMs < Date.now() - LEFTOVER_AGE) await rm(path, { force: true });
  } catch {
    // It is gone already, or may not be removed. In both cases new files can be written.
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length;) at += (await file.write(piece, at)).bytesWritten;
}

/** Syncs a folder. A new name is on stable storage only after that. */
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
