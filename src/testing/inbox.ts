/** Inbox: the messages to one address, and the ways to wait for one. */
import { AssertionError } from 'node:assert';
// From the module, since test runners replace the global timers with fake ones.
import { clearTimeout, setTimeout } from 'node:timers';
import { checkShape, isCount, isMilliseconds, isSignal } from '../base/check-shape.js';
import { LONGEST_TIMER } from '../base/sleep.js';
import { checkCriteria, type Criteria, differences, matches, shownCriteria } from './criteria.js';
import type { MailMessage } from './message.js';
import type { MessageLog } from './message-log.js';

/** How long to wait. */
export interface WaitOptions {
  /** Milliseconds until the wait fails. Default: 5000. */
  readonly timeout?: number;
  /** Ends the wait early; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How long nothing may come. */
export interface NoneOptions {
  /** Milliseconds in which no such message may come. Default: 200. */
  readonly within?: number;
}

const WAIT = { timeout: isMilliseconds, signal: isSignal };
const NONE = { within: isMilliseconds };
const COUNT = { count: isCount(1, Number.MAX_SAFE_INTEGER) };

const TIMEOUT = 5000;
const WITHIN = 200;
/** Messages that an error lists. */
const LISTED = 20;

/** The messages to one address, or all of them. */
export class Inbox {
  readonly #log: MessageLog;
  readonly #address: string | null;
  /** Messages with a lower number were cleared. */
  #from = 0;

  /** @internal */
  constructor(log: MessageLog, address: string | null) {
    this.#log = log;
    this.#address = address;
  }

  /** The messages that came since the last {@link clear}, the oldest first. */
  get messages(): readonly MailMessage[] {
    return this.#log.since(this.#from).filter((message) => this.#isHere(message));
  }

  /**
   * Resolves with the oldest message that meets the criteria, at once if it is there already.
   *
   * @throws AssertionError after the timeout, or when the server closes: it lists the messages that did come, and why each
   * one is another; TypeError for an unknown or wrong option, or a criterion that is undefined
   */
  async waitFor(criteria: Criteria = {}, options: WaitOptions = {}): Promise<MailMessage> {
    const [message] = await this.waitForAll(1, criteria, options);
    return message as MailMessage;
  }

  /**
   * Resolves with the oldest messages that meet the criteria as soon as there are as many as `count`.
   *
   * @throws AssertionError as {@link waitFor} does
   */
  waitForAll(count: number, criteria: Criteria = {}, options: WaitOptions = {}): Promise<MailMessage[]> {
    return new Promise((resolve, reject) => {
      checkCriteria(criteria);
      checkShape('waitForAll', { count }, COUNT);
      checkShape('waitFor', options, WAIT);
      const { timeout = TIMEOUT, signal } = options;
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        stopWatching();
      };
      const onAbort = (): void => {
        end();
        reject(signal?.reason as Error);
      };
      const look = (): void => {
        const found = this.messages.filter((message) => matches(message, criteria)).slice(0, count);
        if (found.length < count && !this.#log.closed) return;
        end();
        if (found.length === count) resolve(found);
        else reject(this.#missed(count, criteria, 'since the mail server is closed'));
      };
      const timer = setTimeout(
        () => {
          end();
          reject(this.#missed(count, criteria, `within ${timeout} ms`));
        },
        Math.min(timeout, LONGEST_TIMER),
      );
      const stopWatching = this.#log.watch(look);
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted === true) onAbort();
      else look();
    });
  }

  /**
   * Resolves if no message that meets the criteria is there or comes within the time. A message that is under way when
   * the time is over is waited for, so that a slow client does not pass for an absent one.
   *
   * @throws AssertionError as soon as there is such a message; TypeError as {@link waitFor} does
   */
  async none(criteria: Criteria = {}, options: NoneOptions = {}): Promise<void> {
    checkCriteria(criteria);
    checkShape('none', options, NONE);
    const { within = WITHIN } = options;
    const ends = performance.now() + within;
    for (;;) {
      const found = this.messages.find((message) => matches(message, criteria));
      if (found !== undefined) {
        throw failure(`expected no message for ${shownCriteria(criteria)}, but this one came:`, [
          shownMessage(found),
        ]);
      }
      const left = ends - performance.now();
      if (left <= 0 && this.#log.underWay === 0) return;
      await this.#log.change(left <= 0 ? null : Math.min(left, LONGEST_TIMER));
    }
  }

  /** Forgets the messages that are there. */
  clear(): void {
    this.#from = this.#log.next;
  }

  #isHere({ recipients }: MailMessage): boolean {
    return this.#address === null || recipients.some((each) => each.toLowerCase() === this.#address);
  }

  #missed(count: number, criteria: Criteria, until: string): AssertionError {
    const { messages } = this;
    const inOther = this.#log.since(this.#from).length - messages.length;
    const lines = messages.slice(-LISTED).map((message) => {
      const reasons = differences(message, criteria);
      return `${shownMessage(message)}${reasons.length === 0 ? '' : ` (differs: ${reasons.join(', ')})`}`;
    });
    const found = messages.filter((message) => matches(message, criteria)).length;
    const wanted = count === 1 ? 'no message' : `${found} of ${count} messages`;
    const where = this.#address === null ? '' : ` to ${this.#address}`;
    const came = messages.length === 0 ? `no message${where} came` : `${messages.length}${where} came:`;
    const others = inOther === 0 ? [] : [`${inOther} came to other addresses`];
    const refused = this.#log.refusals.map((refusal) => `refused: ${refusal}`);
    return failure(`${wanted} for ${shownCriteria(criteria)} ${until}; ${came}`, [
      ...lines,
      ...others,
      ...refused,
    ]);
  }
}

function failure(first: string, rest: readonly string[]): AssertionError {
  return new AssertionError({ message: [first, ...rest].join('\n  ') });
}

function shownMessage({ sender, recipients, subject, problem }: MailMessage): string {
  const about = problem === null ? JSON.stringify(subject) : `(it cannot be read: ${problem})`;
  return `from ${sender || '<>'} to ${recipients.join(', ')}: ${about}`;
}
