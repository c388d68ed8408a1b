/** Watchers of what happens to messages. */
import { STORE } from './limits.js';
import type { MailChange, MailWatcher } from './mail.js';
import type { Scope } from './scope.js';

/**
 * Gathers the changes of one turn of the event loop and passes them on, to each watcher those of its scope. If there are
 * too many, watchers only learn that there were some.
 */
export class MailWatchers {
  readonly #watchers = new Map<MailWatcher, Scope>();
  #changes: MailChange[] = [];
  #missed = false;
  #passing = false;

  get isEmpty(): boolean {
    return this.#watchers.size === 0;
  }

  /** Returns the function that ends it. */
  add(scope: Scope, watcher: MailWatcher): () => void {
    // One watcher given twice is two.
    const own: MailWatcher = {
      changed: (changes) => watcher.changed(changes),
      missed: () => watcher.missed(),
    };
    this.#watchers.set(own, scope);
    return () => void this.#watchers.delete(own);
  }

  publish(changes: readonly MailChange[]): void {
    if (this.isEmpty || changes.length === 0) return;
    if (this.#changes.length + changes.length > STORE.changes.initial) this.miss();
    else {
      this.#changes.push(...changes);
      this.#pass();
    }
  }

  /** Something has happened that is not known in detail. */
  miss(): void {
    if (this.isEmpty) return;
    this.#missed = true;
    this.#pass();
  }

  end(): void {
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
}
