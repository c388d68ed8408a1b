import { randomBytes } from 'node:crypto';
import type { MailChange } from '../../store/mail.js';

/** What came in one window: the changes, or null if there were more than can be listed. */
export interface Window {
  readonly number: number;
  readonly changes: readonly MailChange[] | null;
}

/**
 * The last windows of changes, for clients that come back. The id of an event names the process and the window, so
 * that an id of an earlier process is recognized.
 */
export class History {
  readonly #process = randomBytes(6).toString('hex');
  readonly #windows: Window[] = [];
  #number = 0;
  #size = 0;

  /** @param most changes that are kept, in windows that are whole; a window without any counts as one */
  constructor(private readonly most: number) {}

  /** The number of the last window. */
  get number(): number {
    return this.#number;
  }

  idOf(number: number): string {
    return `${this.#process}-${number}`;
  }

  add(changes: Window['changes']): Window {
    this.#number += 1;
    const window = { number: this.#number, changes };
    this.#windows.push(window);
    this.#size += sizeOf(window);
    while (this.#size > this.most) {
      const oldest = this.#windows.shift();
      if (oldest === undefined) break;
      this.#size -= sizeOf(oldest);
    }
    return window;
  }

  /** Returns the windows that came after the event with this id; null if they are not all known. */
  after(id: string): readonly Window[] | null {
    const [, process, digits = ''] = /^([0-9a-f]{12})-(\d{1,15})$/.exec(id) ?? [];
    const number = Number(digits);
    if (process !== this.#process || number > this.#number) return null;
    const first = this.#windows[0]?.number ?? this.#number + 1;
    return number + 1 < first ? null : this.#windows.slice(number + 1 - first);
  }

  /** Forgets all windows, since not everything is recorded any more: ids from before are not resumed. */
  interrupt(): void {
    this.#windows.length = 0;
    this.#size = 0;
    this.#number += 1;
  }
}

function sizeOf({ changes }: Window): number {
  return Math.max(1, changes?.length ?? 1);
}
