import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Shipment } from '../transport.js';
import { answersOf, type Ending, isUndecided } from './answers.js';
import { Connection } from './commands.js';
import { type ContentEvents, openContent } from './content.js';
import type { Envelope, Extensions } from './envelope.js';
import type { SessionOptions } from './options.js';
import type { Verdict } from './reply.js';
import { setUp, timeout } from './set-up.js';
import { tlsOf } from './tls.js';

/** What became of one transaction. */
export interface Answers {
  /** By position, of those that the envelope sends to. */
  readonly verdicts: ReadonlyMap<number, Verdict>;
  /** The connection was lost before anything was decided: another one may do. */
  readonly stale: boolean;
}

/** The envelope as nodemailer has it: recipients go by their place in ours, and it notes who was refused. */
interface Tracked {
  from: string;
  to: string[];
  rejectedErrors?: readonly { readonly recipient?: string; readonly response?: string }[];
}

type Content = Pick<Shipment, 'size' | 'content' | 'whole'>;

/** A connection to a far side that messages can go over, one after the other. */
export class Session {
  readonly extensions: Extensions;
  /** Version and cipher; null without TLS. */
  readonly tls: string | null;
  /** TLS, with a certificate that proves who it is. */
  readonly verified: boolean;
  /** Transactions begun. */
  sent = 0;
  readonly #connection: Connection;
  readonly #options: SessionOptions;
  readonly #ended: Promise<void>;

  private constructor(connection: Connection, extensions: Extensions, options: SessionOptions) {
    const { socket } = connection;
    this.#connection = connection;
    this.#options = options;
    this.#ended = new Promise((resolve) => {
      if (connection.destroyed) resolve();
      else connection.once('end', resolve);
    });
    this.extensions = extensions;
    this.tls = tlsOf(socket);
    this.verified = options.trusted && this.tls !== null && (socket as TLSSocket).authorized;
  }

  /**
   * Greets, goes over to TLS and signs in, on a socket that is connected; owns it from here on.
   *
   * @throws Fault saying where it failed
   */
  static async open(socket: Socket, options: SessionOptions, signal: AbortSignal): Promise<Session> {
    const { host, hello, tls, tlsOptions, limits } = options;
    const connection = new Connection({
      host,
      name: hello,
      connection: socket,
      secure: tls === 'implicit',
      requireTLS: tls === 'required',
      ignoreTLS: tls === 'off',
      tls: tlsOptions,
      connectionTimeout: limits.greeting,
      greetingTimeout: limits.greeting,
      socketTimeout: limits.command,
      socketCloseTimeout: 1000,
    });
    const extensions = await setUp(connection, options, signal);
    return new Session(connection, extensions, options);
  }

  /** False once nothing can go over it. */
  get usable(): boolean {
    return !this.#connection.destroyed && this.sent < this.#options.limits.messages;
  }

  /** What it is called. */
  get host(): string {
    return this.#options.host;
  }

  /** Resolves when the connection is over. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Sends a message. Rejects where its content does, and the connection is over then. */
  async deliver(envelope: Envelope, shipment: Content): Promise<Answers> {
    const reused = this.sent++ > 0;
    const ending = await this.#transact(envelope, shipment);
    const { failure, begun } = ending;
    if (failure?.code === 'ESTREAM') {
      // Half a message has gone out: nothing but the end of the connection tells the far side so.
      this.destroy();
      throw failure;
    }
    if (failure === null) this.#connection.assertPrepared();
    // A transaction that did not come to its end is still open.
    else if (!begun && !this.#connection.destroyed) await this.#reset();
    return {
      verdicts: answersOf(ending, envelope, this.#options.host),
      stale: reused && isUndecided(ending),
    };
  }

  /** Says good-bye, and closes. */
  quit(): void {
    if (this.#connection.destroyed) return;
    this.#connection.quit();
    // Whoever does not answer is not waited for.
    setTimeout(() => this.destroy(), 1000).unref();
  }

  /** Closes at once; what is under way fails. */
  destroy(): void {
    const { socket } = this.#connection;
    // Not by nodemailer's close(): it forgets whom to tell.
    if (socket === null || socket.destroyed) this.#connection.close();
    else socket.destroy();
  }

  async #transact(envelope: Envelope, shipment: Content): Promise<Ending> {
    const { limits } = this.#options;
    const connection = this.#connection;
    const { socket } = connection;
    const tracked: Tracked = { from: '', to: envelope.recipients.map((_, place) => String(place)) };
    const progress: { begun: boolean } = { begun: false };
    const events: ContentEvents = {
      begun: () => void (progress.begun = true),
      ended: () => void socket?.setTimeout(limits.end),
    };
    const content = await openContent(shipment, events);
    connection.prepare(envelope, Buffer.isBuffer(content) ? events : null);
    const overdue = setTimeout(() => socket?.destroy(timeout()), limits.message);
    const end = await new Promise<Pick<Ending, 'failure' | 'reply'>>((resolve) => {
      connection.send(tracked, content, (error, info) => {
        resolve(error === null ? { failure: null, reply: info.response } : { failure: error, reply: '' });
      });
    });
    clearTimeout(overdue);
    if (!Buffer.isBuffer(content)) content.destroy();
    if (!connection.destroyed) socket?.setTimeout(limits.command);
    const { rejectedErrors = [] } = tracked;
    const refused = rejectedErrors.map(
      ({ recipient, response = '' }) => [Number(recipient), response] as const,
    );
    return { ...end, ...progress, refused: new Map(refused) };
  }

  async #reset(): Promise<void> {
    const done = new Promise<boolean>((resolve) => {
      this.#connection.once('end', () => resolve(false));
      this.#connection.reset((error) => resolve(error === null));
    });
    if (!(await done)) this.destroy();
  }
}
