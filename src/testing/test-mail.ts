import { randomBytes } from 'node:crypto';
import {
  checkPresent,
  checkShape,
  isBoolean,
  isCount,
  isObject,
  isText,
  isTextOrOctets,
  oneOf,
  type Shape,
} from '../base/check-shape.js';
import { Certificates, createServer, type Server } from '../server/index.js';
import type { Criteria } from './criteria.js';
import { type ConnectionState, mailHandler } from './handler.js';
import { Inbox, type NoneOptions, type WaitOptions } from './inbox.js';
import type { MailMessage } from './message.js';
import { MessageLog } from './message-log.js';
import { type FailOptions, type Phase, type Trouble, type TroubleOptions, Troubles } from './troubles.js';

/** Options of {@link startMail}. */
export interface StartMailOptions {
  /** Default: `127.0.0.1`. */
  readonly host?: string;
  /** Default: 0, a free port. */
  readonly port?: number;
  /** User names and their passwords; AUTH is then required. Default: none; AUTH is optional, and any user is accepted. */
  readonly users?: Readonly<Record<string, string>>;
  /**
   * A certificate and its key, as PEM. `starttls` offers TLS, `implicit` begins with it. Default: no TLS; the mode is
   * `starttls`.
   */
  readonly tls?: {
    readonly cert: string | Buffer;
    readonly key: string | Buffer;
    readonly mode?: 'starttls' | 'implicit';
  };
  /** LMTP in place of SMTP (RFC 2033). Default: false. */
  readonly lmtp?: boolean;
  /** Octets of one message. A larger one is refused with 552. Default: 50 MiB. */
  readonly messageSize?: number;
  /** Octets of all messages that are kept; further messages are refused with 452. Default: 512 MiB. */
  readonly capacity?: number;
}

const TLS: Shape = { cert: isTextOrOctets, key: isTextOrOctets, mode: oneOf('starttls', 'implicit') };

const SHAPE: Shape = {
  host: isText,
  port: isCount(0, 65_535),
  users: (users) =>
    isObject(users) === null && !Array.isArray(users) && Object.values(users as object).every(isPassword)
      ? null
      : "user names and their passwords, such as { ada: 'secret' }",
  tls: (tls) => {
    checkShape('startMail: tls', tls, TLS);
    checkPresent('startMail: tls', tls, ['cert', 'key']);
    return null;
  },
  lmtp: isBoolean,
  messageSize: isCount(1, Number.MAX_SAFE_INTEGER),
  capacity: isCount(1, Number.MAX_SAFE_INTEGER),
};

function isPassword(value: unknown): boolean {
  return typeof value === 'string';
}

const MIB = 1024 * 1024;
/** Connections at one time, which all come from one address. */
const CONNECTIONS = 10_000;

/**
 * Starts a mail server for tests, by default on a free port of loopback. It takes every message and keeps it in memory.
 *
 * @example
 * ```js
 * await using mail = await startMail();
 * // The app under test sends to mail.host and mail.port.
 * const message = await mail.waitFor({ to: 'ada@example.com', subject: 'Welcome' });
 * assert.match(message.links[0], /confirm/);
 * ```
 *
 * @throws TypeError for a wrong option; Node's own error if it cannot listen; CertificateError for a wrong certificate
 */
export async function startMail(options: StartMailOptions = {}): Promise<TestMail> {
  checkShape('startMail', options, SHAPE);
  const log = new MessageLog();
  const troubles = new Troubles();
  const { host = '127.0.0.1', port = 0, users, tls, lmtp = false } = options;
  const { messageSize = 50 * MIB, capacity = 512 * MIB } = options;
  const handler = mailHandler(log, troubles, { users: users ?? null, capacity });
  const server = createServer(handler, {
    hostname: 'mail.test',
    allowInsecureAuth: true,
    authOptional: true,
    state: (): ConnectionState => ({ user: null, underWay: false }),
    limits: { messageSize },
    admission: { connections: CONNECTIONS, connectionsPerAddress: CONNECTIONS },
    ...(tls === undefined ? {} : { certificates: Certificates.load([{ cert: tls.cert, key: tls.key }]) }),
  });
  const at = await server.listen({
    host,
    port,
    lmtp,
    tls: tls === undefined ? 'off' : (tls.mode ?? 'starttls'),
    authRequired: users !== undefined,
  });
  return new TestMail(server, log, troubles, at);
}

/** A running mail server for tests, made by {@link startMail}. It closes with the block that declares it by `await using`. */
export class TestMail {
  readonly host: string;
  readonly port: number;
  readonly #server: Pick<Server, 'close'>;
  readonly #log: MessageLog;
  readonly #troubles: Troubles;
  readonly #all: Inbox;
  readonly #inboxes = new Map<string, Inbox>();

  /** @internal */
  constructor(
    server: Pick<Server, 'close'>,
    log: MessageLog,
    troubles: Troubles,
    { host, port }: { readonly host: string; readonly port: number },
  ) {
    this.#server = server;
    this.#log = log;
    this.#troubles = troubles;
    this.#all = new Inbox(log, null);
    this.host = host;
    this.port = port;
  }

  /** All messages since the last {@link clear}, the oldest first. */
  get messages(): readonly MailMessage[] {
    return this.#all.messages;
  }

  /** Returns an address that no other test uses, such as `ada-5f2c1a9e@mail.test`. */
  address(name = 'test'): string {
    return `${name}-${randomBytes(4).toString('hex')}@mail.test`;
  }

  /** Returns the messages to one address, for tests that run side by side; the same object for the same address. */
  inbox(address: string): Inbox {
    checkShape('inbox', { address }, { address: isText });
    checkPresent('inbox', { address }, ['address']);
    const key = address.toLowerCase();
    const inbox = this.#inboxes.get(key) ?? new Inbox(this.#log, key);
    this.#inboxes.set(key, inbox);
    return inbox;
  }

  /** As {@link Inbox.waitFor}, for all messages. */
  waitFor(criteria?: Criteria, options?: WaitOptions): Promise<MailMessage> {
    return this.#all.waitFor(criteria, options);
  }

  /** As {@link Inbox.waitForAll}, for all messages. */
  waitForAll(count: number, criteria?: Criteria, options?: WaitOptions): Promise<MailMessage[]> {
    return this.#all.waitForAll(count, criteria, options);
  }

  /** As {@link Inbox.none}, for all messages. */
  none(criteria?: Criteria, options?: NoneOptions): Promise<void> {
    return this.#all.none(criteria, options);
  }

  /**
   * Refuses the next commands of this phase: `mail.fail('rcpt', { code: 450, times: 2, to: 'ada@example.com' })`. A 421
   * closes the connection.
   *
   * @throws TypeError for an unknown phase or a wrong option; RangeError for a code that is none
   */
  fail(phase: Phase, options?: FailOptions): Trouble {
    return this.#troubles.fail(phase, options);
  }

  /** Answers the next command of this phase so many milliseconds later. */
  slow(phase: Phase, milliseconds: number, options?: TroubleOptions): Trouble {
    return this.#troubles.delay(phase, milliseconds, options);
  }

  /** Closes the connection at the next command of this phase, without a reply. */
  drop(phase: Phase, options?: TroubleOptions): Trouble {
    return this.#troubles.drop(phase, options);
  }

  /** Forgets all messages and all planned troubles. */
  clear(): void {
    this.#log.forget();
    this.#troubles.clear();
  }

  /** Stops the server and closes all connections. Whoever waits for a message gets an error at once. */
  async close(): Promise<void> {
    this.#log.close();
    await this.#server.close({ graceMs: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
