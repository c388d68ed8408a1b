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
  type XforwardAttributes,
} from '../../protocol/index.js';
import type { Admission } from '../admission/admission.js';
import { BodyStream } from './body.js';
import type { ContentSink, Decision, MessageDecision, Observer, Recipient } from '../handler.js';
import { isPromise } from '../platform/promise.js';
import { Refusal, replyFor } from '../refusal.js';
import { originAfter } from '../admission/relay.js';
import type { Speaker } from './identity.js';
import { shown } from '../../base/shown.js';
import { notify } from './notify.js';
import { type AnyHandler, Verifier } from '../auth/verifier.js';

type Answer<Principal> = Verdict<Principal> | Promise<Verdict<Principal>>;

/**
 * Calls the handler of one session: questions become calls, and their results or errors become verdicts. It catches
 * every error of the handler.
 */
export class Dialogue<Principal> {
  /** Accepted recipients of the open transaction. */
  recipients: Recipient[] = [];
  /** The attributes of XFORWARD for the next message, or for the open one. */
  origin: XforwardAttributes | null = null;
  #sink: ContentSink | null = null;
  /** A sink was asked for, and the transaction is there still. */
  #opening = false;
  /** Created by the first AUTH, since many connections never authenticate. */
  #verifier: Verifier<Principal> | null = null;

  constructor(
    private readonly speaker: Speaker<Principal>,
    private readonly handler: AnyHandler<Principal>,
    private readonly observers: readonly Observer<Principal>[],
    private readonly admission: Admission,
  ) {}

  /** A verdict, at once where the handler decides at once. */
  ask(question: Question): Answer<Principal> {
    const { handler, speaker } = this;
    try {
      switch (question.type) {
        case 'connect':
          return this.#settle('onConnect', handler.onConnect?.(speaker));
        case 'hello':
          return this.#settle('onHello', handler.onHello?.(speaker, question.hello));
        case 'starttls':
          return ACCEPT;
        case 'lookup':
          return this.#verify().lookup(question);
        case 'auth':
          return this.#verify().verify(question);
        case 'mail':
          this.recipients = [];
          return this.#settle('onMail', handler.onMail?.(speaker, question.reversePath, question.parameters));
        case 'rcpt':
          return this.#rcpt(question);
        case 'xclient':
          return this.#startOver(question.client);
        case 'xforward':
          this.origin = originAfter(this.origin, question.origin);
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
        this.origin = null;
        return;
      case 'reset':
        this.recipients = [];
        this.#opening = false;
        // Its handler has disconnected, and then given it.
        if (this.#sink !== null) this.#abort('disconnected');
        this.#tellAll((observer) => observer.onReset?.(this.speaker));
        this.origin = null;
        return;
      case 'refused':
        this.#tellAll((observer) => observer.onRefused?.(this.speaker, notice.command, notice.reply));
        return;
    }
  }

  closed(reason: string): void {
    this.#tellAll((observer) => observer.onClose?.(this.speaker, reason));
  }

  failed(error: Error): void {
    this.#tellAll((observer) => observer.onError?.(this.speaker, error));
  }

  /** Returns the reply for an error of the handler. If the client does not see all of it, `onError` gets it. */
  replyTo(error: unknown): Reply {
    if (!(error instanceof Refusal) || error.cause !== undefined) {
      this.failed(error instanceof Error ? error : new Error(String(error)));
    }
    return replyFor(error);
  }

  #tellAll(call: (observer: Observer<Principal>) => unknown): void {
    for (const observer of this.observers) notify(() => call(observer));
  }

  #verify(): Verifier<Principal> {
    this.#verifier ??= new Verifier(this.speaker, this.handler, this.admission, (error) =>
      this.replyTo(error),
    );
    return this.#verifier;
  }

  #rcpt({ forwardPath, parameters }: Extract<Question, { type: 'rcpt' }>): Answer<Principal> {
    const recipient = { forwardPath, parameters };
    const answer = this.#settle('onRcpt', this.handler.onRcpt?.(this.speaker, forwardPath, parameters));
    if (!(answer instanceof Promise)) return this.#keep(recipient, answer);
    return answer.then((verdict) => this.#keep(recipient, verdict));
  }

  #keep(recipient: Recipient, verdict: Verdict<Principal>): Verdict<Principal> {
    if (verdict.type === 'accept') this.recipients.push(recipient);
    return verdict;
  }

  /** Another client, by the word of a relay: asks whether that is so, and then whether it may connect. */
  async #startOver(client: XclientAttributes): Promise<Verdict<Principal>> {
    const { handler, speaker } = this;
    const believed = await this.#settle('onXclient', handler.onXclient?.(speaker, client));
    if (believed.type === 'refuse') return believed;
    this.origin = null;
    return speaker.assume(client)
      ? this.#settle('onConnect', handler.onConnect?.(speaker))
      : refuse(reply('tooManyConnections'));
  }

  #openSink(): Answer<Principal> {
    const { handler, speaker } = this;
    this.#opening = true;
    if (handler.onContent === undefined) return this.#open(this.#bodySink());
    return this.#settleBy<ContentSink | Reply>((sink) => this.#open(sink), handler.onContent(speaker));
  }

  #open(sink: ContentSink | Reply): Verdict<Principal> {
    if (sink instanceof Reply) return refuse(sink);
    // Nothing is a yes anywhere else. Here it would be a message that is accepted, and lost.
    if (!isSink(sink)) {
      const expected = 'onContent: expected a Reply, or a sink with write, end and abort';
      return refuse(this.replyTo(new TypeError(`${expected}, got ${shown(sink)}`)));
    }
    if (this.#opening) this.#sink = sink;
    // The client has gone meanwhile: the verdict cannot be sent, and the sink must be notified.
    else notify(() => sink.abort('disconnected'));
    return ACCEPT;
  }

  #bodySink(): ContentSink {
    const { handler, speaker } = this;
    if (handler.onData === undefined) return DROP;
    const body = new BodyStream();
    const decision = (async () => handler.onData?.(speaker, body))();
    body.decision = decision;
    const done = (): void => {
      body.unwanted();
    };
    // The decision is heard at the end of the content; until then a rejection is not unhandled.
    decision.then(done, done);
    return body;
  }

  #endSink(): Answer<Principal> {
    const sink = this.#sink;
    this.#sink = null;
    const answer = this.#settleBy<Awaited<MessageDecision>>(
      (decision) => this.#verdictOnMessage(decision),
      sink?.end(),
    );
    if (this.origin === null) return answer;
    // XFORWARD is about one message, which has been logged by now.
    const forget = (verdict: Verdict<Principal>): Verdict<Principal> => {
      this.origin = null;
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
    const { length } = this.recipients;
    const replies = decision.filter((one) => one instanceof Reply);
    if (this.speaker.hello?.verb === 'LHLO' && decision.length === length && replies.length === length) {
      return { type: 'perRecipient', replies };
    }
    const expected = this.speaker.hello?.verb === 'LHLO' ? `${length} replies` : 'one reply';
    return refuse(
      this.replyTo(new TypeError(`the message has ${expected}, the handler gave ${replies.length}`)),
    );
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

function isSink(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { write, end, abort } = value as Partial<ContentSink>;
  return [write, end, abort].every((method) => typeof method === 'function');
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
