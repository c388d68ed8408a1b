/** What was noted last, by key: as much as fits. What was noted longest ago is forgotten first. */
export class Recent<Key, Value> {
  readonly #noted = new Map<Key, Value>();

  /** @param most keys that are remembered */
  constructor(private readonly most: number) {}

  get(key: Key): Value | undefined {
    return this.#noted.get(key);
  }

  set(key: Key, value: Value): void {
    // A map keeps the order in which its keys were set.
    this.#noted.delete(key);
    this.#noted.set(key, value);
    if (this.#noted.size <= this.most) return;
    const [oldest] = this.#noted.keys();
    if (oldest !== undefined) this.#noted.delete(oldest);
  }

  forget(key: Key): void {
    this.#noted.delete(key);
  }
}
