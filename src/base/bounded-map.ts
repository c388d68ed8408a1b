/** A map of bounded size. If it is full, setting a new key removes the key that was set longest ago. */
export class Recent<Key, Value> {
  readonly #noted = new Map<Key, Value>();

  /** @param most largest number of keys */
  constructor(private readonly most: number) {}

  get(key: Key): Value | undefined {
    return this.#noted.get(key);
  }

  set(key: Key, value: Value): void {
    // A Map iterates in the order in which keys were set, so a key that is set again must move to the end.
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
