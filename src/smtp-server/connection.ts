import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Session } from '../server/index.js';
import type { ConnectionSession } from '../server/connection/session.js';
import type { AnyOptions } from './defaults.js';
import type { SMTPServerConnection, SMTPServerEnvelope, SMTPServerSession } from './types.js';

/** One client of an `SMTPServer`: the session that its hooks see, and what is counted. */
export class AdapterConnection implements SMTPServerConnection {
  readonly session: SMTPServerSession;
  /** Commands without AUTH where it is needed. */
  unauthenticated = 0;
  /** Commands that there are not. */
  unrecognized = 0;
  /** The event `connect` was emitted. */
  announced = false;
  /** It has been greeted. */
  greeted = false;
  /** What follows the verb of the command in hand. */
  argument = '';
  /** The accepted recipients of the transaction: by their addresses in lower case, their places in the envelope. */
  readonly recipients = new Map<string, number>();
  /** The address that the connection came from, whatever relays say. */
  readonly peer: string;
  /** An address came by XCLIENT: a client behind the relay cannot change it again. */
  overridden = false;

  constructor(
    private readonly origin: Session,
    private readonly options: AnyOptions,
  ) {
    const { localAddress, localPort, remoteAddress, remotePort } = origin;
    this.peer = remoteAddress;
    this.session = {
      id: origin.id,
      localAddress,
      localPort,
      remoteAddress,
      remotePort,
      clientHostname: origin.remoteName ?? `[${remoteAddress}]`,
      // The documented types are of a session after its hello.
      openingCommand: false as unknown as string,
      hostNameAppearsAs: false as unknown as string,
      envelope: this.#emptyEnvelope(),
      secure: options.secure === true && options.secured === true,
      transmissionType: 'SMTP',
      tlsOptions: false,
      xClient: new Map(),
      xForward: new Map(),
      transaction: 1,
    };
    this.learnTls();
  }

  get id(): string {
    return this.session.id;
  }

  get secure(): boolean {
    return this.session.secure;
  }

  get remoteAddress(): string {
    return this.session.remoteAddress;
  }

  get remotePort(): number {
    return this.session.remotePort;
  }

  get localAddress(): string {
    return this.session.localAddress;
  }

  get localPort(): number {
    return this.session.localPort;
  }

  get clientHostname(): string {
    return this.session.clientHostname;
  }

  get openingCommand(): string | false {
    return this.session.openingCommand;
  }

  get hostNameAppearsAs(): string | false {
    return this.session.hostNameAppearsAs;
  }

  /** The socket that octets travel over now. */
  get socket(): Socket {
    return (this.origin as Session & Pick<ConnectionSession<unknown>, 'socket'>).socket;
  }

  /** Its lines are not logged. */
  get ignored(): boolean {
    return this.options.ignoredHosts?.includes(this.remoteAddress) === true;
  }

  /** Ends the connection at once. */
  close(): void {
    this.origin.disconnect();
  }

  /** The connection may have TLS by now: takes over what its handshake came to. */
  learnTls(): void {
    const { session, socket } = this;
    if (socket instanceof TLSSocket) {
      session.secure = true;
      session.tlsOptions = socket.getCipher();
    }
    session.transmissionType = this.#transmissionType();
  }

  /** The host name that the client asked for, once its TLS is looked at. */
  learnServerName(): void {
    const { session, socket } = this;
    if (!(socket instanceof TLSSocket)) return;
    // Node's types do not have it.
    ({ servername: session.servername } = socket as TLSSocket & { servername: string | false });
  }

  /** The client has said hello. */
  learnHello(verb: string, name: string): void {
    this.session.openingCommand = verb;
    this.session.hostNameAppearsAs = name.toLowerCase();
    this.session.transmissionType = this.#transmissionType();
  }

  /** AUTH has succeeded; or the user is not known any more (false). */
  identify(user: unknown): void {
    this.session.user = user;
    this.session.transmissionType = this.#transmissionType();
  }

  /** All that the client said is forgotten: it begins anew (RFC 3207 4.2). */
  startOver(): void {
    this.session.openingCommand = false as unknown as string;
    this.session.hostNameAppearsAs = false as unknown as string;
    this.resetEnvelope();
    this.identify(false);
  }

  /** There is no transaction now. */
  resetEnvelope(): void {
    this.session.envelope = this.#emptyEnvelope();
    this.recipients.clear();
  }

  isDisabled(command: string): boolean {
    const { disabledCommands = this.options.disabledCommands } = this.session;
    return disabledCommands.some((name) => name.trim().toUpperCase() === command);
  }

  /** The client needs AUTH, and has not had it. */
  get needsAuth(): boolean {
    return !hasUser(this.session.user) && this.options.authOptional !== true && !this.isDisabled('AUTH');
  }

  /** RFC 3848, and for LMTP RFC 2033. */
  #transmissionType(): string {
    const { openingCommand, secure } = this.session;
    const base = this.options.lmtp === true ? 'LMTP' : openingCommand === 'EHLO' ? 'ESMTP' : 'SMTP';
    return `${base}${secure ? 'S' : ''}${hasUser(this.session.user) ? 'A' : ''}`;
  }

  #emptyEnvelope(): SMTPServerEnvelope {
    return {
      mailFrom: false,
      rcptTo: [],
      bodyType: '7bit',
      smtpUtf8: false,
      requireTLS: false,
      ...(this.options.hideDSN === false ? { dsn: { ret: null, envid: null } } : {}),
    };
  }
}

/** A user of which JavaScript thinks as false is none, as in smtp-server. */
export function hasUser(user: unknown): boolean {
  return Boolean(user);
}
