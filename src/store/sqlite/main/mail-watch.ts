/** Watchers of what happens to messages. */
import { STORE } from '../../limits.js';
import type { MailChange, MailWatcher } from '../../mail.js';
import type { Scope } from '../../port.js';
import type { WorkerLink } from './worker-link.js';

/** How often another process's changes are looked for, in milliseconds, while there are watchers. */
const LOOK_MS = 500;

/**
 * Gathers the changes of one turn of the event loop and passes them on, to each watcher those of its scope. If
 * another process has changed the database, or there are too many changes, watchers only learn that there were some.
 */
export class MailWatch {
  readonly #link: Pick<WorkerLink, 'ask'>;
  readonly #watchers = new Map<MailWatcher, Scope>();
  #changes: MailChange[] = [];
  #missed = false;
  #timer: NodeJS.Timeout | null = null;
  /** Undefined before the first look; null if the last one failed, so that changes may have been overlooked. */
  #version: number | null | undefined;
  #passing = false;

  constructor(link: Pick<WorkerLink, 'ask'>) {
    this.#link = link;
  }

  /** Returns the function that ends it. */
  add(scope: Scope, watcher: MailWatcher): () => void {
    // One watcher given twice is two.
    const own: MailWatcher = {
      changed: (changes) => watcher.changed(changes),
      missed: () => watcher.missed(),
    };
    this.#watchers.set(own, scope);
    if (this.#timer === null) {
      this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
      void this.#look();
    }
    return () => {
      this.#watchers.delete(own);
      if (this.#watchers.size === 0) this.end();
    };
  }

  publish(changes: readonly MailChange[]): void {
    if (this.#watchers.size === 0 || changes.length === 0) return;
    if (this.#changes.length + changes.length > STORE.changes.initial) this.miss();
    else {
      this.#changes.push(...changes);
      this.#pass();
    }
  }

  /** Something has happened that is not known in detail. */
  miss(): void {
    if (this.#watchers.size === 0) return;
    this.#missed = true;
    this.#pass();
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#version = undefined;
    this.#watchers.clear();
    this.#changes = [];
  }

  #pass(): void {
    if (this.#passing) return;
    this.#passing = true;
    setImmediate(() => {
      this.#passing = false;
      const [changes, missed] = [this.#changes, this.#missed];
      this.#changes = [];
      this.#missed = false;
      for (const [watcher, scope] of this.#watchers) {
        const own = scope === 'all' ? changes : changes.filter(({ domainId }) => domainId === scope.domainId);
        if (own.length > 0) watcher.changed(own);
        if (missed) watcher.missed();
      }
    });
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
    if (this.#version !== undefined && version !== this.#version) this.miss();
    this.#version = version;
  }
}
