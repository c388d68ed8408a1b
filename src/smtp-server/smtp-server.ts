import { EventEmitter } from 'node:events';
import {
  createServer as createNetServer,
  type ListenOptions,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import type { SecureContext, TlsOptions } from 'node:tls';
import { suggest } from '../base/suggest.js';
import type { Server } from '../server/index.js';
import { type AnyOptions, CLOSE_TIMEOUT, completed } from './defaults.js';
import { acceptOptions, engineOf } from './engine.js';
import { type Authenticated, CallbackHandler, type Host } from './handler.js';
import { type Log, loggerOf, logOf } from './log.js';
import type { SMTPServerOptions } from './options.js';
import { OptionsTlsSource } from './tls.js';
import type {
  Answer,
  SMTPServerAddress,
  SMTPServerAuthentication,
  SMTPServerAuthenticationResponse,
  SMTPServerConnectionInfo,
  SMTPServerDataResult,
  SMTPServerDataStream,
  SMTPServerLogger,
  SMTPServerSession,
  SMTPServerConnection,
} from './types.js';

/** The events of {@link SMTPServer}, with their arguments. */
export interface SMTPServerEvents {
  /** The server has stopped, and its last connection is gone. */
  close: [];
  /** The listener has failed; or a connection, if the event is listened to. */
  error: [error: Error];
  /** A client is known: greeted, or named by a relay. */
  connect: [connection: SMTPServerConnectionInfo];
}

const HOOKS = ['onConnect', 'onSecure', 'onAuth', 'onMailFrom', 'onRcptTo', 'onData', 'onClose'] as const;

/** A server that runs, from `listen` to `close`. */
interface Running {
  readonly engine: Server<Authenticated>;
  readonly overTcp: (socket: Socket) => void;
  readonly overUnix: (socket: Socket) => void;
}

/**
 * An SMTP server for programs that were written for npm's smtp-server. It has the options, hooks, session and events of
 * that one, on Postern's own server.
 *
 * @example
 * ```js
 * import { SMTPServer } from 'postern/smtp-server';
 *
 * const server = new SMTPServer({
 *   authOptional: true,
 *   onData(stream, session, callback) {
 *     stream.pipe(process.stdout);
 *     stream.on('end', () => callback(null, 'OK'));
 *   },
 * });
 * server.listen(2525);
 * ```
 */
export class SMTPServer extends EventEmitter<SMTPServerEvents> {
  /** The options; a hook may change `disabledCommands`, say. */
  options: AnyOptions;
  /** The open connections. */
  readonly connections: Set<SMTPServerConnection> = new Set<SMTPServerConnection>();
  /** What listens: its `address()` has the port. */
  readonly server: NetServer;
  /** The option `logger`, or a logger that writes what that option says. */
  readonly logger: SMTPServerLogger;
  readonly #log: Log;
  readonly #certificates: OptionsTlsSource;
  #running: Running | null = null;
  /** Resolves when the server has stopped; null while it runs, or before it ever did. */
  #stopped: Promise<void> | null = null;

  /** @throws Error if a certificate, a key or an option cannot be used. */
  constructor(given?: SMTPServerOptions | null) {
    super();
    const options = given ?? {};
    this.options = completed(options);
    this.#log = logOf(options.logger, options.component);
    this.logger = loggerOf(options.logger, this.#log);
    this.#certificates = new OptionsTlsSource(this.options);
    this.#warn(options);
    for (const name of HOOKS) this.#adopt(name, options);
    this.server = createNetServer({ noDelay: true, ...options, allowHalfOpen: true }, (socket) => {
      this.connect(socket);
    });
    this.server.on('error', (error) => this.emit('error', error));
  }

  /** The contexts of TLS by host name, and `default`. */
  get secureContext(): Map<string, SecureContext> {
    return this.#certificates.contexts;
  }

  /** Serves a connection that was accepted elsewhere, by a `net.Server` with `allowHalfOpen: true`. */
  connect(socket: Socket): void {
    const { overTcp, overUnix } = (this.#running ??= this.#start());
    (socket.remoteAddress === undefined ? overUnix : overTcp)(socket);
  }

  /** Listens as `net.Server.listen` does, and returns the `net.Server`. A server that was closed can listen again. */
  listen(port?: number, hostname?: string, backlog?: number, listener?: () => void): NetServer;
  listen(port?: number, hostname?: string, listener?: () => void): NetServer;
  listen(portOrPath?: number | string, backlog?: number, listener?: () => void): NetServer;
  listen(options: ListenOptions | object, backlog?: number, listener?: () => void): NetServer;
  listen(target?: ListenOptions | object | number | string, listener?: () => void): NetServer;
  listen(...target: readonly unknown[]): NetServer {
    this.#running ??= this.#start();
    return this.server.listen(...(target as [number?, (() => void)?]));
  }

  /**
   * Stops: idle clients get 421 at once, transactions in hand may end within the option `closeTimeout`.
   *
   * @param callback called when the last connection is gone.
   */
  close(callback?: (() => void) | null): void {
    const running = this.#running;
    this.#running = null;
    if (running !== null) this.#stopped = this.#stop(running.engine);
    void (this.#stopped ?? Promise.resolve()).then(() => callback?.());
  }

  async #stop(engine: Server<Authenticated>): Promise<void> {
    const closed = new Promise<unknown>((resolve) => this.server.close(resolve));
    // The last connection of the listener is gone before the last one of the engine, which then calls `onClose`.
    await Promise.all([engine.close({ graceMs: this.options.closeTimeout ?? CLOSE_TIMEOUT }), closed]);
    this.emit('close');
  }

  /**
   * Makes the contexts of TLS anew, for new handshakes.
   *
   * @param options merged into the options before. Default: the options may have been changed.
   * @throws Error if a certificate or a key cannot be used; the contexts stay as they are then.
   */
  updateSecureContext(options?: TlsOptions | SMTPServerOptions | null): void {
    const before = { ...this.options };
    Object.assign(this.options, options);
    try {
      this.#certificates.update();
    } catch (error) {
      Object.assign(this.options, before);
      throw error;
    }
  }

  // ---- hooks: options, or methods of a subclass

  onConnect(_session: SMTPServerSession, callback: Answer): void {
    callback();
  }

  onSecure(_socket: Socket, _session: SMTPServerSession, callback: Answer): void {
    callback();
  }

  onAuth(
    auth: SMTPServerAuthentication,
    _session: SMTPServerSession,
    callback: (error: Error | null | undefined, response?: SMTPServerAuthenticationResponse) => void,
  ): void {
    if (auth.method === 'XCLIENT') callback(null);
    else callback(null, { message: 'Authentication not implemented' });
  }

  onMailFrom(_address: SMTPServerAddress, _session: SMTPServerSession, callback: Answer): void {
    callback();
  }

  onRcptTo(_address: SMTPServerAddress, _session: SMTPServerSession, callback: Answer): void {
    callback();
  }

  onData(
    stream: SMTPServerDataStream,
    _session: SMTPServerSession,
    callback: (error?: Error | null, message?: string | SMTPServerDataResult[]) => void,
  ): void {
    stream.resume();
    stream.on('end', () => callback());
  }

  onClose(_session: SMTPServerSession, callback: Answer): void {
    callback();
  }

  #start(): Running {
    const host: Host = {
      options: this.options,
      hooks: this,
      log: this.#log,
      connections: this.connections,
      connected: ({ session, hostNameAppearsAs, clientHostname }) => {
        const { id, localAddress, localPort, remoteAddress, remotePort } = session;
        const addresses = { localAddress, localPort, remoteAddress, remotePort };
        this.emit('connect', { id, ...addresses, hostNameAppearsAs, clientHostname });
      },
      failed: (error) => {
        if (this.listenerCount('error') > 0) this.emit('error', error);
      },
    };
    const engine = engineOf(this.options, new CallbackHandler(host), this.#certificates);
    return {
      engine,
      overTcp: engine.acceptor(acceptOptions(this.options, false)),
      overUnix: engine.acceptor(acceptOptions(this.options, true)),
    };
  }

  /** An option that is a hook replaces the method. */
  #adopt(name: (typeof HOOKS)[number], options: SMTPServerOptions): void {
    const hook = (options as Readonly<Record<string, unknown>>)[name];
    if (typeof hook === 'function') {
      Object.defineProperty(this, name, {
        value: (hook as (...parameters: unknown[]) => unknown).bind(this),
        writable: true,
        configurable: true,
        enumerable: true,
      });
    }
  }

  /** Warns of what would go wrong without a word. */
  #warn(options: SMTPServerOptions): void {
    for (const name of Object.keys(options)) {
      if (!/^on[A-Za-z]/.test(name) || HOOKS.some((hook) => hook === name)) continue;
      const near = suggest(name, HOOKS);
      process.emitWarning(
        `SMTPServer: there is no option ${name}${near === undefined ? '' : `; did you mean ${near}?`}`,
      );
    }
  }
}
