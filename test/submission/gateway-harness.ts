import { onTestFinished } from 'vitest';
import type { ListenOptions } from '../../src/server/index.js';
import type { Domain, MessageDetail, Store } from '../../src/store/port.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { Gateway, type GatewayOptions } from '../../src/submission/gateway.js';
import { digestToken, newToken } from '../../src/submission/token.js';
import { type Running, serve, type ServeOptions } from '../server/harness.js';
import { Talk, type TalkOptions } from '../server/talk.js';
import { tempFolder } from '../store/fixtures.js';

export interface GatewayHarnessOptions {
  readonly gateway?: Partial<GatewayOptions>;
  readonly server?: ServeOptions<Domain>;
  readonly listen?: Partial<ListenOptions>;
  /** Wraps the store, for example with one that fails. */
  readonly before?: (store: Store) => Store;
}

/** Runs a gateway with a store of its own on the disk, and the domain `example.com`. */
export class GatewayHarness {
  /** The API token of `example.com`. */
  readonly token: string;

  private constructor(
    readonly running: Running<Domain>,
    readonly store: Store,
    token: string,
  ) {
    this.token = token;
  }

  static async open(options: GatewayHarnessOptions = {}): Promise<GatewayHarness> {
    const folder = tempFolder();
    const store = await openSqliteStore({ directory: folder.path, exclusive: true });
    onTestFinished(async () => {
      await store.close();
      folder.remove();
    });
    const token = await addDomain(store, 'example.com');
    const seen = options.before === undefined ? store : options.before(store);
    const gateway = new Gateway({ store: seen, hostname: 'mx.example', ...options.gateway });
    const running = await serve<Domain>(
      {
        onAuth: (session, credentials) => gateway.onAuth(session, credentials),
        onMail: (session, reversePath) => gateway.onMail(session, reversePath),
        onRcpt: (session, forwardPath) => gateway.onRcpt(session, forwardPath),
        onContent: (session) => gateway.onContent(session),
        admission: { authDelay: 0, authFailures: 1_000, authFailuresPerAddress: 1_000 },
        ...options.server,
      },
      options.listen,
    );
    return new GatewayHarness(running, store, token);
  }

  get port(): number {
    return this.running.port;
  }

  /** Returns a client that has signed in. */
  async signedIn(token = this.token, options: TalkOptions = {}): Promise<Talk> {
    const talk = await Talk.greeted(this.port, options);
    const reply = await talk.signIn(token);
    if (!reply.startsWith('235')) throw new Error(reply);
    return talk;
  }

  /** Returns every message, oldest first. */
  async messages(): Promise<MessageDetail[]> {
    const listed = await this.store.messages({ limit: 1_000 });
    const details = await Promise.all(listed.reverse().map(({ id }) => this.store.message(id)));
    return details.filter((message) => message !== null);
  }

  /** Returns the stored octets as Latin-1. */
  async raw(id: number): Promise<string> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.store.content(id)) pieces.push(piece);
    return Buffer.concat(pieces).toString('latin1');
  }
}

/** Adds a domain, and returns its token. */
export async function addDomain(store: Store, name: string): Promise<string> {
  const token = newToken().expose();
  await store.addDomain(name, digestToken(token), Date.now());
  return token;
}

export const FROM = 'From: app@example.com\r\n';

/** Sends one message, and returns the reply to its end. `content` ends with CRLF. */
export async function send(talk: Talk, content: string, from = 'app@example.com'): Promise<string> {
  await talk.play(
    `> MAIL FROM:<${from}>`,
    '< 250',
    '> RCPT TO:<you@example.net>',
    '< 250',
    '> DATA',
    '< 354',
  );
  talk.write(`${content}.\r\n`);
  return talk.reply();
}

/** Checks that the session still works after what came before: it accepts a good message. */
export async function expectAlive(talk: Talk): Promise<void> {
  const reply = await send(talk, `${FROM}\r\nStill here.\r\n`);
  if (!reply.startsWith('250 2.0.0')) throw new Error(reply);
}

/** Returns the methods of a store as properties, so that some can be replaced. */
export function methodsOf(store: Store): Store {
  return {
    ...store,
    open: () => store.open(),
    addDomain: (...args) => store.addDomain(...args),
    domains: () => store.domains(),
    removeDomain: (...args) => store.removeDomain(...args),
    rotateToken: (...args) => store.rotateToken(...args),
    domainByToken: (...args) => store.domainByToken(...args),
    messages: (...args) => store.messages(...args),
    message: (...args) => store.message(...args),
    content: (...args) => store.content(...args),
    fault: store.fault,
    isEmpty: () => store.isEmpty(),
    close: () => store.close(),
  };
}
