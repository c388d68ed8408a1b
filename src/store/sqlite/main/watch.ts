/** Watchers that want to know that something may have become due. */
import { Listeners } from '../../listeners.js';
import type { WorkerLink } from './worker-link.js';

/** Milliseconds between two looks for changes of another process, while there are watchers. */
const LOOK_MS = 500;

/**
 * Notifies listeners of messages that come onto the queue: at once if they came through this process, soon if they
 * came through another one. SQLite keeps a number for each connection that shows changes of others.
 */
export class Watch {
  readonly #link: Pick<WorkerLink, 'ask'>;
  readonly #listeners = new Listeners();
  #timer: NodeJS.Timeout | null = null;
  #version: number | null = null;

  constructor(link: Pick<WorkerLink, 'ask'>) {
    this.#link = link;
  }

  /** Returns a function that ends it. */
  add(listener: () => void): () => void {
    const remove = this.#listeners.add(listener);
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS).unref();
    return () => {
      remove();
      if (this.#listeners.size === 0) this.end();
    };
  }

  /** Many calls in one turn cause one notification. */
  notify(): void {
    this.#listeners.notify();
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
      return; // The worker is closed, or about to be started again: the next look notifies.
    }
    // Changes before the first look probably came before the watch; a needless notification does no harm.
    if (version !== this.#version) this.notify();
    this.#version = version;
  }
}
