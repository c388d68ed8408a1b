import type { SecureContextOptions } from 'node:tls';
import { Fault } from '../../base/fault.js';
import { printable } from '../../base/text.js';
import type { Store } from '../../store/port.js';
import type { Webhook, WebhookEvent } from '../../store/webhooks.js';
import { Client, NoAnswer } from '../transports/https/client.js';
import { type ContentWorkers, Stopped } from '../workers/workers.js';
import { publicLookup } from './addresses.js';
import { MAX_READ, eventBody } from './body.js';
import { parseWebhookUrl } from './url.js';

interface WebhookCallerOptions {
  readonly store: Pick<Store, 'message' | 'content'>;
  readonly workers: ContentWorkers;
  /** If true, endpoints may have any address, and `http:`. */
  readonly allowPrivate: boolean;
  /** Trusted certificate authorities, PEM. Default: those of Node. */
  readonly ca: SecureContextOptions['ca'];
  /** Milliseconds for one request and its response. */
  readonly deadline: number;
  /** Returns milliseconds since the epoch. */
  readonly now: () => number;
  /** Aborted when no further call may begin. */
  readonly stopping: AbortSignal;
  /** Aborted when calls under way must end. */
  readonly abort: AbortSignal;
}

/** The most octets of a response, which is ignored. */
const MAX_ANSWER = 64 * 1024;
/** Characters of the body of an answer that are kept with a call that failed. */
const SHOWN = 200;

/** The outcome of an attempt to report an event. */
export interface CallResult {
  /** Why it was not reported; null if it was, or if there is nothing to report any more. */
  readonly reason: string | null;
  /** The beginning of the body of an answer that is a failure, on one line. Absent if there is none. */
  readonly said?: string;
  /** The HTTP status; null if there was none. */
  readonly status: number | null;
  /** When it began, in milliseconds since the epoch; null if the event is over without an attempt. */
  readonly start: number | null;
}

/** Makes one request to the endpoint of a webhook. What happens before and after is up to its caller. */
export class WebhookCaller {
  readonly #options: WebhookCallerOptions;
  readonly #client: Client;

  constructor(options: WebhookCallerOptions) {
    const { allowPrivate, ca, deadline } = options;
    this.#options = options;
    this.#client = new Client({
      deadline,
      idle: deadline,
      answerSize: MAX_ANSWER,
      // The queues of the domains limit the connections.
      connections: Infinity,
      keepAlive: false,
      ...(allowPrivate ? {} : { lookup: publicLookup() }),
      ...(ca === undefined ? {} : { ca }),
    });
  }

  /** Calls the webhook once. Returns the result with the reason of a failure. */
  async call(event: WebhookEvent, webhook: Webhook): Promise<CallResult> {
    const { store, workers, allowPrivate, now, stopping } = this.#options;
    const start = now();
    const url = parseWebhookUrl(webhook.url, allowPrivate);
    if (url instanceof Fault) return { reason: url.reason, status: null, start };
    const message = await store.message(event.message);
    // The message was removed meanwhile: there is nothing to report.
    if (message === null) return { reason: null, status: null, start: null };
    return workers.memory.hold(event.domainId, Math.min(message.size, MAX_READ), async () => {
      if (stopping.aborted) throw new Stopped();
      const content = (): AsyncIterable<Uint8Array> => store.content(event.message);
      // A stop gives a request under way some time, but does not wait until a body is made.
      const { pieces, signature } = await eventBody(workers, event, message, webhook.keys, content, stopping);
      const headers = {
        accept: '*/*',
        'content-type': 'application/json',
        'user-agent': 'Postern',
        'webhook-id': String(event.event),
        'x-mailpace-signature': signature,
      };
      return { ...(await this.#post(url, headers, pieces)), start };
    });
  }

  close(): void {
    this.#client.close();
  }

  async #post(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: readonly Uint8Array[],
  ): Promise<Omit<CallResult, 'start'>> {
    try {
      const answer = await this.#client.post(url, headers, body, this.#options.abort);
      const { status } = answer;
      if (status >= 200 && status < 300) return { status, reason: null };
      const text = answer.body
        .subarray(0, 4 * SHOWN)
        .toString('utf8')
        .replace(/\s+/g, ' ')
        .trim();
      const said = text === '' ? {} : { said: printable(text.slice(0, SHOWN)) };
      return { status, reason: `the answer was ${status}`, ...said };
    } catch (error) {
      if (error instanceof NoAnswer) return { status: null, reason: error.message };
      throw error;
    }
  }
}
