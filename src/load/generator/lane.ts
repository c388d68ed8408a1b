import {
  type Channel,
  type ConnectionError,
  Mailer,
  type MailSource,
  openSession,
  type ReceivedReply,
  type ReplyError,
  type SessionOptions,
  type Shared,
} from '../../client/index.js';
import type { NumberedMail } from './mails.js';
import type { Recorder } from '../report/recorder.js';

/** Who gives work to a lane. */
export interface Work {
  /** The next message, or null: none now. */
  take(): NumberedMail | null;
  /** The lane has nothing to do, and may be woken. */
  idle(lane: Lane): void;
  /** A message is due that no connection has taken. */
  readonly waiting: boolean;
  /** No message will ever come again. */
  readonly over: boolean;
  /** A lane has come to its end. */
  closed(lane: Lane): void;
  /** A session was opened, or was not. */
  tried(lane: Lane, error: Error | null): void;
  readonly now: () => number;
}

export interface LaneOptions {
  readonly session: SessionOptions;
  readonly pipelining: boolean;
  readonly chunking: boolean;
  readonly messagesPerConnection: number;
  /** Whether a connection is opened only once there is a message for it. */
  readonly lazy: boolean;
}

/** Milliseconds after which a connection that could not be had is tried again. */
const RETRY = 100;

/** One connection at a time, and the next one behind it, for as long as there is work. */
export class Lane implements MailSource<NumberedMail> {
  #mailer: Mailer<NumberedMail> | null = null;
  #sent = 0;
  #state: 'closed' | 'opening' | 'open' | 'waiting' | 'done' = 'closed';
  #channel: Channel | null = null;
  #retry: NodeJS.Timeout | null = null;

  constructor(
    private readonly options: LaneOptions,
    private readonly work: Work,
    private readonly recorder: Recorder,
    private readonly shared: Shared,
  ) {}

  /** Begins, or stays closed until there is work. */
  begin(): void {
    if (this.work.over) this.#finish();
    else if (this.options.lazy && !this.work.waiting) this.work.idle(this);
    else this.#open();
  }

  /** There is work, or there will be none. */
  wake(): void {
    if (this.#state === 'open') this.#mailer?.wake();
    else if (this.#state === 'closed') {
      if (this.work.over) this.#finish();
      else this.#open();
    } else if (this.#state === 'waiting' && this.work.over) this.#finish();
  }

  /** Ends at once; what is on its way is lost. */
  abort(error: ConnectionError): void {
    if (this.#state === 'done') return;
    this.#finish();
    this.#channel?.close();
    this.#mailer?.lost(error);
  }

  // ---- what the mailer asks and tells

  next(): NumberedMail | null {
    if (this.#sent >= this.options.messagesPerConnection) {
      this.#mailer?.quit();
      return null;
    }
    const mail = this.work.take();
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
    // It may have been given up in the turn in which it came about.
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
