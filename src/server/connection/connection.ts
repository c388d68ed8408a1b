import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  type CloseReason,
  type Question,
  type Reply,
  reply,
  type ServerSession,
} from '../../protocol/parts.js';
import { ClientFault } from '../../base/client-fault.js';
import { connectionFailure } from '../../base/tls-words.js';
import { Dialogue, type DialogueContext } from './dialogue.js';
import { FIXED } from '../limits.js';
import { ClientDeadline, type TimeoutContext, type Waiting } from './client-deadline.js';
import { ConnectionSession, type SessionContext } from './session.js';
import type { Seat } from '../admission/admission.js';
import type { ProxiedEndpoints } from '../admission/proxy-header.js';
import { ConnectionSocket, release, type SocketListener } from './socket.js';
import { linkOf } from '../tls/facts.js';
import { TLS_HANDSHAKE } from '../tls/gate.js';
import type { TlsHabits } from '../admission/tls-habits.js';

/** The parts of a listener that all its connections share. */
export interface ConnectionContext<Principal>
  extends SessionContext, TimeoutContext, DialogueContext<Principal> {
  /** Makes the reason why a ClientHello after the greeting is not taken. */
  readonly unexpectedTls: () => ClientFault;
  /** Takes a plain socket through a handshake, `early` being octets that were read already. */
  readonly secure: (socket: Socket, early: Uint8Array, done: (result: TLSSocket | Error) => void) => void;
  /** With `detect`: what is known of the clients' networks; else null. */
  readonly habits: TlsHabits | null;
  /** Hears that a connection is over. */
  readonly closed: (connection: Connection<Principal>) => void;
}

/** Why a run of the pump stopped. */
type Stop = 'octets' | 'verdict' | 'sink' | 'write' | 'handshake' | 'closed';

/**
 * One client: the pump between its socket, its session and the handler.
 *
 *     socket ──octets──► session.receive
 *                        session.next ──► dialogue ──► session.answer
 *     socket ◄──output── session.output            (one write per turn)
 *
 * The pump runs until the session needs something. While it waits for anything but octets, the socket is
 * paused, in wait for a verdict with the first octets that come: what the client sends meanwhile stays in the
 * kernel, and then in the client.
 */
export class Connection<Principal> implements SocketListener {
  /** Its place among those that its server lists; -1 outside. */
  listedAt = -1;
  readonly #socket: ConnectionSocket;
  readonly #deadline: ClientDeadline;
  /** What the handler sees of the client. */
  readonly #session: ConnectionSession<Principal>;
  readonly #protocol: ServerSession<Principal>;
  readonly #dialogue: Dialogue<Principal>;

  #pumping = false;
  /** A promise of the handler, or of its sink, is not settled. */
  #handlerBusy = false;
  /** It began without TLS. */
  readonly #beganPlain: boolean;
  #closeReason: CloseReason | 'handshake' = 'peer';

  /** @param proxied what a PROXY header said of the endpoints, or null */
  constructor(
    id: string,
    private readonly seat: Seat,
    socket: Socket,
    proxied: ProxiedEndpoints | null,
    private readonly context: ConnectionContext<Principal>,
  ) {
    const session = new ConnectionSession<Principal>(id, seat, socket, proxied, context, this);
    this.#session = session;
    this.#protocol = session.protocol;
    this.#dialogue = new Dialogue(session, context);
    if (context.reword !== null) {
      session.protocol.reword = (reply, verb) => this.#dialogue.worded(reply, verb);
    }
    this.#beganPlain = session.tls === null;
    this.#socket = new ConnectionSocket(socket, this);
    this.#deadline = new ClientDeadline(context, this);
    context.deadlines.watch(this.#deadline);
  }

  /** The socket that octets travel over now. */
  get socket(): Socket {
    return this.#socket.current;
  }

  // ---- from the server

  /** Asks the first question, and greets. `early`: octets that came before, or null. */
  begin(early: Uint8Array | null): void {
    if (early !== null) this.#protocol.receive(early);
    this.#deadline.waitFor('command');
    this.#pump();
  }

  /** The server stops: the transaction in hand may end, then the client hears the farewell. */
  shutdown(farewell: Reply): void {
    if (this.#deadline.waiting === 'handshake') {
      this.destroy();
      return;
    }
    this.#protocol.shutdown(farewell);
    this.#pump();
  }

  /** The server waits no longer. */
  terminate(farewell: Reply): void {
    this.#protocol.terminate(farewell, 'shutdown');
    this.#pump();
  }

  /** Ends it at once. */
  destroy(): void {
    this.socket.destroy();
    this.#gone();
  }

  // ---- deadlines

  /** @internal */
  expired(waiting: Waiting): void {
    switch (waiting) {
      case 'command':
      case 'content':
        this.#protocol.terminate(reply('timeout', { what: this.#late(waiting) }), 'timeout');
        this.#pump();
        return;
      case 'handshake':
        this.#handshakeFailed(new ClientFault('the TLS handshake took too long'));
        return;
      case 'write':
        this.#closeReason = 'timeout';
        this.destroy();
        return;
      case 'close':
        this.destroy();
        return;
      case 'server':
        return;
    }
  }

  #late(waiting: 'command' | 'content'): string {
    if (waiting === 'content') return 'The content';
    return this.#protocol.inLine ? 'The command' : 'The next command';
  }

  // ---- the socket

  /** @internal */
  octets(octets: Uint8Array): void {
    // After the last reply the client is only waited for.
    if (this.#deadline.waiting === 'close') return;
    if (octets[0] === TLS_HANDSHAKE && this.#session.tls === null && this.#protocol.phase === 'greeted') {
      this.context.habits?.tls(this.#session.network);
      this.#handshakeFailed(this.context.unexpectedTls());
      return;
    }
    this.#deadline.came(octets.length);
    this.#protocol.receive(octets);
    // The rest stays in the kernel, and then with the client.
    if (this.#deadline.waiting === 'server') this.#socket.pause();
    this.#pump();
  }

  /** @internal */
  ended(): void {
    this.#protocol.end();
    this.#pump();
  }

  /** @internal */
  drained(): void {
    this.#socket.drained();
    // It has read all of it, so what comes next has its own time; or it is the server that it waits for.
    if (this.#deadline.waiting === 'write') this.#deadline.waitFor(this.#handlerBusy ? 'server' : 'write');
    this.#pump();
  }

  /** @internal */
  failed(error: NodeJS.ErrnoException): void {
    // A peer that resets its connection is its own business.
    if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return;
    this.#dialogue.failed(connectionFailure(error));
    // Node reports an error of TLS, and leaves the socket open: nothing would end the wait for the next command.
    this.destroy();
  }

  /** @internal */
  closed(): void {
    release(this.socket);
    this.#gone();
  }

  #gone(): void {
    if (this.#session.over) return;
    this.#session.end();
    this.context.deadlines.forget(this.#deadline);
    this.#protocol.vanish();
    // If a handler disconnects, this runs inside the pump: the fate of the open message is reported first.
    if (this.#pumping) queueMicrotask(() => this.#notifyGone());
    else this.#notifyGone();
  }

  #notifyGone(): void {
    this.#pump();
    // A connection without a hello may be a health check, and says nothing of the mail from there.
    if (this.#beganPlain && this.#session.hello !== null) this.context.habits?.plain(this.#session.network);
    this.#dialogue.closed(this.#closeReason);
    this.seat.leave();
    this.context.closed(this);
  }

  // ---- TLS

  /** STARTTLS was accepted: its reply goes out in plain text, all that follows is TLS. */
  #secure(): void {
    const plain = this.socket;
    this.#write();
    this.#deadline.waitFor('handshake');
    this.context.secure(plain, this.#protocol.takeUnread(), (result) => {
      if (this.#session.over) return;
      if (result instanceof Error) this.#handshakeFailed(result);
      else this.#secured(result);
    });
  }

  #secured(socket: TLSSocket): void {
    this.#socket.exchange(socket);
    this.#session.secured(socket);
    const refusal = this.#dialogue.secured();
    if (!(refusal instanceof Promise)) {
      this.#goOnSecurely(refusal);
      return;
    }
    // The dialogue goes on with the handler's answer; until then the client's octets stay in the kernel.
    this.#handlerBusy = true;
    this.#hold('server');
    void refusal.then((settled) => {
      this.#handlerBusy = false;
      if (!this.#session.over) this.#goOnSecurely(settled);
    });
  }

  /** @param refusal what the client gets in answer to everything, if the handler or the listener does not want it. */
  #goOnSecurely(refusal: Reply | null): void {
    this.#protocol.secured(linkOf(this.#session.tls) === 'mutual' ? 'mutual' : 'tls', refusal);
    this.#deadline.waitFor('command');
    this.#socket.resume();
    this.#pump();
  }

  #handshakeFailed(error: Error): void {
    this.#dialogue.failed(error);
    this.#closeReason = 'handshake';
    this.destroy();
  }

  // ---- the pump

  #pump(): void {
    if (this.#pumping) return;
    // A closed session has its last notices to tell, whatever the handler is still at.
    if (this.#handlerBusy && this.#protocol.phase !== 'closed') return;
    this.#pumping = true;
    const stop = this.#run();
    this.#pumping = false;
    this.#flush(stop);
  }

  /** Runs the session until it needs something. */
  #run(): Stop {
    // A client that does not read is asked nothing more, however slowly its commands are answered.
    if (this.#socket.full && this.#protocol.phase !== 'closed') return 'write';
    for (;;) {
      if (this.#protocol.unsent >= FIXED.unsentReplies.initial && this.#protocol.phase !== 'closed') {
        this.#write();
        if (this.#socket.full) return 'write';
      }
      const event = this.#protocol.next();
      switch (event.type) {
        case 'needOctets':
          return this.#deadline.waiting === 'handshake' ? 'handshake' : 'octets';
        case 'needVerdict':
          return 'verdict';
        case 'closed':
          return 'closed';
        case 'content':
          if (this.#content(event.octets)) return 'sink';
          break;
        case 'secure':
          this.#secure();
          break;
        case 'close':
          if (this.#closeReason === 'peer') this.#closeReason = event.reason;
          break;
        case 'abort':
        case 'reset':
        case 'refused':
          this.#dialogue.notify(event);
          break;
        default:
          if (this.#ask(event)) return 'verdict';
      }
    }
  }

  /** Asks the handler. Returns whether the verdict is a promise. */
  #ask(question: Question): boolean {
    const verdict = this.#dialogue.ask(question);
    if (!(verdict instanceof Promise)) {
      this.#protocol.answer(verdict);
      return false;
    }
    this.#handlerBusy = true;
    const answer = (settled: Awaited<typeof verdict>): void => {
      this.#handlerBusy = false;
      this.#protocol.answer(settled);
      this.#pump();
    };
    verdict.then(answer, (error: unknown) => {
      answer({ type: 'refuse', reply: this.#dialogue.replyTo(error) });
    });
    return true;
  }

  /** Hands content on; true where the sink is behind, and nothing more may be read. */
  #content(octets: Uint8Array): boolean {
    let held: Promise<void> | undefined;
    try {
      held = this.#dialogue.content(octets);
    } catch (error) {
      this.#protocol.refuseContent(this.#dialogue.replyTo(error));
    }
    if (held === undefined) return false;
    this.#handlerBusy = true;
    const since = this.context.deadlines.clock();
    const goOn = (): void => {
      this.#handlerBusy = false;
      this.#deadline.heldBack(since);
      this.#pump();
    };
    held.then(goOn, (error: unknown) => {
      this.#protocol.refuseContent(this.#dialogue.replyTo(error));
      goOn();
    });
    return true;
  }

  /** Writes what is to be written, and settles what is waited for. */
  #flush(stop: Stop): void {
    const wrote = this.#write();
    if (this.#session.over) return;
    const inContent = this.#deadline.inContent(this.#protocol.phase);
    if (stop === 'closed') this.#leave();
    else if (stop === 'handshake') return;
    else if (stop === 'write' || this.#socket.full) this.#hold('write');
    else if (stop === 'sink') this.#hold('server');
    else if (stop === 'verdict') this.#hold('server', this.#protocol.unread > 0);
    else {
      this.#socket.resume();
      this.#deadline.waitForOctets(inContent, wrote);
    }
  }

  /** Nothing more will be said: waits a little for the client to close. */
  #leave(): void {
    if (this.#deadline.waiting === 'close') return;
    // Who says QUIT says nothing after it (RFC 5321 4.1.1.10): with the reply in the kernel's hands there is no
    // end of the client's to wait for. TLS has an end of its own to say.
    if (this.#closeReason === 'quit' && this.#session.tls === null && this.socket.writableLength === 0) {
      this.destroy();
      return;
    }
    this.#deadline.waitFor('close');
    this.socket.end();
    // Read on, and drop: a socket closed with octets unread would reset, and take the last reply with it.
    this.#socket.resume();
  }

  /** Most clients say nothing until they hear a verdict, and to pause a socket costs more than a command. */
  #hold(waiting: 'write' | 'server', pause = true): void {
    if (pause) this.#socket.pause();
    if (this.#deadline.waiting !== waiting) this.#deadline.waitFor(waiting);
  }

  /** Returns whether there was something to write. */
  #write(): boolean {
    const output = this.#protocol.output();
    if (output === null) return false;
    this.#socket.write(output);
    return true;
  }
}
