/** How often files are looked at, and how they are found to have changed. */
interface ChangePollOptions {
  /** Pause between two looks, in milliseconds. */
  readonly intervalMs: number;
  /** How long a change must stand still before it counts, in milliseconds. */
  readonly settleMs: number;
  /** A text that differs when something changed. Must not reject. */
  readonly look: () => Promise<string>;
  /** Called once per change; awaited before the next look. Must not reject. */
  readonly onChange: () => Promise<void>;
}

/**
 * Looks at intervals rather than waiting for `fs.watch`: that one goes blind when a link in the path is
 * swapped (certbot's `live`, Kubernetes' `..data`), when a file is replaced by rename, and on network
 * file systems. Looking costs two `stat` per certificate.
 *
 * A change counts when two looks, `settleMs` apart, see the same: certificate and key are rarely replaced
 * in one step. The first look counts as a change, so that nothing is missed between loading and watching.
 */
export class ChangePoll {
  readonly #options: ChangePollOptions;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** The last stable state that has been reported. */
  #settled: string | undefined;
  /** The state at the last poll, if it was new. */
  #pending: string | undefined;

  constructor(options: ChangePollOptions) {
    this.#options = options;
    this.#schedule(0);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(delay: number): void {
    if (this.#closed) return;
    // A process that has nothing else to do may end.
    this.#timer = setTimeout(() => void this.#turn(), delay).unref();
  }

  async #turn(): Promise<void> {
    const { intervalMs, settleMs, look, onChange } = this.#options;
    const seen = await look();
    if (this.#closed) return;
    if (seen === this.#settled) {
      this.#pending = undefined;
      this.#schedule(intervalMs);
    } else if (seen === this.#pending) {
      this.#settled = seen;
      this.#pending = undefined;
      await onChange();
      this.#schedule(intervalMs);
    } else {
      this.#pending = seen;
      this.#schedule(settleMs);
    }
  }
}
