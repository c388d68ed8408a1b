import { ContentDecoder } from './content.js';
import type { CloseReason, Event, Hello, Question, Verdict } from './events.js';
import { decodeBase64, encodeBase64 } from './grammar/base64.js';
import { LineDecoder } from './line.js';
import { concat } from './octets.js';
import type {
  Authenticating,
  Data,
  Identity,
  Link,
  Phase,
  Ready,
  Transaction,
  Unsolicited,
} from './phases.js';
import type { Profile } from './profile.js';
import type { Reply } from './reply.js';
import { reply } from './replies.js';
import type { SaslStep } from './sasl/mechanism.js';
import { advance } from './transitions.js';
import { type Command, type CommandPhase, type Verb, VERBS } from './verbs.js';

const NEED_OCTETS: Event = Object.freeze({ type: 'needOctets' });
const NEED_VERDICT: Event = Object.freeze({ type: 'needVerdict' });
const CLOSED: Event = Object.freeze({ type: 'closed' });
const NOTHING = new Uint8Array(0);

/** A phase in which command lines are read. */
type Commanding<Principal> = Extract<Phase<Principal>, { kind: CommandPhase }>;

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
 * What each verb needs stands in `verbs.ts`, what each phase leads to in `transitions.ts`.
 */
export class ServerSession<Principal> {
  #phase: Phase<Principal>;
  /** The question that waits for its verdict. */
  #question: Question | null = null;
  /** Notices to tell before anything else is read, oldest first. */
  #notices: Event[] = [];

  #input: Uint8Array = NOTHING;
  #offset = 0;
  readonly #line = new LineDecoder();
  #output: Uint8Array[] = [];

  /** Why the content that comes will be refused at its end; null while it is not. */
  #refusal: Reply | null = null;
  #contentSize = 0;
  /** Commands refused since the last accepted message. */
  #errors = 0;
  /** The line before this one was a DATA that was refused. */
  #dataRefused = false;
  /** The peer will send nothing more. */
  #ended = false;
  /** Said as soon as no transaction is in hand. */
  #farewell: Reply | null = null;

  /**
   * @param profile shared by all sessions of a listener.
   * @param address the client's address, as text.
   * @param link whether the octets come out of TLS already.
   */
  constructor(
    private readonly profile: Profile,
    private readonly address: string,
    link: Link,
  ) {
    this.#phase = { kind: 'connecting', link };
  }

  // ---- what the server may look at

  get phase(): Phase<Principal>['kind'] {
    return this.#phase.kind;
  }

  /** Who is on the other side, as far as it is proven. */
  get identity(): Identity<Principal> {
    return 'identity' in this.#phase ? this.#phase.identity : { kind: 'anonymous' };
  }

  /** The open transaction, or null. */
  get transaction(): Transaction | null {
    return 'transaction' in this.#phase ? this.#phase.transaction : null;
  }

  /** How the client greeted, or null before it did. */
  get hello(): Hello | null {
    return 'hello' in this.#phase ? this.#phase.hello : null;
  }

  /** True in the middle of a command line or a SASL line. */
  get inLine(): boolean {
    return this.#line.inLine;
  }

  // ---- octets in

  /** Takes any piece of the stream. The machine keeps a view of it until {@link next} has used it up. */
  receive(octets: Uint8Array): void {
    if (this.#phase.kind === 'closed') return;
    const rest = this.#input.length - this.#offset;
    this.#input = rest === 0 ? octets : concat([this.#input.subarray(this.#offset), octets]);
    this.#offset = 0;
  }

  /** Octets received and not yet read. */
  get unread(): number {
    return this.#input.length - this.#offset;
  }

  /**
   * The peer will send nothing more. What it sent before is read on and answered; then the session closes.
   * A line or a message without its end is given up, never run.
   */
  end(): void {
    this.#ended = true;
  }

  /** The peer is gone. Nothing more is read; a message that had come whole still waits for its verdict. */
  vanish(): void {
    this.#close('peer');
  }

  /** Hands over what was received and not read: after `secure`, the first octets of the handshake may be there. */
  takeUnread(): Uint8Array {
    const unread = this.#input.subarray(this.#offset);
    this.#dropInput();
    return unread;
  }

  /** The handshake that `secure` asked for is done. Whatever came before it is forgotten (RFC 3207 4.2). */
  secured(): void {
    this.#dropInput();
    this.#phase = advance(this.#phase, 'secured');
  }

  // ---- events out

  /** Octets of replies that {@link output} would give. */
  get unsent(): number {
    let length = 0;
    for (const piece of this.#output) length += piece.length;
    return length;
  }

  /** The next event. Call it until it says that it needs something, or is closed. */
  next(): Event {
    for (;;) {
      if (this.#notices.length > 0) return this.#notices.shift() ?? CLOSED;
      if (this.#question !== null) return NEED_VERDICT;
      const phase = this.#phase;
      let event: Event | null;
      switch (phase.kind) {
        case 'connecting':
          event = this.#ask({ type: 'connect' });
          break;
        case 'closed':
          return CLOSED;
        case 'securing':
          event = NEED_OCTETS;
          break;
        case 'data':
        case 'unsolicited':
          event = this.#readContent(phase);
          break;
        default:
          event = this.#readLine(phase);
      }
      if (event === NEED_OCTETS) {
        if (this.#ended) this.#close('peer');
        else return event;
      } else if (event !== null) return event;
    }
  }

  /** Answers the question that {@link next} gave last. */
  answer(verdict: Verdict<Principal>): void {
    const question = this.#question;
    // The connection went away while the verdict was made: nobody is there to hear it.
    if (this.#phase.kind === 'closed') return;
    if (question === null) throw new Error('no question waits for a verdict');
    this.#question = null;
    if (verdict.type === 'refuse') this.#refused(question, verdict.reply);
    else this.#accepted(question, verdict);
    this.#sayFarewell();
  }

  /** The replies to write now, in one piece; null where there are none. */
  output(): Uint8Array | null {
    const pieces = this.#output;
    const [first] = pieces;
    if (first === undefined) return null;
    this.#output = [];
    return pieces.length === 1 ? first : concat(pieces);
  }

  // ---- from the server's side

  /** Refuses the content in hand: it is read to its true end, and gets this reply there. */
  refuseContent(refusal: Reply): void {
    const phase = this.#phase;
    if (phase.kind !== 'data' || this.#refusal !== null) return;
    this.#refusal = refusal;
    phase.decoder.swallow();
    this.#notices.push({ type: 'abort', reason: 'refused' });
  }

  /** Ends the session at the end of the transaction in hand, or at once where there is none. */
  shutdown(farewell: Reply): void {
    this.#farewell = farewell;
    if (this.#question === null) this.#sayFarewell();
  }

  /** Ends the session now, whatever is in hand. */
  terminate(farewell: Reply, reason: CloseReason): void {
    if (this.#phase.kind === 'closed') return;
    if (this.#phase.kind !== 'securing') this.#say(farewell);
    this.#close(reason);
  }

  // ---- lines

  #readLine(phase: Commanding<Principal> | Authenticating<Principal>): Event | null {
    const { limits } = this.profile;
    // One length for both kinds of line, since which it is shows in the line.
    const step = this.#line.next(this.#input, this.#offset, limits.authLine, limits.swallowedLine);
    this.#advanceTo(this.#line.position);
    switch (step) {
      case 'more':
        return NEED_OCTETS;
      case 'endless':
        return this.#hangUp(reply('lineNeverEnds'), 'protocol');
      case 'bareNewline':
        return this.#refuseLine(phase, reply('bareNewline'));
      case 'tooLong':
        return this.#refuseLine(
          phase,
          phase.kind === 'authenticating'
            ? reply('authLineTooLong', { limit: limits.authLine })
            : reply('lineTooLong', { limit: limits.commandLine }),
        );
      case 'line':
        return phase.kind === 'authenticating'
          ? this.#sasl(phase, this.#line.text)
          : this.#command(phase, this.#line.text);
    }
  }

  /** A line that is no line. Inside AUTH it ends the exchange: its reply is the exchange's one reply. */
  #refuseLine(phase: Phase<Principal>, refusal: Reply): Event | null {
    if (phase.kind === 'authenticating') this.#phase = advance(phase, 'saslOver');
    return this.#refuse(phase.kind === 'authenticating' ? 'AUTH' : '', refusal);
  }

  #command(phase: Commanding<Principal>, line: string): Event | null {
    const space = line.indexOf(' ');
    const name = (space < 0 ? line : line.slice(0, space)).toUpperCase();
    const argument = space < 0 ? '' : line.slice(space + 1).trim();
    const dataRefused = this.#dataRefused;
    this.#dataRefused = false;

    const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
    if (verb === undefined) return this.#unknown(phase, line, dataRefused);
    const limit =
      verb.line === 'authLine' ? this.profile.limits.authLine : this.profile.limits.commandLine - 2;
    if (line.length > limit) return this.#refuse(name, this.#tooLong(verb));
    // eslint-disable-next-line no-control-regex -- printable ASCII is what is let through
    if (verb.raw !== true && /[^ -~]/.test(line)) return this.#refuse(name, reply('unprintable'));

    const early = this.#outOfOrder(phase, name, verb);
    if (early !== null) {
      this.#dataRefused = name === 'DATA';
      return this.#refuse(name, early);
    }
    const command = verb.parse(argument, {
      extended: 'hello' in phase && phase.hello.verb === 'EHLO',
      smtputf8: 'transaction' in phase && phase.transaction.parameters.smtputf8 === true,
      limits: this.profile.limits,
    });
    return 'verb' in command ? this.#run(phase, command) : this.#refuse(name, command);
  }

  #tooLong(verb: Verb): Reply {
    const { commandLine, authLine } = this.profile.limits;
    return verb.line === 'authLine'
      ? reply('authLineTooLong', { limit: authLine })
      : reply('lineTooLong', { limit: commandLine });
  }

  /** Why a verb may not come now, or null. */
  #outOfOrder(phase: Commanding<Principal>, name: string, verb: Verb): Reply | null {
    if (this.profile.tlsRequired && phase.link === 'plain' && verb.beforeTls !== true)
      return reply('tlsRequired');
    const refusal = verb.refusedIn?.[phase.kind];
    if (refusal !== undefined) {
      return refusal === 'notInTransaction' ? reply(refusal, { verb: name }) : reply(refusal);
    }
    // RFC 5321 2.2.1: HELO turns every extension off.
    if (verb.extension === true && 'hello' in phase && phase.hello.verb === 'HELO')
      return reply('helloFirst');
    if (verb.needsAuth === true && this.profile.authRequired && this.identity.kind === 'anonymous') {
      return reply('authRequired');
    }
    return null;
  }

  /** A line whose first word is no verb. */
  #unknown(phase: Commanding<Principal>, line: string, dataRefused: boolean): Event | null {
    if (line.length > this.profile.limits.commandLine - 2) {
      return this.#refuse('', reply('lineTooLong', { limit: this.profile.limits.commandLine }));
    }
    // A client that did not wait for 354 goes on with its message: header fields. Run as commands, lines of
    // its text would be commands of whoever wrote the text.
    if (dataRefused && phase.kind !== 'greeted' && /^[!-9;-~]+:/.test(line)) {
      const decoder = new ContentDecoder(this.profile.bareNewlines, this.profile.scan);
      decoder.swallow();
      if (phase.kind !== 'ready') this.#notices.push({ type: 'reset' });
      this.#phase = advance(phase, 'unsolicitedBegun', { decoder, refusal: reply('unsolicitedBody') });
      return null;
    }
    // A browser or a proxy that was led here (cross-protocol requests): nothing after it is a command.
    if (HTTP.test(line)) return this.#hangUp(reply('notSmtp'), 'protocol');
    return this.#refuse('', reply('notRecognized'));
  }

  #run(phase: Commanding<Principal>, command: Command): Event | null {
    switch (command.verb) {
      case 'EHLO':
      case 'HELO':
        return this.#ask({ type: 'hello', hello: command });
      case 'MAIL':
        return this.#ask({
          type: 'mail',
          reversePath: command.reversePath,
          parameters: command.parameters,
        });
      case 'RCPT':
        if (phase.kind === 'rcpt' && phase.recipients >= this.profile.limits.recipients) {
          return this.#refuse('RCPT', reply('tooManyRecipients', { limit: this.profile.limits.recipients }));
        }
        return this.#ask({
          type: 'rcpt',
          forwardPath: command.forwardPath,
          parameters: command.parameters,
        });
      case 'DATA':
        return this.#ask({ type: 'data' });
      case 'STARTTLS':
        if (phase.link === 'tls') return this.#refuse('STARTTLS', reply('alreadySecure'));
        if (!this.profile.starttls)
          return this.#refuse('STARTTLS', reply('notImplemented', { verb: 'STARTTLS' }));
        return this.#ask({ type: 'starttls' });
      case 'AUTH':
        return this.#auth(phase as Ready<Principal>, command.mechanism, command.initialResponse);
      case 'RSET':
        this.#forgetTransaction(phase);
        if (phase.kind !== 'greeted') this.#phase = advance(phase, 'reset');
        return this.#say(reply('ok'));
      case 'NOOP':
        return this.#say(reply('ok'));
      case 'VRFY':
        return this.#say(reply('cannotVerify'));
      case 'HELP':
        return this.#say(reply('help', { commands: Object.keys(VERBS).join(' ') }));
      case 'QUIT':
        return this.#hangUp(reply('bye'), 'quit');
    }
  }

  // ---- AUTH, RFC 4954

  #auth(phase: Ready<Principal>, name: string, initialResponse: string | null): Event | null {
    if (this.profile.tlsRequired && phase.link === 'plain')
      return this.#refuse('AUTH', reply('authNeedsTls'));
    if (this.profile.mechanisms.size === 0)
      return this.#refuse('AUTH', reply('notImplemented', { verb: 'AUTH' }));
    if (phase.identity.kind === 'authenticated') return this.#refuse('AUTH', reply('alreadyAuthenticated'));
    const mechanism = this.profile.mechanisms.get(name);
    if (mechanism === undefined) return this.#refuse('AUTH', reply('unknownMechanism'));

    let initial: string | null = null;
    if (initialResponse !== null) {
      // RFC 4954 4: a single "=" is an initial response that is empty.
      initial = initialResponse === '=' ? '' : decodeBase64(initialResponse);
      if (initial === null) return this.#refuse('AUTH', reply('badBase64'));
    }
    const exchange = mechanism.begin();
    const next = advance(phase, 'saslBegun', { mechanism: name, exchange });
    this.#phase = next;
    return this.#saslStep(next as Authenticating<Principal>, exchange.start(initial));
  }

  #sasl(phase: Authenticating<Principal>, line: string): Event | null {
    const refusal = line === '*' ? reply('authAborted') : null;
    const response = refusal === null ? decodeBase64(line) : null;
    if (response === null) return this.#refuseLine(phase, refusal ?? reply('badBase64'));
    return this.#saslStep(phase, phase.exchange.respond(response));
  }

  #saslStep(phase: Authenticating<Principal>, step: SaslStep): Event | null {
    switch (step.kind) {
      case 'challenge':
        return this.#say(reply('challenge', { challenge: encodeBase64(step.text) }));
      case 'credentials':
        return this.#ask({ type: 'auth', mechanism: phase.mechanism, credentials: step.credentials });
      case 'fault':
        return this.#refuseLine(phase, reply('badCredentials', { reason: step.reason }));
    }
  }

  // ---- content

  #readContent(phase: Data<Principal> | Unsolicited<Principal>): Event | null {
    const { decoder } = phase;
    const step = decoder.next(this.#input, this.#offset);
    this.#advanceTo(decoder.position);
    switch (step) {
      case 'more':
        return NEED_OCTETS;
      case 'slice':
        return this.#content(decoder.slice);
      case 'fault':
        if (decoder.fault !== null) this.refuseContent(reply('bareNewlineInContent', decoder.fault));
        return null;
      case 'end':
        if (phase.kind === 'unsolicited') {
          this.#phase = advance(phase, 'unsolicitedOver');
          return this.#refuse('DATA', phase.refusal);
        }
        if (this.#refusal === null) return this.#ask({ type: 'end', size: this.#contentSize });
        this.#phase = advance(phase, 'dataOver');
        this.#refuse('DATA', this.#refusal);
        this.#sayFarewell();
        return null;
    }
  }

  #content(octets: Uint8Array): Event | null {
    this.#contentSize += octets.length;
    const limit = this.profile.limits.messageSize;
    if (this.#contentSize <= limit) return { type: 'content', octets };
    this.refuseContent(reply('sizeExceeded', { limit }));
    return null;
  }

  // ---- verdicts

  #accepted(question: Question, verdict: Exclude<Verdict<Principal>, { type: 'refuse' }>): void {
    const phase = this.#phase;
    const own = verdict.type === 'accept' ? verdict.reply : undefined;
    switch (question.type) {
      case 'connect':
        if (this.unread > 0 && this.profile.refuseEarlyTalkers) {
          this.#refuse('', reply('earlyTalker'));
          this.#close('protocol');
          return;
        }
        this.#phase = advance(phase, 'welcomed');
        this.#say(own ?? this.profile.greeting);
        return;
      case 'hello':
        this.#forgetTransaction(phase);
        this.#phase = advance(phase, 'hello', question.hello);
        this.#say(
          this.profile.hello(question.hello.verb, this.address, (this.#phase as Ready<Principal>).link),
        );
        return;
      case 'starttls':
        this.#phase = advance(phase, 'startTls');
        this.#say(reply('readyForTls'));
        this.#line.drop();
        this.#notices.push({ type: 'secure' });
        return;
      case 'auth':
        if (verdict.type !== 'authenticate') throw new Error('auth is answered with authenticate or refuse');
        this.#phase = advance(phase, 'authenticated', { principal: verdict.principal });
        this.#say(reply('authenticated'));
        return;
      case 'mail':
        this.#phase = advance(phase, 'mailAccepted', {
          reversePath: question.reversePath,
          parameters: question.parameters,
        });
        this.#say(own ?? reply('senderOk'));
        return;
      case 'rcpt':
        this.#phase = advance(phase, 'rcptAccepted');
        this.#say(own ?? reply('recipientOk'));
        return;
      case 'data':
        this.#refusal = null;
        this.#contentSize = 0;
        this.#phase = advance(phase, 'dataBegun', {
          decoder: new ContentDecoder(this.profile.bareNewlines, this.profile.scan),
        });
        this.#say(reply('startMail'));
        return;
      case 'end':
        this.#errors = 0;
        this.#phase = advance(phase, 'dataOver');
        this.#say(own ?? reply('accepted'));
        return;
    }
  }

  #refused(question: Question, refusal: Reply): void {
    const phase = this.#phase;
    if (question.type === 'auth') this.#phase = advance(phase, 'saslOver');
    if (question.type === 'end') this.#phase = advance(phase, 'dataOver');
    if (question.type === 'data') this.#dataRefused = true;
    this.#refuse(COMMAND_OF[question.type], refusal);
    // RFC 5321 3.1: a client that is turned away at the door may not go on.
    if (question.type === 'connect') this.#close('refused');
  }

  // ---- small steps

  #ask(question: Question): Event {
    this.#question = question;
    return question;
  }

  #say(reply: Reply): null {
    this.#output.push(reply.octets);
    return null;
  }

  /** Says no, tells it, and counts it. */
  #refuse(command: string, refusal: Reply): null {
    this.#notices.push({ type: 'refused', command, reply: refusal });
    if (refusal.code >= 500 && ++this.#errors >= this.profile.limits.errors) {
      return this.#hangUp(reply('tooManyErrors'), 'errors');
    }
    // RFC 5321 3.8: with 421 the server closes.
    return refusal.code === 421 ? this.#hangUp(refusal, 'refused') : this.#say(refusal);
  }

  #hangUp(farewell: Reply, reason: CloseReason): null {
    this.#say(farewell);
    this.#close(reason);
    return null;
  }

  #sayFarewell(): void {
    const phase = this.#phase;
    if (this.#farewell === null || 'transaction' in phase || phase.kind === 'closed') return;
    if (phase.kind !== 'securing') this.#say(this.#farewell);
    this.#close('shutdown');
  }

  #close(reason: CloseReason): void {
    const phase = this.#phase;
    if (phase.kind === 'closed') return;
    if (phase.kind === 'data') {
      // Once it has come whole, the message is in the hands of the verdict, heard or not (RFC 5321 6.1).
      if (this.#refusal === null && this.#question?.type !== 'end') {
        this.#notices.push({ type: 'abort', reason: 'disconnected' });
      }
    } else {
      this.#forgetTransaction(phase);
    }
    this.#phase = advance(phase, 'closed');
    this.#dropInput();
    this.#notices.push({ type: 'close', reason });
  }

  #forgetTransaction(phase: Phase<Principal>): void {
    if (phase.kind === 'mail' || phase.kind === 'rcpt') this.#notices.push({ type: 'reset' });
  }

  /** Everything before `offset` is used up. What is used up whole is let go: an idle session holds no input. */
  #advanceTo(offset: number): void {
    if (offset < this.#input.length) this.#offset = offset;
    else {
      this.#input = NOTHING;
      this.#offset = 0;
    }
  }

  #dropInput(): void {
    this.#input = NOTHING;
    this.#offset = 0;
    this.#line.drop();
  }
}

// First words of HTTP requests and of their header fields. None is a verb.
const HTTP = /^(?:(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|PRI)(?: |$)|[!-9;-~]+:(?: |$))/;

const COMMAND_OF: Readonly<Record<Question['type'], string>> = {
  connect: 'connect',
  hello: 'EHLO',
  starttls: 'STARTTLS',
  auth: 'AUTH',
  mail: 'MAIL',
  rcpt: 'RCPT',
  data: 'DATA',
  end: 'DATA',
};
