import { readdir, readFile, readlink } from 'node:fs/promises';

/** The access mode in the flags of an open file (open(2)); 0 is reading alone. */
const ACCESS_MODE = 3;

/** How long the first search for a reader may take, in milliseconds: the first line waits for it. */
const SEARCH_MS = 1_000;

/**
 * Notices that the processes at the other end of a pipe have gone away.
 *
 * A write would fail then, but a command that waits for something to write does not write. Node cannot poll an end that
 * it only writes to. Linux lists the open files of the user's processes, the readers among them.
 */
export class PipeReader {
  private constructor(
    /** The pipe as links to it name it. */
    private readonly pipe: string,
    /** Links of a process that reads it. */
    private links: readonly string[],
  ) {}

  /** @returns null if it is not a pipe, or no process that reads it can be seen */
  static async of(fd: number): Promise<PipeReader | null> {
    const pipe = await linkOf(`/proc/self/fd/${fd}`);
    if (pipe?.startsWith('pipe:') !== true) return null;
    const links = await linksTo(pipe, performance.now() + SEARCH_MS);
    return links.length === 0 ? null : new PipeReader(pipe, links);
  }

  async isGone(): Promise<boolean> {
    for (const link of this.links) if ((await linkOf(link)) === this.pipe) return false;
    // It may have passed the pipe on to another process.
    this.links = await linksTo(this.pipe);
    return this.links.length === 0;
  }
}

/**
 * Returns the links of one process that reads the pipe; none if there is no such process. The processes of one pipeline
 * have numbers next to each other, so those near this one come first: a machine may have thousands.
 */
async function linksTo(pipe: string, until = Infinity): Promise<string[]> {
  const others = (await namesIn('/proc')).filter(
    (name) => /^\d+$/.test(name) && name !== String(process.pid),
  );
  const distance = (name: string): number => Math.abs(Number(name) - process.pid);
  for (const name of others.sort((a, b) => distance(a) - distance(b))) {
    const links = await linksOf(name, pipe);
    if (links.length > 0) return links;
    if (performance.now() > until) return [];
  }
  return [];
}

async function linksOf(process: string, pipe: string): Promise<string[]> {
  const found: string[] = [];
  for (const fd of await namesIn(`/proc/${process}/fd`)) {
    const link = `/proc/${process}/fd/${fd}`;
    if ((await linkOf(link)) === pipe && (await isForReading(`/proc/${process}/fdinfo/${fd}`)))
      found.push(link);
  }
  return found;
}

async function isForReading(file: string): Promise<boolean> {
  const text = await readFile(file, 'latin1').catch(() => '');
  const [, flags] = /^flags:\s*([0-7]+)$/m.exec(text) ?? [];
  return flags !== undefined && (parseInt(flags, 8) & ACCESS_MODE) === 0;
}

async function namesIn(folder: string): Promise<string[]> {
  // A process may end meanwhile, and those of other users cannot be seen.
  return readdir(folder).catch(() => []);
}

async function linkOf(path: string): Promise<string | null> {
  return readlink(path).catch(() => null);
}
