import type { LightMyRequestResponse } from 'fastify';
import { onTestFinished } from 'vitest';
import { type ApiOptions, createApi, type HttpApi } from '../../src/api/api.js';
import { ContentWorkers } from '../../src/delivery/workers/workers.js';
import type { Domain, MessageDetail } from '../../src/store/port.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import type { Accepted } from '../../src/submission/acceptance.js';
import { Submissions, type SubmissionsOptions } from '../../src/submission/submissions.js';
import { digestToken } from '../../src/submission/token.js';
import { scratch } from '../scratch.js';

export const TOKEN = 'token-of-example-com';
export const OTHER_TOKEN = 'token-of-other-example';

/** The facts that the server reports about itself. */
export const SERVER: ReturnType<ApiOptions['server']> = {
  version: '0.0.0',
  hostname: 'mx.example',
  listeners: [{ protocol: 'smtp', address: '127.0.0.1', port: 2525, tls: 'optional' }],
  certificate: 'self-signed',
  delivers: false,
  direct: false,
  maxMessageSize: 52_428_800,
  maxRecipients: 100,
};

type Store = Awaited<ReturnType<typeof openSqliteStore>>;

/** An API on a store of its own, with two domains. */
export class ApiHarness {
  readonly failures: unknown[] = [];
  readonly accepted: Accepted[] = [];
  #base = '';

  private constructor(
    readonly api: HttpApi,
    readonly store: Store,
    readonly domain: Domain,
    readonly other: Domain,
    private readonly hooks: {
      onFailure?: (error: unknown) => void;
      onAccepted?: (accepted: Accepted) => void;
    },
  ) {
    this.hooks.onFailure = (error) => this.failures.push(error);
    this.hooks.onAccepted = (accepted) => this.accepted.push(accepted);
  }

  static async start(
    options: Partial<ApiOptions> & { readonly submissions?: never } = {},
    rules: Partial<SubmissionsOptions> = {},
  ): Promise<ApiHarness> {
    const store = await openSqliteStore({ directory: await scratch(), exclusive: true });
    const now = Date.now();
    const domain = await store.addDomain('example.com', digestToken(TOKEN), now);
    const other = await store.addDomain('other.example', digestToken(OTHER_TOKEN), now);
    if (domain === null || other === null) throw new Error('the domains are there already');
    const hooks: { onFailure?: (error: unknown) => void; onAccepted?: (accepted: Accepted) => void } = {};
    const workers = new ContentWorkers();
    const api = await createApi({
      store,
      workers,
      submissions: new Submissions({ store, hostname: 'mx.example', ...rules }),
      throttle: { failed: () => ({ delay: 0, tooMany: false }) },
      hosts: ['mx.example'],
      tls: false,
      version: '0.0.0',
      extensions: ['txt', 'pdf', 'png'],
      server: () => SERVER,
      installation: async () => ({
        data: '/data',
        disk: { free: 1, size: 2 },
        configuration: 'data = "/data"',
      }),
      problems: async () => [],
      onFailure: (error) => hooks.onFailure?.(error),
      onAccepted: (_domain, _client, accepted) => hooks.onAccepted?.(accepted),
      ...options,
    });
    onTestFinished(async () => {
      await api.close(100);
      workers.close();
      await store.close();
    });
    return new ApiHarness(api, store, domain, other, hooks);
  }

  /** Opens a port, and returns its URL. */
  async listen(): Promise<string> {
    if (this.#base === '') {
      const { port } = await this.api.listen('127.0.0.1', 0);
      this.#base = `http://127.0.0.1:${port}`;
    }
    return this.#base;
  }

  /** Injects a request to send, with the token of example.com. */
  send(
    body: unknown,
    headers: Record<string, string> = {},
    url = '/api/v1/send',
  ): Promise<LightMyRequestResponse> {
    return this.api.app.inject({
      method: 'POST',
      url,
      headers: {
        host: 'mx.example',
        'content-type': 'application/json',
        'mailpace-server-token': TOKEN,
        ...headers,
      },
      payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
  }

  async message(id: number): Promise<MessageDetail> {
    const message = await this.store.message(id);
    if (message === null) throw new Error(`no message ${id}`);
    return message;
  }

  /** The stored octets; each stands as the character of the same number. */
  async raw(id: number): Promise<string> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.store.content(id)) pieces.push(piece);
    return Buffer.concat(pieces).toString('latin1');
  }

  async count(): Promise<number> {
    return (await this.store.messages({ limit: 1000 })).length;
  }
}
