// Two domains that have one of each thing that a route can name, and the principals that may ask for it.
import { scryptSync } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { LightMyRequestResponse } from 'fastify';
import type { Lookups } from '../../../src/delivery/verify/lookup.js';
import { ApiHarness, OTHER_TOKEN, TOKEN } from '../api-harness.js';

/** That of the administrator. */
export const PASSWORD = 'correct horse battery';
/** At the least cost: many tests make a world, and the product's own record takes a third of a second at each sign-in. */
const RECORD = `scrypt$2$8$1$AAAA$${scryptSync(PASSWORD, Buffer.alloc(3), 32, { N: 2, r: 8, p: 1 }).toString('base64url')}`;

/** A DNS without any record. */
const LOOKUPS: Lookups = {
  texts: async () => [],
  mailServers: async () => [],
  policy: () => Promise.reject(new Error('not asked')),
  cancel: () => undefined,
};

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A request without its credentials. */
export interface Ask {
  readonly method: Method;
  readonly url: string;
  readonly body?: object | string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The header fields that say who makes a request. */
export type Credentials = Readonly<Record<string, string>>;

/** A domain with all that it has. */
export interface Tenant {
  readonly name: string;
  /** A word that is in everything that belongs to the domain, and in nothing else. */
  readonly mark: string;
  readonly token: string;
  /** The credentials of its token, and of its session. */
  readonly byToken: Credentials;
  readonly bySession: Credentials;
  /** The name of its session, as the list of sessions has it. */
  readonly session: string;
  /** A held message with text, HTML, a link and an attachment. */
  readonly held: number;
  /** A message that waits to be delivered. */
  readonly waiting: number;
  /** A message that is finished. */
  readonly finished: number;
  /** A finished message whose content has been removed. */
  readonly removed: number;
  /** A call of its webhook. */
  readonly call: number;
  readonly blocked: string;
  readonly selector: string;
  /** Cursor of the second page of its messages, one on each. */
  readonly cursor: string;
}

export class World {
  private constructor(
    readonly harness: ApiHarness,
    readonly own: Tenant,
    readonly other: Tenant,
    /** The credentials of the administrator's session. */
    public administrator: Credentials,
  ) {}

  /** Signs the administrator in again, since a route may have ended the session. */
  async signInAgain(): Promise<void> {
    this.administrator = (await signIn(this.harness, { password: PASSWORD }, 'administrator')).credentials;
  }

  static async make(options: Parameters<typeof ApiHarness.start>[0] = {}): Promise<World> {
    const harness = await ApiHarness.start({
      lookups: () => LOOKUPS,
      ...options,
    });
    await harness.store.administrator.setPassword(RECORD, { onlyIfNone: false });
    const administrator = await signIn(harness, { password: PASSWORD }, 'administrator');
    const own = await tenant(harness, 'example.com', 'amber', TOKEN);
    const other = await tenant(harness, 'other.example', 'cobalt', OTHER_TOKEN);
    return new World(harness, own, other, administrator.credentials);
  }

  async ask({ method, url, body, headers }: Ask, credentials: Credentials): Promise<LightMyRequestResponse> {
    return await inject(this.harness, method, url, body, { ...credentials, ...headers });
  }
}

/** Sends a request, and waits for its answer. An event stream is ended after its header section. */
export async function inject(
  harness: Pick<ApiHarness, 'api'>,
  method: Method,
  url: string,
  body: Ask['body'],
  headers: Readonly<Record<string, string>>,
  remoteAddress = '127.0.0.1',
): Promise<LightMyRequestResponse> {
  const isStream = method !== 'HEAD' && url.startsWith('/api/v1/events');
  const response = await harness.api.app.inject({
    method,
    url,
    headers: {
      host: 'mx.example',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    remoteAddress,
    ...(body === undefined ? {} : { payload: body }),
    payloadAsStream: isStream,
  });
  if (!isStream) return response;
  const stream = response.stream();
  if (String(response.headers['content-type']).startsWith('text/event-stream')) stream.destroy();
  else Object.assign(response, { body: await text(stream) });
  return response;
}

async function signIn(
  harness: ApiHarness,
  body: object,
  agent: string,
): Promise<{ credentials: Credentials; cookie: string }> {
  const headers = { origin: 'http://mx.example', 'user-agent': agent };
  const answer = await inject(harness, 'POST', '/api/v1/session', body, headers);
  const [cookie] = answer.cookies;
  if (cookie === undefined) throw new Error(`no session: ${answer.body}`);
  return {
    credentials: { cookie: `${cookie.name}=${cookie.value}`, origin: 'http://mx.example' },
    cookie: cookie.value,
  };
}

async function tenant(harness: ApiHarness, name: string, mark: string, token: string): Promise<Tenant> {
  const byToken = { 'mailpace-server-token': token };
  const ask = async <Body>(method: Method, url: string, body?: object): Promise<Body> => {
    const answer = await inject(harness, method, url, body, byToken);
    if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.body}`);
    return (answer.body === '' ? null : answer.json()) as Body;
  };
  const send = async (): Promise<number> => {
    const { id } = await ask<{ id: number }>('POST', '/api/v1/send', {
      from: `${mark} <app@${name}>`,
      to: `${mark}@example.net`,
      subject: `about ${mark}`,
      textbody: `see https://example.org/${mark}`,
      htmlbody: `<p>see ${mark}</p>`,
      tags: [mark],
      attachments: [{ name: `${mark}.txt`, content: Buffer.from(mark).toString('base64') }],
    });
    return id;
  };
  const path = `/api/v1/domains/${name}`;
  await ask('PUT', `${path}/webhook`, { url: `https://hooks.example.org/${mark}` });
  const blocked = `blocked-${mark}@example.net`;
  await ask('POST', `${path}/block-list`, {
    entries: [{ address: blocked, verdict: 'blocked', reason: `${mark} bounced` }],
  });
  await ask('POST', `${path}/dkim`, { selector: mark, algorithm: 'ed25519', active: true });
  const removed = await send();
  await ask('POST', `/api/v1/messages/${removed}/cancel`);
  const later = Date.now() + 1000;
  await harness.store.retention.removeOld({ now: later, contentBefore: later, messagesBefore: null });
  const [held, waiting, finished] = [await send(), await send(), await send()];
  await ask('POST', `/api/v1/messages/${waiting}/release`);
  await ask('POST', `/api/v1/messages/${finished}/cancel`);
  const domain = await harness.store.domainRecords.find('all', name, Date.now());
  await harness.store.webhookCalls.record({
    event: 7,
    domainId: domain?.id ?? 0,
    name: 'email.queued',
    message: held,
    at: Date.now(),
    duration: 5,
    status: 500,
    outcome: 'failed',
    problem: `${mark} failed`,
  });
  const { calls } = await ask<{ calls: { call: number }[] }>('GET', `${path}/webhook/calls`);
  const { next } = await ask<{ next: string }>('GET', '/api/v1/messages?limit=1');
  const session = await signIn(harness, { token }, `agent of ${mark}`);
  const { sessions } = await ask<{ sessions: { id: string }[] }>('GET', '/api/v1/sessions');
  return {
    name,
    mark,
    token,
    byToken,
    bySession: session.credentials,
    session: sessions[0]?.id ?? '',
    ...{ held, waiting, finished, removed, blocked },
    call: calls[0]?.call ?? 0,
    selector: mark,
    cursor: next,
  };
}
