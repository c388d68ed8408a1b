import {
  type AbortReason,
  ACCEPT,
  type Notice,
  type Question,
  refuse,
  Reply,
  reply,
  type Verdict,
  type XclientAttributes,
} from '../../protocol/parts.js';
import { ClientFault } from '../../base/client-fault.js';
import type { Admission } from '../admission/admission.js';
import { BodyStream } from './body.js';
import type {
  ContentSink,
  Decision,
  MessageDecision,
  Observer,
  Recipient,
  TransactionSession,
} from '../handler.js';
import { isPromise } from '../platform/promise.js';
import { Refusal, replyFor } from '../refusal.js';
import { originAfter } from '../admission/relay.js';
import type { ConnectionSession } from './session.js';
import { shown } from '../../base/shown.js';
import { notify } from './notify.js';
import { type ReverseLookup, nameOf } from '../reverse-lookup.js';
import { type Reword, reworded } from '../reword.js';
import type { Counters } from '../stats.js';
import type { AnyHandler } from '../any.js';
import { certificateProblem } from '../tls/facts.js';
import { Verifier } from '../auth/verifier.js';

/** A session in which the client has said hello and MAIL, and AUTH if the listener wants it. */
type SessionInTransaction<Principal> = ConnectionSession<Principal> &
  TransactionSession<Principal, object, true>;

type Answer<Principal> = Verdict<Principal> | Promise<Verdict<Principal>>;

/** The parts of a listener that its dialogues share. */
export interface DialogueContext<Principal> {
  readonly handler: AnyHandler<Principal>;
  /** The handler, and who else hears what happens. */
  readonly observers: readonly Observer<Principal>[];
  readonly admission: Admission;
  readonly counters: Counters;
  /** Null if replies stay as they are. */
  readonly reword: Reword<Principal> | null;
  /** Null if names are not looked up. */
  readonly reverseLookup: ReverseLookup | null;
  /** TLS is of no use without a client certificate that an authority vouches for. */
  readonly certificateRequired: boolean;
}

/**
 * Calls the handler of one session: questions become calls, and their results or errors become verdicts. It catches
 * every error of the handler.
 */
export class Dialogue<Principal> {
  #sink: ContentSink | null = null;
  /** A sink was asked for, and the transaction is there still. */
  #opening = false;
  /** Created by the first AUTH, since many connections never authenticate. */
  #verifier: Verifier<Principal> | null = null;
  private readonly handler: AnyHandler<Principal>;

  constructor(
    private readonly session: ConnectionSession<Principal>,
    private readonly context: DialogueContext<Principal>,
  ) {
    this.handler = context.handler;
  }

  /** A verdict, at once where the handler decides at once. */
  ask(question: Question): Answer<Principal> {
    const { handler } = this;
    // A question in a transaction has an envelope.
    const session = this.session as SessionInTransaction<Principal>;
    try {
      switch (question.type) {
        case 'connect':
          return this.#connect();
        case 'command':
          return this.#settle('onCommand', handler.onCommand?.(session, question.command));
        case 'hello':
          return this.#settle('onHello', handler.onHello?.(session, question.hello));
        case 'starttls':
          return ACCEPT;
        case 'lookup':
          return this.#verify().lookup(question);
        case 'auth':
          return this.#verify().verify(question);
        case 'mail':
          this.session.recipients = [];
          return this.#settle('onMail', handler.onMail?.(session, question.reversePath, question.parameters));
        case 'rcpt':
          return this.#rcpt(question);
        case 'xclient':
          return this.#startOver(question.client);
        case 'xforward':
          this.session.origin = originAfter(this.session.origin, question.origin);
          return ACCEPT;
        case 'data':
          return this.#openSink();
        case 'end':
          return this.#endSink();
      }
    } catch (error) {
      return refuse(this.replyTo(error));
    }
  }

  /** A handshake after STARTTLS is done. Returns the refusal if the listener or the handler rejects the result. */
  secured(): Reply | null | Promise<Reply | null> {
    const insecure = this.#insecure();
    if (insecure !== null) return insecure;
    const refusalIn = (verdict: Verdict<Principal>): Reply | null =>
      verdict.type === 'refuse' ? verdict.reply : null;
    try {
      const verdict = this.#settle('onSecure', this.handler.onSecure?.(this.session));
      return verdict instanceof Promise ? verdict.then(refusalIn) : refusalIn(verdict);
    } catch (error) {
      return this.replyTo(error);
    }
  }

  /** Returns the reply as the embedder wants it worded. */
  worded(reply: Reply, verb: string): Reply {
    const { reword } = this.context;
    if (reword === null) return reply;
    return reworded(reword, reply, { session: this.session, verb }, (error) => this.failed(error));
  }

  /** Passes octets of the content on. A promise holds the client back; it may reject. */
  content(octets: Uint8Array): Promise<void> | undefined {
    const held = this.#sink?.write(octets);
    return isPromise(held) ? Promise.resolve(held) : undefined;
  }

  /** Reports a notice to the handler. */
  notify(notice: Exclude<Notice, { type: 'content' | 'secure' | 'close' }>): void {
    switch (notice.type) {
      case 'abort':
        this.#abort(notice.reason);
        this.session.origin = null;
        return;
      case 'reset':
        this.session.recipients = [];
        this.#opening = false;
        // Its handler has disconnected, and then given it.
        if (this.#sink !== null) this.#abort('disconnected');
        this.#tellAll((observer) => observer.onReset?.(this.session));
        this.session.origin = null;
        return;
      case 'refused':
        this.context.counters.refused++;
        this.#tellAll((observer) => observer.onRefused?.(this.session, notice.command, notice.reply));
        return;
    }
  }

  closed(reason: string): void {
    this.#tellAll((observer) => observer.onClose?.(this.session, reason));
  }

  failed(error: Error): void {
    this.#tellAll((observer) => observer.onError?.(this.session, error));
  }

  /** Returns the reply for an error of the handler. If the client does not see all of it, `onError` gets it. */
  replyTo(error: unknown): Reply {
    if (!(error instanceof Refusal) || error.cause !== undefined) {
      this.failed(error instanceof Error ? error : new Error(String(error)));
    }
    return replyFor(error);
  }

  #tellAll(call: (observer: Observer<Principal>) => unknown): void {
    for (const observer of this.context.observers) notify(() => call(observer));
  }

  #verify(): Verifier<Principal> {
    this.#verifier ??= new Verifier(this.session, this.context, (error) => this.replyTo(error));
    return this.#verifier;
  }

  #rcpt({ forwardPath, parameters }: Extract<Question, { type: 'rcpt' }>): Answer<Principal> {
    const recipient = { forwardPath, parameters };
    const session = this.session as SessionInTransaction<Principal>;
    const answer = this.#settle('onRcpt', this.handler.onRcpt?.(session, forwardPath, parameters));
    if (!(answer instanceof Promise)) return this.#keep(recipient, answer);
    return answer.then((verdict) => this.#keep(recipient, verdict));
  }

  #keep(recipient: Recipient, verdict: Verdict<Principal>): Verdict<Principal> {
    if (verdict.type === 'accept') this.session.recipients.push(recipient);
    return verdict;
  }

  /** Another client, by the word of a relay: asks whether that is so, and then whether it may connect. */
  async #startOver(client: XclientAttributes): Promise<Verdict<Principal>> {
    const { handler, session } = this;
    const believed = await this.#settle('onXclient', handler.onXclient?.(session, client));
    if (believed.type === 'refuse') return believed;
    this.session.origin = null;
    return session.assume(client) ? this.#greet() : refuse(reply('tooManyConnections'));
  }

  /** A client is there: looks its name up, and asks about TLS, if it has that, and about the client. */
  #connect(): Answer<Principal> {
    const insecure = this.#insecure();
    if (insecure !== null) return refuse(insecure);
    this.context.counters.connections++;
    const { session } = this;
    const { reverseLookup } = this.context;
    if (reverseLookup === null) return this.#askAboutClient();
    return nameOf(reverseLookup, session.remoteAddress, session.signal).then((name) => {
      session.remoteName = name;
      return this.#askAboutClient();
    });
  }

  /** Returns the reply to everything from a client whose TLS is not enough here (RFC 3207 4.1), or null. */
  #insecure(): Reply | null {
    const { tls } = this.session;
    if (!this.context.certificateRequired || tls === null) return null;
    const problem = certificateProblem(tls);
    if (problem === null) return null;
    this.failed(new ClientFault(`a TLS client certificate is required: ${problem}`));
    return reply('certificateRequired', { problem });
  }

  #askAboutClient(): Answer<Principal> {
    const { handler, session } = this;
    if (session.tls === null || handler.onSecure === undefined) return this.#greet();
    const secure = this.#settle('onSecure', handler.onSecure(session));
    if (secure instanceof Promise) {
      return secure.then((verdict) => (verdict.type === 'refuse' ? verdict : this.#greet()));
    }
    return secure.type === 'refuse' ? secure : this.#greet();
  }

  #greet(): Answer<Principal> {
    const answer = this.#settle('onConnect', this.handler.onConnect?.(this.session));
    const greeted = (verdict: Verdict<Principal>): Verdict<Principal> => {
      if (verdict.type === 'accept') this.#tellAll((observer) => observer.onGreeted?.(this.session));
      return verdict;
    };
    return answer instanceof Promise ? answer.then(greeted) : greeted(answer);
  }

  #openSink(): Answer<Principal> {
    const { handler } = this;
    const session = this.session as SessionInTransaction<Principal>;
    this.#opening = true;
    if (handler.onContent === undefined) return this.#open(this.#bodySink());
    return this.#settleBy<ContentSink | Reply>((sink) => this.#open(sink), handler.onContent(session));
  }

  #open(sink: ContentSink | Reply): Verdict<Principal> {
    const isReply = sink instanceof Reply;
    if (isReply && !sink.positive) return refuse(sink);
    // Nothing is a yes anywhere else. Here it would be a message that is accepted, and lost.
    if (isReply || !isSink(sink)) {
      const expected = 'onContent: expected a Reply, or a sink with write, end and abort';
      return refuse(this.replyTo(new TypeError(`${expected}, got ${shown(sink)}`)));
    }
    if (this.#opening) this.#sink = sink;
    // The client has gone meanwhile: the verdict cannot be sent, and the sink must be notified.
    else notify(() => sink.abort('disconnected'));
    return ACCEPT;
  }

  #bodySink(): ContentSink {
    const { handler } = this;
    const session = this.session as SessionInTransaction<Principal>;
    return handler.onData === undefined ? DROP : new BodyStream((body) => handler.onData?.(session, body));
  }

  #endSink(): Answer<Principal> {
    const sink = this.#sink;
    this.#sink = null;
    const answer = this.#settleBy<Awaited<MessageDecision>>(
      (decision) => this.#noteAccepted(this.#verdictOnMessage(decision)),
      sink?.end(),
    );
    if (this.session.origin === null) return answer;
    // XFORWARD is about one message, which has been logged by now.
    const forget = (verdict: Verdict<Principal>): Verdict<Principal> => {
      this.session.origin = null;
      return verdict;
    };
    return answer instanceof Promise ? answer.then(forget) : forget(answer);
  }

  /** A decision as a verdict. A promise stays one; anything else is an answer in the same turn. */
  #settle(hook: string, decision: Decision): Answer<Principal> {
    if (decision === undefined) return ACCEPT;
    return this.#settleBy<Awaited<Decision>>((settled) => verdictOf(hook, settled), decision);
  }

  #settleBy<D>(
    verdict: (decision: D) => Verdict<Principal>,
    decision: D | PromiseLike<D>,
  ): Answer<Principal> {
    if (!isPromise(decision)) return verdict(decision);
    return Promise.resolve(decision).then(verdict, (error: unknown) => refuse(this.replyTo(error)));
  }

  #verdictOnMessage(decision: Awaited<MessageDecision>): Verdict<Principal> {
    if (!isList(decision))
      return verdictOf(this.handler.onContent === undefined ? 'onData' : 'end', decision);
    const { length } = this.session.recipients;
    const replies = decision.filter((one) => one instanceof Reply);
    if (this.session.hello?.verb === 'LHLO' && decision.length === length && replies.length === length) {
      return { type: 'perRecipient', replies };
    }
    const expected = this.session.hello?.verb === 'LHLO' ? `${length} replies` : 'one reply';
    return refuse(
      this.replyTo(new TypeError(`the message has ${expected}, the handler gave ${replies.length}`)),
    );
  }

  #noteAccepted(verdict: Verdict<Principal>): Verdict<Principal> {
    const accepted =
      verdict.type === 'accept'
        ? (verdict.reply ?? reply('accepted'))
        : verdict.type === 'perRecipient'
          ? verdict.replies.find(({ positive }) => positive)
          : undefined;
    if (accepted === undefined) return verdict;
    this.context.counters.accepted++;
    this.#tellAll((observer) => observer.onAccepted?.(this.session, accepted));
    return verdict;
  }

  #abort(reason: AbortReason): void {
    const sink = this.#sink;
    this.#sink = null;
    notify(() => sink?.abort(reason));
  }
}

/** A server without `onData` takes mail and drops it. */
const DROP: ContentSink = { write: () => undefined, end: () => undefined, abort: () => undefined };

/** TypeScript's own test of an array takes no readonly one. */
function isList(value: unknown): value is readonly Reply[] {
  return Array.isArray(value);
}

function isReply(value: unknown): boolean {
  return value instanceof Reply;
}

/** As `hasMethods`, without its list: it runs for each message, and the list took 2 % of a short one's instructions. */
function isSink(value: unknown): boolean {
  const { write, end, abort } = Object(value) as Partial<ContentSink>;
  return typeof write === 'function' && typeof end === 'function' && typeof abort === 'function';
}

/** @throws TypeError if it is no decision: nothing that a handler answers by mistake is a yes. */
function verdictOf<Principal>(hook: string, decision: void | Reply): Verdict<Principal> {
  if (decision === undefined) return ACCEPT;
  if (!isReply(decision)) {
    throw new TypeError(
      `${hook}: expected nothing (yes), a Reply or a thrown Refusal, got ${shown(decision)}`,
    );
  }
  return decision.positive ? { type: 'accept', reply: decision } : refuse(decision);
}
