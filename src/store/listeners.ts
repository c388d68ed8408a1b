/** Listeners that are called when something may have happened. Many calls in one turn cause one call of each. */
export class Listeners {
  readonly #listeners = new Set<() => void>();
  #notifying = false;

  get size(): number {
    return this.#listeners.size;
  }

  /** Returns a function that removes the listener. It may be called again. */
  add(listener: () => void): () => void {
    // One listener given twice is two.
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  notify(): void {
    if (this.#notifying || this.#listeners.size === 0) return;
    this.#notifying = true;
    queueMicrotask(() => {
      this.#notifying = false;
      for (const listener of this.#listeners) listener();
    });
  }

  clear(): void {
    this.#listeners.clear();
  }
}
