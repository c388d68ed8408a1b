import { clearTimeout, setTimeout } from 'node:timers';
import type { MailMessage } from './message.js';

/** Refusals that are kept for the text of an error. */
const REFUSALS = 20;

/** The messages in the order of their arrival, and the promises that wait for the next one. */
export class MessageLog {
  /** The last refusals, in words. */
  readonly refusals: string[] = [];
  /** Octets of all messages. */
  octets = 0;
  readonly #messages: MailMessage[] = [];
  readonly #watchers = new Set<() => void>();
  /** The number of the first message in the list: those before it were forgotten. */
  #first = 0;
  #underWay = 0;
  #closed = false;

  /** The number that the next message gets. */
  get next(): number {
    return this.#first + this.#messages.length;
  }

  /** Transactions in which a recipient was accepted and that have not ended. */
  get underWay(): number {
    return this.#underWay;
  }

  /** True if no further message can come. */
  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.#notify();
  }

  since(number: number): MailMessage[] {
    return this.#messages.slice(Math.max(0, number - this.#first));
  }

  add(message: MailMessage): void {
    this.#messages.push(message);
    this.octets += message.raw.length;
    this.#notify();
  }

  begin(): void {
    this.#underWay += 1;
  }

  end(): void {
    this.#underWay -= 1;
    this.#notify();
  }

  refuse(words: string): void {
    this.refusals.push(words);
    if (this.refusals.length > REFUSALS) this.refusals.shift();
  }

  forget(): void {
    this.#first = this.next;
    this.#messages.length = 0;
    this.refusals.length = 0;
    this.octets = 0;
  }

  /** Calls the function after each change. Returns a function that ends this. */
  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  /** Resolves with the next change, or after that many milliseconds. */
  change(milliseconds: number | null): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const stop = this.watch(end);
      const timer = milliseconds === null ? undefined : setTimeout(end, milliseconds);
    });
  }

  #notify(): void {
    for (const onChange of [...this.#watchers]) onChange();
  }
}
