import { signal, type ReadonlySignal } from '@preact/signals';
import type { MessageRecordBody } from '../../api/schemas/message.js';
import { request } from '../api/request.js';
import { listen } from '../live/stream.js';
import { Throttle } from '../live/throttle.js';

/** Least time between two requests, in milliseconds. */
const BETWEEN = 400;

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

  /** Loads the message, and again when something happened to it. Returns the function that ends it. */
  follow(): () => void {
    const loading = new Throttle(() => this.load(), BETWEEN);
    loading.call();
    const stop = listen({
      changed: (changes) => {
        if (changes.some(({ id }) => String(id) === this.id)) loading.call();
      },
      missed: () => loading.call(),
    });
    return () => {
      stop();
      loading.end();
    };
  }
}
