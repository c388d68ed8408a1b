/** Watchers of what happens to messages, also by another process. */
import type { MailChange, MailWatcher } from '../../mail.js';
import { MailWatchers } from '../../mail-watchers.js';
import type { Scope } from '../../port.js';
import type { WorkerLink } from './worker-link.js';

/** How often another process's changes are looked for, in milliseconds, while there are watchers. */
const LOOK_MS = 500;

/** If another process has changed the database, watchers only learn that there was something. */
export class MailWatch {
  readonly #link: Pick<WorkerLink, 'ask'>;
  readonly #watchers = new MailWatchers();
  #timer: NodeJS.Timeout | null = null;
  /** Undefined before the first look; null if the last one failed, so that changes may have been overlooked. */
  #version: number | null | undefined;

  constructor(link: Pick<WorkerLink, 'ask'>) {
    this.#link = link;
  }

  /** Returns the function that ends it. */
  add(scope: Scope, watcher: MailWatcher): () => void {
    const end = this.#watchers.add(scope, watcher);
    if (this.#timer === null) {
      this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
      void this.#look();
    }
    return () => {
      end();
      if (this.#watchers.isEmpty) this.end();
    };
  }

  publish(changes: readonly MailChange[]): void {
    this.#watchers.publish(changes);
  }

  /** Something has happened that is not known in detail. */
  miss(): void {
    this.#watchers.miss();
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#version = undefined;
    this.#watchers.end();
  }

  async #look(): Promise<void> {
    let version: number;
    try {
      version = await this.#link.ask('reading', 'version');
    } catch {
      this.#version = null;
      return;
    }
    // The first look is asked for together with the watcher, so whatever its owner reads comes later.
    if (this.#version !== undefined && version !== this.#version) this.#watchers.miss();
    this.#version = version;
  }
}
