import { signal, type ReadonlySignal } from '@preact/signals';
import type { MessageRecordBody } from '../../api/schemas/message.js';
import { request } from '../api/request.js';
import { pause } from '../messages/arrivals.js';

/** How often a message that is under way is looked at, in milliseconds. */
const LOOK_EVERY = 3_000;

/** One message, kept up to date while it is on screen. */
export class MessageData {
  readonly #message = signal<MessageRecordBody | null>(null);
  readonly #problem = signal<unknown>(null);

  readonly message: ReadonlySignal<MessageRecordBody | null> = this.#message;
  readonly problem: ReadonlySignal<unknown> = this.#problem;

  constructor(readonly id: string) {}

  /** Asks the server. The content of a message never changes, so the one that is there is kept. */
  async load(): Promise<void> {
    try {
      const now = await request<MessageRecordBody>('GET', `/api/v1/messages/${this.id}`);
      const before = this.#message.peek();
      this.#message.value =
        before === null || before.content === null ? now : { ...now, content: before.content };
      this.#problem.value = null;
    } catch (error) {
      this.#problem.value = error;
    }
  }

  /** Loads the message, and again while it is under way, until the signal is aborted. */
  async follow(signal: AbortSignal): Promise<void> {
    await this.load();
    for (;;) {
      await pause(LOOK_EVERY, signal);
      if (signal.aborted) return;
      if (this.#isDue()) await this.load();
    }
  }

  #isDue(): boolean {
    return (
      this.#message
        .peek()
        ?.recipients.some(
          ({ status, nextAttemptAt }) =>
            status === 'queued' ||
            (status === 'deferred' && (nextAttemptAt === null || Date.parse(nextAttemptAt) <= Date.now())),
        ) ?? this.#problem.peek() !== null
    );
  }
}
