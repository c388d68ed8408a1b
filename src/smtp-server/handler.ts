import {
  type AnyCredentials,
  type CommandLine,
  type Hello,
  type Mailbox,
  type MailParameters,
  type RcptParameters,
  type Reply,
  type XclientAttributes,
} from '../protocol/index.js';
import { ClientFault } from '../base/client-fault.js';
import type {
  ContentSink,
  Envelope,
  Handler,
  MessageDecision,
  RewordContext,
  Session,
  TransactionSession,
} from '../server/index.js';
import { TooManyConnections } from '../server/index.js';
import { addressOf } from './arguments.js';
import { authenticationOf } from './authentication.js';
import { Commands, oversized } from './commands.js';
import { hasUser, AdapterConnection } from './connection.js';
import { DataStream, StreamSink } from './data-stream.js';
import { type AnyOptions, RECIPIENTS, unlessEmpty } from './defaults.js';
import { helloReply } from './hello.js';
import { type Answered, answerOf } from './hooks.js';
import type { Level, Log } from './log.js';
import { learnXclient, learnXforward } from './relays.js';
import { Replies } from './replies.js';
import type { AdapterCredentials } from './sasl.js';
import type {
  SMTPServerAddress,
  SMTPServerAuthentication,
  SMTPServerAuthenticationResponse,
  SMTPServerDataResult,
  SMTPServerHooks,
  SMTPServerConnection,
} from './types.js';

/** The server that the hooks belong to. */
export interface Host {
  readonly options: AnyOptions;
  readonly hooks: Required<SMTPServerHooks>;
  readonly log: Log;
  readonly connections: Set<SMTPServerConnection>;
  /** Emits the event `connect`. */
  connected(connection: AdapterConnection): void;
  /** Emits the event `error`, if it is listened to. */
  failed(error: Error): void;
}

/** The result of AUTH. */
export interface Authenticated {
  readonly user: unknown;
}

/** What a client hears whose TLS certificate is required and is not sound. */
const NO_CERTIFICATE = 'A client certificate is required';

/** Translates the questions of Postern's server into calls of hooks in the style of smtp-server. */
export class CallbackHandler implements Handler<Authenticated, AnyCredentials, object, true> {
  readonly #clients = new WeakMap<Session, AdapterConnection>();
  readonly #replies: Replies;
  readonly #commands: Commands;
  /** TLS from the first octet: `onSecure` is called before `onConnect`. */
  readonly #securesFirst: boolean;

  constructor(private readonly host: Host) {
    this.#replies = new Replies(host.options);
    this.#commands = new Commands(host.options, this.#replies);
    this.#securesFirst = host.options.needsUpgrade === true;
  }

  /** The server's replies in other words; each is noted. */
  reword(given: Reply, { session, verb }: RewordContext<Authenticated>): Reply {
    const connection = session === null ? undefined : this.#clients.get(session);
    const hello = given.name === 'hello' && connection !== undefined;
    const said = hello
      ? helloReply(connection, this.host.options, verb !== 'HELO')
      : this.#replies.reworded(given, verb);
    if (connection === undefined || session === null) return said;
    if (verb === 'XFORWARD' && said.positive) this.#forwarded(session, connection);
    if (!said.positive) connection.session.error = said.toString().trimEnd();
    if (this.host.log.enabled) this.#note(connection, 'S', said.toString());
    return said;
  }

  async onConnect(session: Session<Authenticated>): Promise<Reply | undefined> {
    const connection = this.#of(session);
    // After XCLIENT the client is greeted again, and is known already.
    if (connection.greeted) return undefined;
    connection.greeted = true;
    const { error } = await answerOf((done) => this.host.hooks.onConnect(connection.session, done));
    if (error !== null) return this.#replies.refusal(error, 554).closing();
    await nextReads();
    return connection.secure && !this.#securesFirst ? this.#secure(session, connection) : undefined;
  }

  async onSecure(session: Session<Authenticated>): Promise<Reply | undefined> {
    const connection = this.#of(session);
    // TLS from the first octet: asked after `onConnect`, as a rule.
    if (!connection.greeted && !this.#securesFirst) return undefined;
    connection.learnTls();
    connection.startOver();
    return this.#secure(session, connection);
  }

  onGreeted(session: Session<Authenticated>): void {
    const { useXClient, useXForward } = this.host.options;
    // A relay is expected to name the client.
    if (isOff(useXClient) && isOff(useXForward)) this.#announce(this.#of(session));
  }

  onCommand(session: Session<Authenticated>, command: CommandLine): Reply | undefined {
    const connection = this.#of(session);
    const { verb, argument } = command;
    connection.argument = argument;
    if (this.host.log.enabled) this.#note(connection, 'C', `${verb} ${argument}`.trimEnd());
    if (verb === 'RSET') connection.resetEnvelope();
    return this.#commands.answer(connection, command);
  }

  onHello(session: Session<Authenticated>, { verb, name }: Hello): void {
    const connection = this.#of(session);
    connection.learnHello(verb, name);
    connection.resetEnvelope();
  }

  async onAuth(session: Session<Authenticated>, credentials: AnyCredentials): Promise<Authenticated | Reply> {
    const connection = this.#of(session);
    const { error, result } = await this.#authenticate(connection, authenticationOf(credentials));
    if (error !== null) return this.#replies.refusal(error, 535);
    if (hasUser(result?.user)) {
      connection.identify(result?.user);
      return { user: result?.user };
    }
    const { explain } = credentials as AdapterCredentials;
    explain?.(JSON.stringify(result?.data ?? {}));
    const text =
      explain === undefined ? 'Authentication credentials invalid' : 'Username and Password not accepted';
    return this.#replies.refusal(refusalOf(result, `Error: ${text}`), 535);
  }

  async onXclient(session: Session<Authenticated>, client: XclientAttributes): Promise<Reply | undefined> {
    const connection = this.#of(session);
    let user: unknown = false;
    if (typeof client.login === 'string') {
      const auth = {
        method: 'XCLIENT',
        username: client.login,
        password: null,
        validatePassword: () => false,
      };
      const { error, result } = await this.#authenticate(connection, auth);
      if (error !== null) return this.#replies.refusal(error, 550).closing();
      // An answer without anything names no user, and the client may still authenticate.
      if (result !== undefined && !hasUser(result.user)) {
        return this.#replies.refusal(refusalOf(result, 'Authentication credentials invalid'), 550).closing();
      }
      user = result?.user;
    }
    connection.startOver();
    connection.identify(user);
    learnXclient(connection, client);
    return undefined;
  }

  async onMail(
    session: Session<Authenticated>,
    reversePath: Mailbox | null,
    parameters: MailParameters,
  ): Promise<Reply | undefined> {
    const connection = this.#of(session);
    this.#announce(connection);
    const address = addressOf(connection.argument, reversePath?.address ?? '');
    connection.resetEnvelope();
    const { envelope } = connection.session;
    envelope.bodyType = parameters.body === '8BITMIME' ? '8bitmime' : '7bit';
    envelope.smtpUtf8 = parameters.smtputf8 === true;
    envelope.requireTLS = parameters.requireTls === true;
    if (envelope.dsn !== undefined) {
      envelope.dsn = { ret: parameters.ret ?? null, envid: parameters.envid ?? null };
    }
    const { error } = await answerOf((done) => this.host.hooks.onMailFrom(address, connection.session, done));
    if (error !== null) return this.#replies.refusal(error, 550);
    envelope.mailFrom = address;
    return undefined;
  }

  async onRcpt(
    session: Session<Authenticated>,
    forwardPath: Mailbox,
    parameters: RcptParameters,
  ): Promise<Reply | undefined> {
    const connection = this.#of(session);
    const { recipients } = connection;
    const { hideDSN } = this.host.options;
    const maxRecipients = unlessEmpty(this.host.options.maxRecipients) ?? RECIPIENTS;
    const address = addressOf(connection.argument, forwardPath.address);
    const key = address.address.toLowerCase();
    if (recipients.size >= maxRecipients && !recipients.has(key)) {
      return this.#replies.of(452, 'Error: too many recipients', '4.5.3');
    }
    if (hideDSN === false) noteDsn(address, parameters);
    const { error } = await answerOf((done) => this.host.hooks.onRcptTo(address, connection.session, done));
    if (error !== null) return this.#replies.refusal(error, 550);
    const { rcptTo } = connection.session.envelope;
    const place = recipients.get(key);
    if (place === undefined) recipients.set(key, rcptTo.push(address) - 1);
    else rcptTo[place] = address;
    return undefined;
  }

  onContent(session: TransactionSession<Authenticated, object, true>): ContentSink {
    const connection = this.#of(session);
    const { hooks, options } = this.host;
    const { size = 0 } = options;
    const stream = new DataStream(size > 0 ? size : Infinity);
    const answered = answerOf<string | SMTPServerDataResult[]>((done) =>
      hooks.onData(stream, connection.session, done),
    );
    return new StreamSink(stream, answered, ({ error, result }) => {
      const { envelope } = session;
      const decision = this.#decisionOn(stream, error ?? result, connection, envelope);
      connection.session.transaction++;
      connection.resetEnvelope();
      return decision;
    });
  }

  onClose(session: Session<Authenticated>, reason: string): void {
    const connection = this.#clients.get(session);
    if (connection === undefined) return;
    const { connections, hooks } = this.host;
    connections.delete(connection);
    this.#log(connection, 'info', 'Connection closed to %s (%s)', connection.clientHostname, reason);
    hooks.onClose(connection.session, () => undefined);
  }

  onError(session: Session<Authenticated>, error: Error): void {
    const connection = this.#of(session);
    const level = error instanceof ClientFault ? 'warn' : 'error';
    this.#log(connection, level, '%s', error.message);
    // An error of a socket or of TLS. One that a hook throws is in the log.
    if (error instanceof ClientFault || 'syscall' in error) {
      this.host.failed(Object.assign(error, { remoteAddress: connection.remoteAddress }));
    }
  }

  onRefusedArrival(remoteAddress: string, error: Error): void {
    this.host.log.write(
      'info',
      { remoteAddress },
      'Connection from %s refused: %s',
      remoteAddress,
      error.message,
    );
    if (!(error instanceof TooManyConnections)) this.host.failed(Object.assign(error, { remoteAddress }));
  }

  #of(session: Session): AdapterConnection {
    const known = this.#clients.get(session);
    if (known !== undefined) return known;
    const { connections, options } = this.host;
    const connection = new AdapterConnection(session, options);
    this.#clients.set(session, connection);
    connections.add(connection);
    this.#log(connection, 'info', 'Connection from %s', connection.clientHostname);
    return connection;
  }

  async #secure(session: Session, connection: AdapterConnection): Promise<Reply | undefined> {
    const { hooks, options } = this.host;
    const { requestCert, rejectUnauthorized } = options;
    const sound = session.tls?.clientCertificate?.authorized === true;
    if (requestCert === true && rejectUnauthorized !== false && !sound) {
      return this.#replies.of(554, NO_CERTIFICATE, '5.7.0').closing();
    }
    connection.learnServerName();
    const { error } = await answerOf((done) => hooks.onSecure(connection.socket, connection.session, done));
    return error === null ? undefined : this.#replies.refusal(error, 554).closing();
  }

  #authenticate(
    connection: AdapterConnection,
    auth: SMTPServerAuthentication,
  ): Promise<Answered<SMTPServerAuthenticationResponse>> {
    return answerOf((done) => this.host.hooks.onAuth(auth, connection.session, done));
  }

  /** XFORWARD was accepted. */
  #forwarded(session: Session, connection: AdapterConnection): void {
    if (session.origin === null) return;
    learnXforward(connection, session.origin);
    this.#announce(connection);
  }

  /** Emits `connect` once. */
  #announce(connection: AdapterConnection): void {
    if (connection.announced) return;
    connection.announced = true;
    this.host.connected(connection);
  }

  /** @param given the error of `onData`, or its result */
  #decisionOn(
    stream: DataStream,
    given: Error | string | readonly SMTPServerDataResult[] | undefined,
    { recipients }: AdapterConnection,
    envelope: Envelope,
  ): Awaited<MessageDecision> {
    const { rejectOversized, size = 0, lmtp } = this.host.options;
    if (rejectOversized === true && stream.sizeExceeded) return oversized(this.#replies, size);
    if (!isList(given)) return this.#resultOf(given);
    if (lmtp !== true) return this.#resultOf(given[0]);
    // One that came twice has one result, and a reply each time.
    return envelope.recipients.map(({ forwardPath }) =>
      this.#resultOf(given[recipients.get(forwardPath.address.toLowerCase()) ?? -1]),
    );
  }

  #resultOf(result: SMTPServerDataResult | undefined): Reply {
    if (result instanceof Error) return this.#replies.refusal(result, 450);
    const text = typeof result === 'string' && result !== '' ? result : 'OK: message queued';
    return this.#replies.of(250, text, '2.6.0');
  }

  #note(connection: AdapterConnection, side: 'C' | 'S', line: string): void {
    this.#log(connection, 'debug', `${side}: %s`, line);
  }

  #log(connection: AdapterConnection, level: Level, text: string, ...values: readonly unknown[]): void {
    const { log } = this.host;
    if (!log.enabled || connection.ignored) return;
    const { id, remoteAddress } = connection;
    log.write(level, { tnx: 'connection', cid: id, remoteAddress }, text, ...values);
  }
}

/**
 * Resolves when all that the client has sent by now was read. The octets of a client that does not wait for the greeting
 * follow its connection directly, and get 421.
 */
function nextReads(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}

function isOff(option: boolean | readonly string[] | undefined): boolean {
  return option === undefined || option === false;
}

/** TypeScript's own test of an array takes no readonly one. */
function isList(given: unknown): given is readonly SMTPServerDataResult[] {
  return Array.isArray(given);
}

/** The error that an answer without a user amounts to. */
function refusalOf(
  response: SMTPServerAuthenticationResponse | undefined,
  text: string,
): Error & { readonly responseCode: number | undefined } {
  const { message = text, responseCode } = response ?? {};
  return Object.assign(new Error(message), { responseCode });
}

function noteDsn(address: SMTPServerAddress, { notify, orcpt }: RcptParameters): void {
  if (notify === undefined && orcpt === undefined) return;
  address.dsn = {
    ...(notify === undefined ? {} : { notify: notify.length === 0 ? ['NEVER'] : [...notify] }),
    ...(orcpt === undefined ? {} : { orcpt: `${orcpt.type};${orcpt.address}` }),
  };
}
