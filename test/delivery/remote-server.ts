import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { connect } from 'node:net';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import {
  type Certificates,
  createServer,
  type Handler,
  type MailParameters,
  type OptionalExtensions,
  type RcptParameters,
  Refusal,
  Reply,
  type Server,
  type Session,
} from '../../src/index.js';

/**
 * The point at which the server may misbehave: before it answers this. `content`: after the first octets of a message.
 */
export type Phase = 'connect' | 'hello' | 'auth' | 'mail' | 'rcpt' | 'data' | 'content' | 'end';

/**
 * The behaviour in place of a positive reply: a reply such as `451 4.3.0 Later`, no reply, or a connection that is
 * closed or reset. If the connection is cut at `end`, the server has accepted the message, but the client does not
 * learn it.
 */
export type Fault = 'silence' | 'close' | 'reset' | (string & {});

/** The facts for a decision. */
export interface DialogueMoment {
  readonly phase: Phase;
  /** Number of the connection, from 0. */
  readonly connection: number;
  /** Number of messages that the server has accepted before, on all connections. */
  readonly taken: number;
  /** At `rcpt`, the mailbox; at `mail`, the reverse-path. */
  readonly address: string | null;
  readonly tls: boolean;
}

/** A message that the server accepted. */
export interface Received {
  /** Number of the connection, from 0. */
  readonly connection: number;
  /** The name that the client gave in EHLO. */
  readonly hello: string;
  /** The user that signed in; null without AUTH. */
  readonly user: string | null;
  readonly tls: boolean;
  /** Empty for `<>`. */
  readonly reversePath: string;
  readonly parameters: MailParameters;
  readonly recipients: readonly { readonly address: string; readonly parameters: RcptParameters }[];
  readonly content: Buffer;
}

export interface RemoteServerOptions {
  /** Decides at each moment. If it returns nothing, the reply is positive. It may take its time. */
  readonly behave?: (moment: DialogueMoment) => Fault | undefined | Promise<Fault | undefined>;
  /** If set, the server offers TLS. */
  readonly certificates?: Certificates;
  /** Default: `starttls` if there are certificates. */
  readonly tls?: 'starttls' | 'implicit' | 'off';
  /** Users and their passwords. If set, the server requires AUTH. */
  readonly users?: Readonly<Record<string, string>>;
  readonly extensions?: Partial<OptionalExtensions>;
  /** Largest message, in octets. */
  readonly messageSize?: number;
  /** Address to listen on. Default: `127.0.0.1`. */
  readonly host?: string;
  /** Port to listen on. Default: a free one. */
  readonly port?: number;
}

/**
 * A real SMTP server to deliver to, which keeps what it receives and fails on request. Connections come in through a
 * relay of sockets, so that they can be cut from outside the server.
 */
export class RemoteServer {
  /** May be replaced at any time. */
  behave: NonNullable<RemoteServerOptions['behave']>;
  readonly received: Received[] = [];
  /** Number of connections that there have been. */
  connections = 0;
  /** The largest number of connections that were open at one time. */
  most = 0;
  readonly #sockets = new Map<number, { readonly client: Socket; readonly number: number }>();

  private constructor(
    readonly port: number,
    readonly host: string,
    private readonly server: Server<string>,
    private readonly gate: TcpServer,
    options: RemoteServerOptions,
  ) {
    this.behave = options.behave ?? (() => undefined);
  }

  static async open(options: RemoteServerOptions = {}): Promise<RemoteServer> {
    const { certificates, users, extensions = {}, messageSize, host = '127.0.0.1', port = 0 } = options;
    const { tls = certificates === undefined ? 'off' : 'starttls' } = options;
    // The handler and its server refer to each other, and one of them has to be made first.
    const self: { end?: RemoteServer } = {};
    const ask = async (
      phase: Phase,
      session: Session<string>,
      address: string | null = null,
    ): Promise<void> => {
      await self.end?.ask(phase, session, address);
    };
    const settings = {
      hostname: 'far.example',
      allowInsecureAuth: users !== undefined,
      extensions,
      limits: { recipients: 1000, errors: 1000, ...(messageSize === undefined ? {} : { messageSize }) },
      admission: { connectionsPerAddress: 1000, authDelay: 0 },
      timeouts: { linger: 40 },
      ...(certificates === undefined ? {} : { certificates }),
    };
    const handler: Handler<string> = {
      onConnect: (session) => ask('connect', session),
      onHello: (session) => ask('hello', session),
      ...(users === undefined
        ? {}
        : {
            onAuth: async (session, { authcid, password }) => {
              await ask('auth', session);
              const user = authcid.expose();
              return users[user] === password.expose() ? user : null;
            },
          }),
      onMail: (session, reversePath) => ask('mail', session, reversePath?.address ?? ''),
      onRcpt: (session, forwardPath) => ask('rcpt', session, forwardPath.address),
      onContent: async (session) => {
        await ask('data', session);
        const chunks: Uint8Array[] = [];
        return {
          write: (octets) => (chunks.push(octets) === 1 ? ask('content', session) : undefined),
          end: () => self.end?.take(session, Buffer.concat(chunks)),
          abort: () => undefined,
        };
      },
    };
    const server = createServer<string>(handler, settings);
    const inner = await server.listen({ port: 0, tls });
    const gate = createTcpServer({ allowHalfOpen: true }, (client) => self.end?.admit(client, inner.port));
    gate.listen(port, host);
    await once(gate, 'listening');
    const opened = new RemoteServer((gate.address() as AddressInfo).port, host, server, gate, options);
    self.end = opened;
    return opened;
  }

  /** Number of connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Cuts every open connection. */
  cut(how: 'close' | 'reset' = 'reset'): void {
    for (const { client } of this.#sockets.values()) {
      if (how === 'reset') client.resetAndDestroy();
      else client.destroy();
    }
  }

  async close(): Promise<void> {
    this.cut();
    this.gate.close();
    await this.server.close(0);
  }

  private admit(client: Socket, port: number): void {
    const inner = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    client.setNoDelay(true);
    const number = this.connections++;
    inner.once('connect', () => {
      const key = inner.localPort ?? 0;
      this.#sockets.set(key, { client, number });
      this.most = Math.max(this.most, this.open);
      client.once('close', () => {
        this.#sockets.delete(key);
        inner.destroy();
      });
      client.pipe(inner).pipe(client);
    });
    client.on('error', () => inner.destroy());
    inner.on('error', () => client.destroy());
    inner.once('close', () => client.destroy());
  }

  private async ask(phase: Phase, session: Session<string>, address: string | null): Promise<void> {
    await this.act(session, await this.decide(phase, session, address));
  }

  private async decide(
    phase: Phase,
    session: Session<string>,
    address: string | null,
  ): Promise<Fault | undefined> {
    // The server may learn of a connection before the relay does.
    while (!this.#sockets.has(session.remotePort)) await new Promise((resolve) => setImmediate(resolve));
    return this.behave({
      phase,
      connection: this.#sockets.get(session.remotePort)?.number ?? -1,
      taken: this.received.length,
      address,
      tls: session.tls !== null,
    });
  }

  private async act({ remotePort }: Session<string>, fault: Fault | undefined): Promise<void> {
    if (fault === undefined) return;
    if (!/^\d/.test(fault)) {
      const client = this.#sockets.get(remotePort)?.client;
      if (fault === 'reset') client?.resetAndDestroy();
      else if (fault === 'close' || client?.readableEnded === true) client?.destroy();
      // The server does not close a connection while it waits for a verdict.
      else client?.once('end', () => client.destroy());
      if (fault === 'silence') return new Promise(() => undefined);
      // If a connection is cut while it waits for a verdict, it would count as open for ever.
      throw new Refusal(new Reply(421, '4.3.2', ['Cut']));
    }
    const [, code = '', enhanced = null, text = ''] =
      /^(\d{3}) (?:([245]\.\d+\.\d+) )?(.*)$/s.exec(fault) ?? [];
    throw new Refusal(new Reply(Number(code), enhanced, text.split('\n')));
  }

  private async take(session: Session<string>, content: Buffer): Promise<void> {
    const { envelope, hello, principal, remotePort, tls } = session;
    if (envelope === null) throw new Error('content without a transaction');
    const message: Received = {
      connection: this.#sockets.get(remotePort)?.number ?? -1,
      hello: hello?.name ?? '',
      user: principal,
      tls: tls !== null,
      reversePath: envelope.reversePath?.address ?? '',
      parameters: envelope.parameters,
      recipients: envelope.recipients.map(({ forwardPath, parameters }) => ({
        address: forwardPath.address,
        parameters,
      })),
      content,
    };
    const fault = await this.decide('end', session, null);
    if (fault === undefined || !/^\d/.test(fault)) this.received.push(message);
    await this.act(session, fault);
  }
}

/** Starts a remote server until the end of the test. */
export async function startRemoteServer(options: RemoteServerOptions = {}): Promise<RemoteServer> {
  const end = await RemoteServer.open(options);
  onTestFinished(() => end.close());
  return end;
}
