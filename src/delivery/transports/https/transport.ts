import type { SecureContextOptions } from 'node:tls';
import { normalizeDomain } from '../../../message/domain.js';
import { Unreadable } from '../../../message/mime/work.js';
import { ContentWorkers, Stopped } from '../../workers/workers.js';
import type { Delivery, Shipment, Transport } from '../transport.js';
import { formatAddress } from './address.js';
import { Client, NoAnswer } from './client.js';
import type { JobResult as FromWorker } from '../../workers/sink.js';
import type { ComposedRequest } from './compose.js';
import { type Addressee, type Addressees, oneByOne, positionsOf, requestKey } from './requests.js';
import type { ApiTarget } from './target.js';
import { type ResponseResult, resultOf } from './outcome.js';

export interface ApiEnvironment {
  /** Trusted certificate authorities, PEM. Default: those of Node. */
  readonly ca?: SecureContextOptions['ca'];
  /** Milliseconds for one request and its response. Default: 5 minutes, enough for 50 MB on a slow line. */
  readonly deadline?: number;
  /** Milliseconds without any progress after which a request fails. Default: 1 minute. */
  readonly idle?: number;
  /** Milliseconds that a request under way may still take once the server stops. Default: 5 seconds. */
  readonly stopGrace?: number;
  /** The workers that parse messages. Default: workers of its own, with the default limits. */
  readonly workers?: ContentWorkers;
  /** Returns milliseconds since the epoch. */
  readonly now?: () => number;
}

/** The most octets of a request that the API accepts. */
export const MAX_REQUEST = 50 * 1024 * 1024;
/** The most octets of a response. Those of the API have a hundred. */
const MAX_ANSWER = 64 * 1024;
/** The number of connections that are kept to the API. */
const CONNECTIONS = 16;

/** Opens a mail API as a transport. It connects when the first message is delivered. */
export function openApiTransport(target: ApiTarget, environment: ApiEnvironment = {}): Transport {
  return new ApiTransport(target, environment);
}

/**
 * Delivers through an HTTPS mail API, which takes a message as JSON and composes it anew. So a whole message is in
 * memory while it is sent. A worker thread parses it and makes its requests.
 */
class ApiTransport implements Transport {
  readonly name: string;
  readonly #target: ApiTarget;
  readonly #url: URL;
  readonly #client: Client;
  readonly #workers: ContentWorkers;
  /** The workers, if this transport made them itself; else null. */
  readonly #own: ContentWorkers | null;
  readonly #stopGrace: number;
  readonly #now: () => number;

  constructor(target: ApiTarget, environment: ApiEnvironment) {
    const { deadline = 300_000, idle = 60_000, stopGrace = 5_000, now = Date.now, ca } = environment;
    this.name = target.url;
    this.#target = target;
    this.#url = new URL(target.url);
    this.#client = new Client({
      deadline,
      idle,
      answerSize: MAX_ANSWER,
      connections: CONNECTIONS,
      keepAlive: true,
      ...(ca === undefined ? {} : { ca }),
    });
    this.#own = environment.workers === undefined ? new ContentWorkers() : null;
    this.#workers = environment.workers ?? (this.#own as ContentWorkers);
    this.#stopGrace = stopGrace;
    this.#now = now;
  }

  destination(): string {
    return this.#url.host;
  }

  async send(shipment: Shipment, signal: AbortSignal): Promise<readonly Delivery[]> {
    // RFC 8689 4.2.1: no delivery to a server that does not promise REQUIRETLS too.
    if (shipment.terms.requireTls) return shipment.recipients.map(all(NO_PROMISE));
    // RFC 2852 4.1.4.2 says the same of DELIVERBY.
    if (shipment.terms.deliverBy?.otherwise === 'return') return shipment.recipients.map(all(NO_TIME));
    if (shipment.size > MAX_REQUEST) return shipment.recipients.map(all(tooLarge(shipment.size)));
    const { domain, size } = shipment;
    return this.#workers.memory.hold(domain.id, size, async () => {
      if (signal.aborted) return shipment.recipients.map(all(STOPPING));
      try {
        const { value, pieces } = await this.#composed(shipment, signal);
        return await this.#sendAll(shipment, value, pieces, signal);
      } catch (error) {
        if (error instanceof Stopped) return shipment.recipients.map(all(STOPPING));
        if (!(error instanceof Unreadable)) throw error;
        const { enhancedCode, message: reply } = error;
        return shipment.recipients.map(all({ outcome: 'bounced', enhancedCode, reply }));
      }
    });
  }

  async close(): Promise<void> {
    this.#client.close();
    this.#own?.close();
  }

  /** Makes the common part of all requests and their addressees, in a worker thread. */
  #composed(shipment: Shipment, signal: AbortSignal): Promise<FromWorker<ComposedRequest>> {
    const { domain, tags } = shipment;
    const recipients = shipment.recipients.map(({ position, forwardPath }) => ({ position, forwardPath }));
    const facts = { recipients, tags, most: MAX_REQUEST };
    return this.#workers.run(domain.id, 'request', facts, shipment.content(), signal);
  }

  async #sendAll(
    shipment: Shipment,
    { fromName, requests }: ComposedRequest,
    pieces: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<Delivery[]> {
    const from = formatAddress({ name: fromName, address: senderOf(shipment) });
    const waiting = [...requests];
    const deliveries: Delivery[] = [];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const made = await this.#request(shipment, next, from, pieces, signal);
      const alone = oneByOne(next);
      if (made.addressRefused === true && alone.length > 1) {
        waiting.unshift(...alone);
        continue;
      }
      const delivery = deliveryOf(made);
      deliveries.push(...positionsOf(next).map((position) => ({ ...delivery, position })));
      // If the API is unreachable or asks to wait, it gets no more requests of this message.
      if (made.outcome !== 'deferred') continue;
      deliveries.push(
        ...waiting
          .splice(0)
          .flatMap((each) => positionsOf(each).map((position) => ({ ...delivery, position }))),
      );
    }
    return deliveries;
  }

  async #request(
    shipment: Shipment,
    addressees: Addressees,
    from: string,
    rest: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<RequestResult> {
    if (signal.aborted) return STOPPING;
    if (shipment.isHeld?.() === false) return NOT_HELD;
    const { to, cc, bcc } = addressees;
    const head = JSON.stringify({
      from,
      to: joined(to),
      ...(cc.length === 0 ? {} : { cc: joined(cc) }),
      ...(bcc.length === 0 ? {} : { bcc: joined(bcc) }),
    });
    const body = [Buffer.from(`${head.slice(0, -1)},`), ...rest];
    const size = body.reduce((sum, { length }) => sum + length, 0);
    if (size > MAX_REQUEST) return tooLarge(size);
    const { token, tokenHeader } = this.#target;
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': 'Postern',
      'idempotency-key': requestKey(shipment.idempotencyKey, addressees),
      ...(token === null ? {} : { [tokenHeader]: token.expose() }),
    };
    const { end, release } = afterwards(signal, this.#stopGrace);
    try {
      const answer = await this.#client.post(this.#url, headers, body, end);
      return { ...resultOf(answer, this.#now()), remoteHost: this.#url.host, tls: answer.tls };
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      // A request that may have arrived must not go to another transport: the message would be delivered twice.
      const failed = error.reached || end.aborted ? { general: true } : { transportFailed: true };
      return { outcome: 'deferred', reply: error.message, ...failed };
    } finally {
      release();
    }
  }
}

function joined(addressees: readonly Addressee[]): string {
  return addressees.map(({ text }) => text).join(', ');
}

/** The result of one request, or the reason why it was not made. */
type RequestResult = ResponseResult & Partial<Pick<Delivery, 'enhancedCode' | 'remoteHost' | 'tls'>>;

const STOPPING: RequestResult = { outcome: 'deferred', reply: 'the server is stopping' };

const NOT_HELD: RequestResult = { outcome: 'deferred', reply: 'another server may have the message' };

const NO_PROMISE: RequestResult = {
  outcome: 'bounced',
  enhancedCode: '5.7.30',
  reply: '5.7.30 REQUIRETLS was asked for, and a mail API does not promise it',
};

const NO_TIME: RequestResult = {
  outcome: 'bounced',
  enhancedCode: '5.4.7',
  reply: '5.4.7 the sender set a time, and a mail API does not promise to keep it',
};

function tooLarge(octets: number): RequestResult {
  const reply = `the message makes ${octets} octets for the mail API, which takes ${MAX_REQUEST}`;
  return { outcome: 'bounced', enhancedCode: '5.3.4', reply };
}

/**
 * Returns the sender for the API, which accepts mail from exactly the token's domain. A notification is from this
 * server's own name; for the API it is from MAILER-DAEMON at the sending domain instead.
 */
function senderOf({ from, domain }: Shipment): string {
  const isOwn = normalizeDomain(from.slice(from.lastIndexOf('@') + 1)) === domain.name;
  return isOwn ? from : `MAILER-DAEMON@${domain.name}`;
}

function deliveryOf({ addressRefused: _, ...made }: RequestResult): Omit<Delivery, 'position'> {
  return { enhancedCode: null, remoteHost: null, tls: null, ...made };
}

function all(made: RequestResult): (recipient: { readonly position: number }) => Delivery {
  return ({ position }) => ({ ...deliveryOf(made), position });
}

/** A signal that follows another one after some time. `release` ends the waiting. */
function afterwards(signal: AbortSignal, wait: number): { end: AbortSignal; release: () => void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => controller.abort(), wait);
  };
  signal.addEventListener('abort', begin, { once: true });
  return {
    end: controller.signal,
    release: () => {
      signal.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  };
}
