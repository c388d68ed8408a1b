/** Sender: keeps one connection open at a time for a mailer, and opens the next one. */
import {
  type Channel,
  type ConnectionError,
  openSession,
  type ReceivedReply,
  type ReplyError,
  type SessionOptions,
  type Shared,
} from '../../client/parts.js';
import { Mailer, type MailSource } from './mailer.js';
import type { NumberedMail } from './mails.js';
import type { Recorder } from '../report/recorder.js';

/** Gives work to senders. */
export interface MessageSource {
  /** Returns the next message for this sender, or null if no message may start now. */
  take(sender: Sender): NumberedMail | null;
  /** Registers a sender that has nothing to do, so that it is woken when a message is due. */
  idle(sender: Sender): void;
  /** True if a message is due that no connection has taken. */
  readonly waiting: boolean;
  /** True if no message will ever start again. */
  readonly over: boolean;
  /** Called when a sender has ended. */
  closed(sender: Sender): void;
  /** Called when a session was opened, or with the error if that failed. */
  tried(sender: Sender, error: Error | null): void;
  readonly now: () => number;
}

export interface SenderOptions {
  readonly session: SessionOptions;
  /** The sender's address. */
  readonly from: string;
  readonly pipelining: boolean;
  readonly chunking: boolean;
  readonly lmtp: boolean;
  readonly messagesPerConnection: number;
  /** If true, a connection is opened only when there is a message for it. */
  readonly lazy: boolean;
}

/** Milliseconds until a connection that failed is tried again. */
const RETRY = 100;

/** Keeps one connection open at a time, and opens the next one after it closes, as long as there is work. */
export class Sender implements MailSource<NumberedMail> {
  #mailer: Mailer<NumberedMail> | null = null;
  #sent = 0;
  #state: 'closed' | 'opening' | 'open' | 'waiting' | 'done' = 'closed';
  #channel: Channel | null = null;
  #retry: NodeJS.Timeout | null = null;

  constructor(
    readonly options: SenderOptions,
    private readonly work: MessageSource,
    private readonly recorder: Recorder,
    private readonly shared: Shared,
  ) {}

  /** Opens the first connection, or waits for work if `lazy` is set. */
  begin(): void {
    if (this.work.over) this.#finish();
    else if (this.options.lazy && !this.work.waiting) this.work.idle(this);
    else this.#open();
  }

  /** Called when there is work, or when there will be no more work. */
  wake(): void {
    if (this.#state === 'open') this.#mailer?.wake();
    else if (this.#state === 'closed') {
      if (this.work.over) this.#finish();
      else this.#open();
    } else if (this.#state === 'waiting' && this.work.over) this.#finish();
  }

  /** Ends at once. Messages under way count as lost. */
  abort(error: ConnectionError): void {
    if (this.#state === 'done') return;
    this.#finish();
    this.#channel?.close();
    this.#mailer?.lost(error);
  }

  // ---- the interface that the mailer uses

  next(): NumberedMail | null {
    if (this.#sent >= this.options.messagesPerConnection) {
      this.#mailer?.quit();
      return null;
    }
    const mail = this.work.take(this);
    if (mail !== null) this.#sent++;
    else if (this.work.over) this.#mailer?.quit();
    else if (this.#mailer?.idle === true) this.work.idle(this);
    return mail;
  }

  replied(reply: ReceivedReply): void {
    this.recorder.replied(reply);
  }

  settled(mail: NumberedMail, _: ReceivedReply, accepted: boolean): void {
    this.recorder.settled(mail, accepted, this.work.now());
  }

  lost(mails: readonly NumberedMail[], error: ConnectionError): void {
    this.recorder.lost(mails, error, this.work.now());
    this.#again();
  }

  ended(): void {
    this.#again();
  }

  // ---- connections

  #again(): void {
    if (this.#state === 'done') return;
    this.#mailer = this.#channel = null;
    this.#state = 'closed';
    this.begin();
  }

  #open(): void {
    this.#state = 'opening';
    const began = this.work.now();
    const { channel, session } = openSession(this.options.session, this.shared, (reply) =>
      this.recorder.replied(reply),
    );
    this.#channel = channel;
    session.then(
      () => this.#opened(channel, began),
      (error: unknown) => this.#notOpened(error as ConnectionError | ReplyError),
    );
  }

  #opened(channel: Channel, began: number): void {
    // The sender may have been aborted in the turn in which the connection opened.
    if (this.#state === 'done') return;
    this.recorder.opened(began, this.work.now(), channel.resumed);
    this.work.tried(this, null);
    this.#state = 'open';
    this.#sent = 0;
    this.#mailer = new Mailer(channel, this.options, this);
    this.#mailer.wake();
  }

  #notOpened(error: ConnectionError | ReplyError): void {
    if (this.#state === 'done') return;
    this.recorder.notOpened(error, this.work.now());
    this.work.tried(this, error);
    if (this.work.over) {
      this.#finish();
      return;
    }
    this.#state = 'waiting';
    this.#retry = setTimeout(() => {
      if (this.work.over) this.#finish();
      else this.#open();
    }, RETRY);
  }

  #finish(): void {
    if (this.#state === 'done') return;
    this.#state = 'done';
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.work.closed(this);
  }
}
