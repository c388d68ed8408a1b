import { beginChunk, beginUnsolicited, contentEnded } from './content/outcome.js';
import type { CloseReason, Event, Hello, Question, Verdict } from './events.js';
import { CLOSED, NEED_OCTETS, NEED_VERDICT, REFUSED_CONTENT } from './events.js';
import { Inbox } from './inbox.js';
import type { Link } from './link.js';
import { type AskedMeaning, commandLine, followsOf, verbIn } from './commands/asked.js';
import { interpret, Refused, unreadable } from './commands/interpret.js';
import { Outbox, type Reword } from './outbox.js';
import type {
  Authenticating,
  Commanding,
  Consequence,
  Identity,
  Phase,
  PhaseKind,
  Ready,
  Receiving,
  Transaction,
} from './state/phases.js';
import type { Profile } from './profile.js';
import { consequenceOf, lossOf, resetBy } from './state/questions.js';
import type { Reply } from './replies/reply.js';
import { reply } from './replies/catalogue.js';
import { beginSasl, continueSasl, saslOver } from './sasl/exchange.js';
import { advance, connecting } from './state/transitions.js';

/**
 * The server's half of one SMTP session, as a plain object: octets in, events and reply octets out. It has
 * no socket, no timer and no clock.
 *
 *     receive(octets) ──► next() ──► a Question ──► answer(verdict) ──► next() ...
 *                           │                                             │
 *                           └──► a Notice                    output() ◄───┘
 *
 * However the stream is cut into `receive` calls, the events and the reply octets are the same. A question
 * stops the reading until it is answered; replies leave in the order of the commands, one each.
 *
 * `commands/verbs.ts` and the files of `extensions/` have what is peculiar to each verb, `commands/interpret.ts` finds
 * the meaning of a line, `state/transitions.ts` has every change of phase.
 */
export class ServerSession<Principal> {
  #phase: Phase<Principal>;
  /** The question that waits for its verdict. */
  #question: Question | null = null;

  readonly #inbox: Inbox;
  /** Its notices are returned before anything else is read. */
  readonly #outbox: Outbox;

  /** MAIL commands that could be read, accepted or not (RFC 9422 4.1). */
  #mails = 0;
  /** The last command was a DATA that was refused. */
  #dataRefused = false;
  /** The peer will send nothing more. */
  #ended = false;
  /** Said as soon as no transaction is in hand. */
  #farewell: Reply | null = null;
  /** What the line that was asked about means, until it is carried out or answered. */
  #asked: AskedMeaning | null = null;

  /**
   * @param profile shared by all sessions of a listener.
   * @param address the client's address, as text; set anew before a yes to `xclient`.
   * @param link whether the octets come out of TLS already.
   */
  constructor(
    private readonly profile: Profile,
    public address: string,
    link: Link,
  ) {
    this.#inbox = new Inbox(profile.toText);
    this.#outbox = new Outbox(profile);
    this.#phase = connecting(link);
  }

  /** Changes replies before they are sent. Default: null, they stay as they are. */
  set reword(reword: Reword | null) {
    this.#outbox.reword = reword;
  }

  get phase(): PhaseKind {
    return this.#phase.kind;
  }

  /** The identity of the client, as far as it is proven. */
  get identity(): Identity<Principal> {
    return this.#phase.identity ?? { kind: 'anonymous' };
  }

  /** The open transaction, or null. */
  get transaction(): Transaction | null {
    return this.#phase.transaction;
  }

  /** How the client greeted, or null before it did. */
  get hello(): Hello | null {
    return this.#phase.hello;
  }

  /** True in the middle of a command line or a SASL line. */
  get inLine(): boolean {
    return this.#inbox.inLine;
  }

  // ---- octets in

  /** Takes any piece of the stream. The machine keeps a view of it until {@link next} has used it up. */
  receive(octets: Uint8Array): void {
    if (this.#phase.kind !== 'closed') this.#inbox.push(octets);
  }

  /** Octets received and not yet read. */
  get unread(): number {
    return this.#inbox.length;
  }

  /**
   * Ends the input. The octets that came before are still read and answered; then the session closes. A line or a
   * message without its end is dropped, never run.
   */
  end(): void {
    this.#ended = true;
  }

  /** The peer is gone: nothing more is read, no verdict is heard. A message that came whole is the handler's still. */
  vanish(): void {
    this.#close('peer');
  }

  /** Hands over what was received and not read: after `secure`, the first octets of the handshake may be there. */
  takeUnread(): Uint8Array {
    return this.#inbox.take();
  }

  /**
   * The handshake that `secure` asked for is done. Whatever came before it is forgotten (RFC 3207 4.2).
   * With a refusal the link is not secure enough, and every command but QUIT gets it (RFC 3207 4.1).
   */
  secured(link: Exclude<Link, 'plain'> = 'tls', refusal: Reply | null = null): void {
    this.#inbox.drop();
    if (refusal === null) this.#phase = advance.secured(this.#phase, { link });
    else this.#phase = advance.insecure(this.#phase, { link, refusal });
  }

  // ---- events out

  /** Octets of replies that {@link output} would give. */
  get unsent(): number {
    return this.#outbox.unsent;
  }

  /** The next event. Call it until it says that it needs something, or is closed. */
  next(): Event {
    for (;;) {
      const notice = this.#outbox.nextNotice();
      if (notice !== undefined) return notice;
      if (this.#phase.kind === 'closed') return CLOSED;
      if (this.#question !== null) return NEED_VERDICT;
      const event = this.#read(this.#phase);
      if (event === NEED_OCTETS) {
        if (!this.#ended) return event;
        this.#close('peer');
      } else if (event !== null) return event;
      else this.#sayFarewell();
    }
  }

  /** Reads on, up to one event. Null where something was done that makes none, or where notices wait. */
  #read(phase: Exclude<Phase<Principal>, { kind: 'closed' }>): Event | null {
    switch (phase.kind) {
      case 'connecting':
        return this.#ask({ type: 'connect' });
      case 'securing':
        return NEED_OCTETS;
      case 'data':
      case 'chunk':
      case 'discarding':
      case 'unsolicited':
        return this.#readContent(phase);
      default:
        return this.#readLine(phase);
    }
  }

  /**
   * Answers the question that {@link next} returned last.
   *
   * @throws Error if no question waits, or if the verdict does not fit it: bugs of the caller.
   */
  answer(verdict: Verdict<Principal>): void {
    // The connection closed while the verdict was made: there is no client to answer.
    if (this.#phase.kind === 'closed') return;
    const question = this.#question;
    if (question === null) throw new Error('no question waits for a verdict');
    const next = consequenceOf(question, verdict, this.#phase, this.profile, this.address);
    this.#question = null;
    if (question.type === 'command') this.#answered(next);
    else this.#decided(question, next);
    this.#sayFarewell();
  }

  /** Returns the replies to write now, in one piece; null without any. */
  output(): Uint8Array | null {
    return this.#outbox.take();
  }

  // ---- from the server's side

  /** Refuses the content in hand: it is read to its true end, and gets this reply there. */
  refuseContent(refusal: Reply): void {
    const phase = this.#phase;
    if (phase.kind !== 'data' && phase.kind !== 'chunk') return;
    // Content that has come whole is refused by its verdict.
    if (phase.reception.refusal !== null || this.#question !== null) return;
    phase.reception.refuse(refusal);
    this.#outbox.notify(REFUSED_CONTENT);
  }

  /** Ends the session at the end of the open transaction, or at once if no transaction is open. */
  shutdown(farewell: Reply): void {
    this.#farewell = farewell;
    if (this.#question === null) this.#sayFarewell();
  }

  /** Ends the session now, whatever is in hand. */
  terminate(farewell: Reply, reason: CloseReason): void {
    if (this.#phase.kind === 'closed') return;
    if (this.#phase.kind !== 'securing') this.#outbox.say(farewell, '');
    this.#close(reason);
  }

  // ---- lines

  #readLine(phase: Commanding<Principal> | Authenticating<Principal>): Event | null {
    const { profile } = this;
    if (this.#asked !== null && phase.kind !== 'authenticating') {
      const meaning = this.#asked;
      this.#asked = null;
      return this.#carryOut(phase, meaning);
    }
    // One length for both kinds of line, since which it is shows in the line.
    const step = this.#inbox.readLine(profile.longestLine, profile.limits.swallowedLine);
    switch (step) {
      case 'more':
        return NEED_OCTETS;
      case 'endless':
        return this.#hangUp(reply('lineNeverEnds'), 'protocol');
      case 'bareNewline':
      case 'tooLong': {
        const refused = unreadable(step, phase, this.#inbox.line, profile, this.#dataRefused);
        // Inside AUTH it ends the exchange: its reply is the exchange's one reply.
        if (phase.kind === 'authenticating') return this.#apply(saslOver(phase, refused.reply));
        this.#outbox.verb = refused.verb;
        profile.meter?.command(refused.verb);
        return this.#refuseCommand(phase, refused);
      }
      case 'line':
        if (phase.kind !== 'authenticating') return this.#obey(phase, this.#inbox.line);
        return this.#apply(continueSasl(this.#inbox.line, phase, profile));
    }
  }

  #refuseCommand(phase: Commanding<Principal>, { verb, reply, follows }: Refused): Event | null {
    this.#dataRefused = verb === 'DATA';
    if (follows === null) return this.#refuse(verb, reply);
    if (follows !== 'unknown') return this.#apply(beginChunk(phase, follows, reply, this.profile));
    this.#refuse(verb, reply);
    this.#close('protocol');
    return null;
  }

  #obey(phase: Commanding<Principal>, line: string): Event | null {
    const meaning = interpret(line, phase, this.profile, this.#dataRefused);
    this.#dataRefused = false;
    this.profile.meter?.command(typeof meaning === 'object' ? meaning.verb : '');
    // Few listeners need it, and it takes longer than all the rest of a NOOP (bench/micro/session.mjs).
    if (this.profile.asksCommands || this.#outbox.reword !== null)
      this.#outbox.verb = meaning === 'body' ? 'DATA' : verbIn(line);
    if (meaning === 'body') return this.#apply(beginUnsolicited(phase, this.profile));
    if (!this.profile.asksCommands) return this.#carryOut(phase, meaning);
    this.#asked = meaning;
    return this.#ask({ type: 'command', command: commandLine(line) });
  }

  #carryOut(phase: Commanding<Principal>, meaning: AskedMeaning): Event | null {
    const { messages } = this.profile.limits;
    if (typeof meaning === 'object' && meaning.verb === 'MAIL' && ++this.#mails > messages && messages > 0) {
      return this.#refuse('MAIL', reply('tooManyMessages', { limit: messages }));
    }
    if (meaning instanceof Refused) return this.#refuseCommand(phase, meaning);
    if (meaning === 'notSmtp') return this.#hangUp(reply('notSmtp'), 'protocol');
    switch (meaning.verb) {
      case 'AUTH':
        return this.#apply(beginSasl(meaning, phase as Ready<Principal>, this.profile));
      case 'BDAT':
        return this.#apply(beginChunk(phase, meaning.chunk, null, this.profile));
      case 'RSET':
        return this.#apply(resetBy(phase));
      case 'QUIT':
        return this.#hangUp(reply('bye'), 'quit');
      default:
        return 'question' in meaning ? this.#ask(meaning.question) : this.#say(meaning.answer);
    }
  }

  // ---- content

  #readContent(phase: Receiving<Principal>): Event | null {
    const { reception } = phase;
    switch (this.#inbox.readContent(reception)) {
      case 'more':
        return NEED_OCTETS;
      case 'content':
        // These octets are the last below the limit.
        if (reception.refusal !== null) this.#outbox.notify(REFUSED_CONTENT);
        return { type: 'content', octets: reception.slice };
      case 'refused':
        return REFUSED_CONTENT;
      case 'end':
        return this.#apply(contentEnded(phase, this.profile));
    }
  }

  // ---- verdicts

  /** A verdict on a command: nothing keeps it from being carried out, or it has its answer. */
  #answered({ replies }: Consequence<Principal>): void {
    const meaning = this.#asked;
    const [own] = replies;
    if (own === undefined || meaning === null) return;
    this.#asked = null;
    if (own.positive) {
      this.#say(own);
      if (own.closes) this.#close('refused');
      return;
    }
    const phase = this.#phase as Commanding<Principal>;
    this.#refuseCommand(phase, new Refused(this.#outbox.verb, own, followsOf(meaning)));
  }

  /** Any other verdict. */
  #decided({ type }: Question, next: Consequence<Principal>): void {
    const early = type === 'connect' && this.profile.refuseEarlyTalkers && this.#inbox.length > 0;
    if (early && next.refused === null) {
      this.#refuse('', reply('earlyTalker'));
      this.#close('protocol');
      return;
    }
    // No handshake is begun that the farewell would break off: it is the answer.
    if (type === 'starttls' && next.refused === null && this.#farewell !== null) return;
    this.#dataRefused = type === 'data' && next.refused === 'DATA';
    if (type === 'end' && next.replies.some(({ positive }) => positive)) this.#outbox.forgive();
    this.#apply(next);
  }

  #apply({ phase, notice, replies, refused, asks }: Consequence<Principal>): Event | null {
    this.#phase = phase;
    this.#outbox.notify(notice);
    if (refused !== null) return this.#refuse(refused, ...replies);
    for (const reply of replies) this.#outbox.say(reply);
    return asks === null ? null : this.#ask(asks);
  }

  #ask(question: Question): Event {
    this.#question = question;
    return question;
  }

  #say(reply: Reply): null {
    this.#outbox.say(reply);
    return null;
  }

  #refuse(command: string, ...replies: readonly Reply[]): null {
    const consequence = this.#outbox.refuse(command, replies);
    if (consequence === 'errors') return this.#hangUp(reply('tooManyErrors'), 'errors');
    // RFC 5321 3.8: with 421 the server closes.
    if (consequence === 'closes') this.#close('refused');
    return null;
  }

  #hangUp(farewell: Reply, reason: CloseReason): null {
    this.#say(farewell);
    this.#close(reason);
    return null;
  }

  #sayFarewell(): void {
    if (this.#farewell !== null && this.#phase.transaction === null)
      this.terminate(this.#farewell, 'shutdown');
  }

  #close(reason: CloseReason): void {
    const phase = this.#phase;
    if (phase.kind === 'closed') return;
    this.#outbox.notify(lossOf(phase, this.#question, 'disconnected'));
    this.#phase = advance.closed(phase);
    this.#inbox.drop();
    this.#outbox.notify({ type: 'close', reason });
  }
}
