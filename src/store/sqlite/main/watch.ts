/** Who wants to know that something may have become due. */
import type { WorkerLink } from './worker-link.js';

/** How often another process's changes are looked for, in milliseconds, while somebody watches. */
const LOOK_MS = 500;

/**
 * Tells listeners of what comes onto the queue: at once where it came through this process, soon where it
 * came through another, which a number that SQLite keeps for each connection gives away.
 */
export class Watch {
  readonly #link: Pick<WorkerLink, 'ask'>;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;
  #version: number | null = null;
  #told = false;

  constructor(link: Pick<WorkerLink, 'ask'>) {
    this.#link = link;
  }

  /** Returns the way to end it. */
  add(listener: () => void): () => void {
    // One listener given twice is two.
    const own = (): void => listener();
    this.#listeners.add(own);
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS).unref();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.end();
    };
  }

  /** Many calls in one turn are told once. */
  tell(): void {
    if (this.#told || this.#listeners.size === 0) return;
    this.#told = true;
    queueMicrotask(() => {
      this.#told = false;
      for (const listener of this.#listeners) listener();
    });
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#version = null;
    this.#listeners.clear();
  }

  async #look(): Promise<void> {
    let version: number;
    try {
      version = await this.#link.ask('reading', 'version');
    } catch {
      return; // Closed, or about to be started again: the next look tells.
    }
    // What was there before the first look came before the watch, as far as anybody can tell; better told.
    if (version !== this.#version) this.tell();
    this.#version = version;
  }
}
