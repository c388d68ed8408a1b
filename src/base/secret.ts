/**
 * A value that must never reach a log, an error, a metric or a page: a password, an API token, a SASL
 * argument.
 *
 * It is a type so that no care is needed: however it is printed, serialised, interpolated or inspected,
 * it shows `[secret]`. Only {@link Secret.expose} gives the value, and that word is easy to look for.
 */
export class Secret {
  // A private field, not a property: invisible to JSON, to spread, to for-in and to debuggers' inspect.
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it where it is checked, never where it is shown. */
  expose(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  /** What Node's `util.inspect`, and so `console.log`, shows. The symbol is registered, not imported. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}
