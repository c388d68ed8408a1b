import { concat, encodeUtf8, fromBinaryString } from '../../base/octets.js';
import { encodeBase64 } from '../grammar/base64.js';
import { type Extensions, extensionsOf } from './announced.js';
import { chunkCommand, mailCommand, rcptCommand } from './commands.js';
import { DotStuffer } from './dot-stuffer.js';
import {
  type ClientCloseReason,
  type ClientEvent,
  ENDED,
  NEED_COMMAND,
  NEED_REPLY,
  SECURE,
} from './events.js';
import { type Awaited, meaningOf } from './expected-replies.js';
import type { ReceivedReply } from './received-reply.js';
import { ReplyReader, type ReplyReaderOptions } from './reply-reader.js';

export interface ClientSessionOptions extends ReplyReaderOptions {
  /** LMTP (RFC 2033): LHLO in place of EHLO, and a reply for each accepted recipient after a message. Default: false. */
  readonly lmtp?: boolean;
}

/** Commands that must be the last of a group (RFC 2920 3.1): what follows depends on their reply. */
const ENDS_GROUP: ReadonlySet<Awaited> = new Set([
  ...(['greeting', 'EHLO', 'HELO', 'LHLO', 'STARTTLS'] as const),
  ...(['AUTH', 'DATA', 'QUIT'] as const),
]);

/**
 * The client's half of one SMTP session, as a plain object: commands and the server's octets in, events and octets
 * out. It has no socket, no timer and no clock.
 *
 *     mail(), rcpt(), data() ... ──► output()      octets for the server
 *     receive(octets) ─────────────► next()        an event: a reply, or what is needed next
 *
 * It checks each reply against the command that it answers (`expected-replies.ts`). If the server sends anything else,
 * the session closes, because client and server are out of step. A method that is called when its command cannot be
 * sent throws: that is a bug of the caller.
 */
export class ClientSession {
  /** What the octets of the server answer, in order. */
  readonly #due: Awaited[] = ['greeting'];
  readonly #events: ClientEvent[] = [];
  #output: Uint8Array[] = [];
  readonly #reader: ReplyReader;
  readonly #lmtp: boolean;
  #extensions: Extensions = new Map();
  #phase: 'open' | 'challenged' | 'content' | 'securing' | 'closed' = 'open';
  #stuffer = new DotStuffer();
  /** Accepted recipients of the transaction. */
  #recipients = 0;

  constructor(options: ClientSessionOptions = {}) {
    this.#reader = new ReplyReader(options);
    this.#lmtp = options.lmtp === true;
  }

  /** What the server announced in its last reply to EHLO; empty before, and after HELO and TLS. */
  get extensions(): Extensions {
    return this.#extensions;
  }

  // ---- octets

  /** Takes any piece of what the server sent. It is not kept. */
  receive(octets: Uint8Array): void {
    if (this.#phase === 'closed') return;
    const fault = this.#reader.read(octets, (reply) => this.#reply(reply));
    if (fault !== null) this.#close('protocol', fault.reason);
    else if (this.#due.length === 0 && !this.#reader.idle) {
      this.#close('protocol', 'octets came that no command asked for');
    }
  }

  /** The server has closed the connection. */
  end(): void {
    this.#close('server', 'the server closed the connection');
  }

  /** Returns the octets to send now, in one piece; null without any. */
  output(): Uint8Array | null {
    if (this.#output.length === 0) return null;
    const octets = concat(this.#output);
    this.#output = [];
    return octets;
  }

  /** The next event. Call it until it says that it needs something, or is closed. */
  next(): ClientEvent {
    const event = this.#events.shift();
    if (event !== undefined) return event;
    if (this.#phase === 'closed') return ENDED;
    return this.#due.length > 0 || this.#phase === 'securing' ? NEED_REPLY : NEED_COMMAND;
  }

  // ---- commands

  /** Sends EHLO, or LHLO in LMTP. */
  hello(name: string): void {
    const verb = this.#lmtp ? 'LHLO' : 'EHLO';
    this.#command(verb, `${verb} ${oneWord(name)}`);
  }

  /** Sends HELO, for a server that refused EHLO. */
  helo(name: string): void {
    this.#command('HELO', `HELO ${oneWord(name)}`);
  }

  startTls(): void {
    this.#command('STARTTLS', 'STARTTLS');
  }

  /** The handshake that `secure` asked for is done. What was announced before does not count (RFC 3207 4.2). */
  secured(): void {
    if (this.#phase !== 'securing') throw new Error('no TLS handshake was asked for');
    this.#phase = 'open';
    this.#extensions = new Map();
  }

  /** @param initial the initial response, decoded; null to send none. */
  auth(mechanism: string, initial: string | null = null): void {
    // RFC 4954 4: an initial response that is empty is written as "=".
    const response = initial === null ? '' : initial === '' ? ' =' : ` ${base64(initial)}`;
    this.#command('AUTH', `AUTH ${oneWord(mechanism)}${response}`);
  }

  /** Answers the challenge of AUTH. @param response decoded; null gives the exchange up. */
  respond(response: string | null): void {
    if (this.#phase !== 'challenged') throw new Error('no challenge waits for a response');
    this.#phase = 'open';
    this.#send('AUTH', response === null ? '*' : base64(response));
  }

  /**
   * @param reversePath null for `<>`.
   * @param parameters such as `SIZE=1000`.
   */
  mail(reversePath: string | null, parameters: readonly string[] = []): void {
    this.#command('MAIL', withParameters(mailCommand(reversePath ?? ''), parameters));
  }

  rcpt(forwardPath: string, parameters: readonly string[] = []): void {
    this.#command('RCPT', withParameters(rcptCommand(forwardPath), parameters));
  }

  data(): void {
    this.#command('DATA', 'DATA');
  }

  /** Sends content after DATA was answered with `more`: dots are stuffed, lone CR and LF become CRLF. */
  content(octets: Uint8Array): void {
    this.#expectContent();
    this.#output.push(this.#stuffer.stuff(octets));
  }

  /** Ends the content. */
  endContent(): void {
    this.#expectContent();
    this.#phase = 'open';
    this.#output.push(this.#stuffer.end());
    this.#awaitContent();
  }

  /** Sends a chunk, unchanged, by BDAT (RFC 3030). */
  chunk(octets: Uint8Array, last: boolean): void {
    this.#check('BDAT');
    this.#output.push(fromBinaryString(chunkCommand(octets.length, last)), octets);
    if (last) this.#awaitContent();
    else this.#due.push('content');
  }

  rset(): void {
    this.#command('RSET', 'RSET');
  }

  quit(): void {
    this.#command('QUIT', 'QUIT');
  }

  // ---- small steps

  #command(awaited: Awaited, line: string): void {
    this.#check(awaited);
    this.#send(awaited, line);
  }

  #send(awaited: Awaited, line: string): void {
    this.#due.push(awaited);
    this.#output.push(fromBinaryString(`${encodeUtf8(line)}\r\n`));
  }

  /** @throws Error if a command cannot be sent now. */
  #check(command: string): void {
    if (this.#phase !== 'open') throw new Error(`${command} cannot be sent: the session is ${this.#phase}`);
    const last = this.#due.at(-1);
    if (last === undefined) return;
    if (ENDS_GROUP.has(last) || !this.#extensions.has('PIPELINING')) {
      throw new Error(`${command} cannot be sent before the reply to ${last}`);
    }
  }

  #expectContent(): void {
    if (this.#phase !== 'content')
      throw new Error('content can be sent only after DATA was answered with 354');
  }

  /** RFC 2033 4.2: in LMTP each accepted recipient gets a reply. */
  #awaitContent(): void {
    const replies = this.#lmtp ? this.#recipients : 1;
    for (let i = 0; i < replies; i++) this.#due.push('content');
    this.#recipients = 0;
  }

  #reply(reply: ReceivedReply): void {
    const to = this.#due.shift();
    if (to === undefined) {
      // RFC 5321 3.8: a server may send 421 at any time, and must then close the connection.
      const reason = reply.code === 421 ? 'server' : 'protocol';
      this.#close(reason, `a reply came that no command asked for: ${reply.toString()}`);
      return;
    }
    const meaning = meaningOf(to, reply.code);
    if (meaning === null) {
      this.#close('protocol', `a reply came that does not answer ${to}: ${reply.toString()}`);
      return;
    }
    this.#events.push({ type: 'reply', to, meaning, reply });
    if (reply.code === 421) this.#close('server', reply.toString());
    else if (meaning === 'more') this.#more(to);
    else if (meaning === 'done') this.#done(to, reply);
  }

  #more(to: Awaited): void {
    if (to === 'AUTH') this.#phase = 'challenged';
    else {
      this.#phase = 'content';
      this.#stuffer = new DotStuffer();
    }
  }

  #done(to: Awaited, reply: ReceivedReply): void {
    switch (to) {
      case 'EHLO':
      case 'LHLO':
        this.#extensions = extensionsOf(reply);
        return;
      case 'HELO':
        this.#extensions = new Map();
        return;
      case 'STARTTLS':
        this.#phase = 'securing';
        this.#events.push(SECURE);
        return;
      case 'MAIL':
      case 'RSET':
        this.#recipients = 0;
        return;
      case 'RCPT':
        this.#recipients++;
        return;
      case 'QUIT':
        this.#close('quit', reply.toString());
        return;
      default:
        return;
    }
  }

  #close(reason: ClientCloseReason, detail: string): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#reader.stop();
    this.#events.push({ type: 'close', reason, detail });
  }
}

function base64(text: string): string {
  return encodeBase64(encodeUtf8(text));
}

/** @throws TypeError if the word has a character that would end it, or the line. */
function oneWord(word: string): string {
  if (word === '' || /[\0-\x20\x7f]/.test(word)) {
    throw new TypeError(`${JSON.stringify(word)} is not one word of a command`);
  }
  return word;
}

function withParameters(command: string, parameters: readonly string[]): string {
  return [command.trimEnd(), ...parameters.map(oneWord)].join(' ');
}
