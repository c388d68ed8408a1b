import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  type CloseReason,
  type PhaseKind,
  type Question,
  refuse,
  type Reply,
  reply,
} from '../../protocol/index.js';
import { ClientFault } from '../../base/client-fault.js';
import { connectionFailure } from '../../base/tls-words.js';
import { Client, type ClientContext } from './client.js';
import { FIXED } from '../limits.js';
import type { Waiting } from './waiting.js';
import type { Seat } from '../admission/admission.js';
import type { ProxiedEndpoints } from '../admission/proxy-header.js';
import { attach, awaitDrain, release, type SocketListener } from './socket-events.js';
import { certificateProblem, linkOf } from '../tls/facts.js';
import { TLS_HANDSHAKE } from '../tls/gate.js';
import type { TlsHabits } from '../admission/tls-habits.js';

/** The parts of a listener that all its connections share. */
export interface ConnectionContext<Principal> extends ClientContext<Principal> {
  /** TLS is of no use without a client certificate that an authority vouches for. */
  readonly certificateRequired: boolean;
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

/** Whether the next octets are content, kept or not. */
function isContent(phase: PhaseKind): boolean {
  return phase === 'data' || phase === 'chunk' || phase === 'discarding' || phase === 'unsolicited';
}

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
export class Connection<Principal>
  extends Client<Principal, ConnectionContext<Principal>>
  implements SocketListener
{
  /** Its place among those that its server lists; -1 outside. */
  listedAt = -1;
  #socket: Socket;

  /**
   * The client has more to read than it reads; `drain` comes when it has read it. Asking the socket would cost a
   * getter.
   */
  #full = false;
  #pumping = false;
  #paused = false;
  /** A promise of the handler, or of its sink, is not settled. */
  #handlerBusy = false;
  override over = false;
  /** It began without TLS. */
  readonly #beganPlain: boolean;
  #closeReason: CloseReason | 'handshake' = 'peer';

  constructor(
    id: string,
    seat: Seat,
    socket: Socket,
    proxied: ProxiedEndpoints | null,
    context: ConnectionContext<Principal>,
  ) {
    super(id, seat, socket, proxied, context);
    this.#socket = socket;
    this.#beganPlain = this.tls === null;
    attach(socket, this);
    context.deadlines.watch(this);
  }

  override get socket(): Socket {
    return this.#socket;
  }

  // ---- from the server

  /** Asks the first question, and greets. `early`: octets that came before, or null. */
  begin(early: Uint8Array | null): void {
    if (early !== null) this.session.receive(early);
    this.waitFor('command');
    this.#pump();
  }

  /** The server stops: the transaction in hand may end, then the client hears the farewell. */
  shutdown(farewell: Reply): void {
    if (this.waiting === 'handshake') {
      this.destroy();
      return;
    }
    this.session.shutdown(farewell);
    this.#pump();
  }

  /** The server waits no longer. */
  terminate(farewell: Reply): void {
    this.session.terminate(farewell, 'shutdown');
    this.#pump();
  }

  override destroy(): void {
    this.#socket.destroy();
    this.#gone();
  }

  // ---- deadlines

  protected override expired(waiting: Waiting): void {
    switch (waiting) {
      case 'command':
        this.#timeOut(this.session.inLine ? 'The command' : 'The next command');
        return;
      case 'content':
        this.#timeOut('The content');
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

  #timeOut(what: string): void {
    this.session.terminate(reply('timeout', { what }), 'timeout');
    this.#pump();
  }

  // ---- the socket

  /** @internal */
  octets(octets: Uint8Array): void {
    // After the last reply the client is only waited for.
    if (this.waiting === 'close') return;
    if (octets[0] === TLS_HANDSHAKE && this.tls === null && this.session.phase === 'greeted') {
      this.context.habits?.tls(this.network);
      this.#handshakeFailed(this.context.unexpectedTls());
      return;
    }
    this.came(octets.length);
    this.session.receive(octets);
    // The rest stays in the kernel, and then with the client.
    if (this.waiting === 'server') this.#pause();
    this.#pump();
  }

  /** @internal */
  ended(): void {
    this.session.end();
    this.#pump();
  }

  /** @internal */
  drained(): void {
    this.#full = false;
    // It has read all of it, so what comes next has its own time; or it is the server that it waits for.
    if (this.waiting === 'write') this.waitFor(this.#handlerBusy ? 'server' : 'write');
    this.#pump();
  }

  /** @internal */
  failed(error: NodeJS.ErrnoException): void {
    // A peer that resets its connection is its own business.
    if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return;
    this.dialogue.failed(connectionFailure(error));
    // Node reports an error of TLS, and leaves the socket open: nothing would end the wait for the next command.
    this.destroy();
  }

  /** @internal */
  closed(): void {
    release(this.#socket);
    this.#gone();
  }

  #gone(): void {
    if (this.over) return;
    this.over = true;
    this.vanished();
    this.context.deadlines.forget(this);
    this.session.vanish();
    // If a handler disconnects, this runs inside the pump: the fate of the open message is reported first.
    if (this.#pumping) queueMicrotask(() => this.#notifyGone());
    else this.#notifyGone();
  }

  #notifyGone(): void {
    this.#pump();
    // A connection without a hello may be a health check, and says nothing of the mail from there.
    if (this.#beganPlain && this.hello !== null) this.context.habits?.plain(this.network);
    this.dialogue.closed(this.#closeReason);
    this.context.closed(this);
  }

  // ---- TLS

  /** STARTTLS was accepted: its reply goes out in plain text, all that follows is TLS. */
  #secure(): void {
    const plain = this.#socket;
    this.#write();
    this.waitFor('handshake');
    this.context.secure(plain, this.session.takeUnread(), (result) => {
      if (this.over) return;
      if (result instanceof Error) this.#handshakeFailed(result);
      else this.#secured(result);
    });
  }

  #secured(socket: TLSSocket): void {
    this.#socket = socket;
    attach(socket, this);
    this.secured(socket);
    this.#paused = this.#full = false;
    const problem = this.#insecure();
    const refusal = problem ?? this.dialogue.secured();
    if (!(refusal instanceof Promise)) {
      this.#goOnSecurely(refusal);
      return;
    }
    // The dialogue goes on with the handler's answer; until then the client's octets stay in the kernel.
    this.#handlerBusy = true;
    this.#hold('server');
    void refusal.then((settled) => {
      this.#handlerBusy = false;
      if (!this.over) this.#goOnSecurely(settled);
    });
  }

  /** @param refusal what the client gets in answer to everything, if the handler or the listener does not want it. */
  #goOnSecurely(refusal: Reply | null): void {
    this.session.secured(linkOf(this.tls) === 'mutual' ? 'mutual' : 'tls', refusal);
    this.waitFor('command');
    this.#resume();
    this.#pump();
  }

  /** What a client hears whose TLS is not enough here, whatever it says (RFC 3207 4.1); null where it is. */
  #insecure(): Reply | null {
    if (!this.context.certificateRequired || this.tls === null) return null;
    const problem = certificateProblem(this.tls);
    if (problem === null) return null;
    this.dialogue.failed(new ClientFault(`a TLS client certificate is required: ${problem}`));
    return reply('certificateRequired', { problem });
  }

  #handshakeFailed(error: Error): void {
    this.dialogue.failed(error);
    this.#closeReason = 'handshake';
    this.destroy();
  }

  // ---- the pump

  #pump(): void {
    if (this.#pumping) return;
    // A closed session has its last notices to tell, whatever the handler is still at.
    if (this.#handlerBusy && this.session.phase !== 'closed') return;
    this.#pumping = true;
    const stop = this.#run();
    this.#pumping = false;
    this.#flush(stop);
  }

  /** Runs the session until it needs something. */
  #run(): Stop {
    // A client that does not read is asked nothing more, however slowly its commands are answered.
    if (this.#full && this.session.phase !== 'closed') return 'write';
    for (;;) {
      if (this.session.unsent >= FIXED.unsentReplies.initial && this.session.phase !== 'closed') {
        this.#write();
        if (this.#full) return 'write';
      }
      const event = this.session.next();
      switch (event.type) {
        case 'needOctets':
          return this.waiting === 'handshake' ? 'handshake' : 'octets';
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
          this.dialogue.notify(event);
          break;
        case 'connect':
          if (this.#ask(event, this.#insecure())) return 'verdict';
          break;
        default:
          if (this.#ask(event, null)) return 'verdict';
      }
    }
  }

  /** Asks the handler, unless the answer is a refusal already; true where the verdict is a promise. */
  #ask(question: Question, refusal: Reply | null): boolean {
    const verdict = refusal === null ? this.dialogue.ask(question) : refuse(refusal);
    if (!(verdict instanceof Promise)) {
      this.session.answer(verdict);
      return false;
    }
    this.#handlerBusy = true;
    const answer = (settled: Awaited<typeof verdict>): void => {
      this.#handlerBusy = false;
      this.session.answer(settled);
      this.#pump();
    };
    verdict.then(answer, (error: unknown) => {
      answer({ type: 'refuse', reply: this.dialogue.replyTo(error) });
    });
    return true;
  }

  /** Hands content on; true where the sink is behind, and nothing more may be read. */
  #content(octets: Uint8Array): boolean {
    let held: Promise<void> | undefined;
    try {
      held = this.dialogue.content(octets);
    } catch (error) {
      this.session.refuseContent(this.dialogue.replyTo(error));
    }
    if (held === undefined) return false;
    this.#handlerBusy = true;
    const since = this.context.deadlines.clock();
    const goOn = (): void => {
      this.#handlerBusy = false;
      this.heldBack(since);
      this.#pump();
    };
    held.then(goOn, (error: unknown) => {
      this.session.refuseContent(this.dialogue.replyTo(error));
      goOn();
    });
    return true;
  }

  /** Writes what is to be written, and settles what is waited for. */
  #flush(stop: Stop): void {
    const wrote = this.#write();
    if (this.over) return;
    const { phase } = this.session;
    const inContent = isContent(phase);
    // Between two chunks the message is still on its way: its average goes on.
    if (!inContent && phase !== 'chunked') this.contentOver();

    if (stop === 'closed') this.#leave();
    else if (stop === 'handshake') return;
    else if (stop === 'write' || this.#full) this.#hold('write');
    else if (stop === 'sink') this.#hold('server');
    else if (stop === 'verdict') this.#hold('server', this.session.unread > 0);
    else {
      this.#resume();
      if (inContent) this.waitFor('content');
      // A deadline per command, not per octet: it moves when a command was answered.
      else if (wrote || this.waiting !== 'command') this.waitFor('command');
    }
  }

  /** Nothing more will be said: waits a little for the client to close. */
  #leave(): void {
    if (this.waiting === 'close') return;
    // Who says QUIT says nothing after it (RFC 5321 4.1.1.10): with the reply in the kernel's hands there is no
    // end of the client's to wait for. TLS has an end of its own to say.
    if (this.#closeReason === 'quit' && this.tls === null && this.#socket.writableLength === 0) {
      this.destroy();
      return;
    }
    this.waitFor('close');
    this.#socket.end();
    // Read on, and drop: a socket closed with octets unread would reset, and take the last reply with it.
    this.#resume();
  }

  /** Most clients say nothing until they hear a verdict, and to pause a socket costs more than a command. */
  #hold(waiting: 'write' | 'server', pause = true): void {
    if (pause) this.#pause();
    if (this.waiting !== waiting) this.waitFor(waiting);
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  #write(): boolean {
    const output = this.session.output();
    if (output === null) return false;
    if (!this.#socket.writable || this.#socket.write(output) || this.#full) return true;
    this.#full = true;
    awaitDrain(this.#socket);
    return true;
  }
}
