/**
 * A value that must never reach a log, an error, a metric or a page. It may be a password, an API token or an argument
 * of SASL.
 *
 * If it is printed, serialised, interpolated or inspected, it shows `[secret]`. Only {@link Secret.expose} returns the
 * value, and that word is easy to search for.
 */
export class Secret {
  // A private field, not a property: JSON, spread, for-in and the inspection of debuggers do not see it.
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Returns the value. Call it where the value is checked or sent, never where something is shown. */
  expose(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  /** Used by Node's `util.inspect`, and so by `console.log`. The symbol is registered, so it needs no import. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}
