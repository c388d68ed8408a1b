/** Mailer: sends messages over one open connection. */
import {
  type Awaited as Command,
  bdatCommand,
  type Channel,
  type ChannelListener,
  ConnectionError,
  meaningOf,
  type ReceivedReply,
} from '../../client/parts.js';

/** A message in the form in which it is sent, so that sending computes nothing. */
export interface Mail {
  /** The MAIL command, as {@link mailCommand} makes it. */
  readonly mail: string;
  /** The RCPT commands, as {@link rcptCommand} makes them, one for each recipient; at least one. */
  readonly recipients: readonly string[];
  /**
   * The content in pieces, which leave in one write. For DATA: dot-stuffed, with the final `CRLF.CRLF`. For BDAT:
   * unchanged.
   */
  readonly content: readonly Uint8Array[];
}

/** Supplies the messages and receives their results. */
export interface MailSource<M extends Mail> {
  /**
   * Returns the next message for this connection, or null if there is no message now. Only if it returns null may it
   * call {@link Mailer.quit}.
   */
  next(): M | null;
  /** Called with the reply that decides about a message. Replies that belong to later messages may follow. */
  settled(mail: M, reply: ReceivedReply, accepted: boolean): void;
  /** Called with every reply, before the mailer uses it. */
  replied(reply: ReceivedReply): void;
  /** Called if the connection is lost. The result of the given messages is unknown. */
  lost(mails: readonly M[], error: ConnectionError): void;
  /** Called when the connection is closed after {@link Mailer.quit}. */
  ended(): void;
}

export interface MailerOptions {
  /**
   * Whether commands go in groups (RFC 2920): an envelope goes in one write, together with the content of the message
   * before.
   */
  readonly pipelining: boolean;
  /** Whether content goes by BDAT (RFC 3030) instead of DATA. */
  readonly chunking: boolean;
  /**
   * Whether it is LMTP (RFC 2033 4.2): after the content there is a reply for each accepted recipient. Not together with
   * both of the others. Default: false.
   */
  readonly lmtp?: boolean;
}

/** The command that the next reply answers. */
type Step = 'idle' | 'mail' | 'rcpt' | 'data' | 'content' | 'reset' | 'quit';

const AWAITED: Readonly<Record<Step, Command>> = {
  idle: 'QUIT',
  mail: 'MAIL',
  rcpt: 'RCPT',
  data: 'DATA',
  content: 'content',
  reset: 'RSET',
  quit: 'QUIT',
};

/**
 * Sends messages over one connection, one after the other. The replies take it through the same steps in every mode;
 * the modes differ in how much was sent before each step. For speed, it makes no promise and no closure for each
 * message or reply.
 */
export class Mailer<M extends Mail> implements ChannelListener {
  #step: Step = 'idle';
  #current: M | null = null;
  /** The message whose envelope was sent after the content of the current one. */
  #following: M | null = null;
  #recipient = 0;
  #accepted = 0;
  /** Replies to the content that have not come yet. */
  #missing = 1;
  /** LMTP: the first reply to the content that accepts the message for a recipient. */
  #taken: ReceivedReply | null = null;
  /** Whether MAIL was accepted. */
  #open = false;
  /** The first refusal within the transaction. */
  #refusal: ReceivedReply | null = null;
  #closed = false;

  constructor(
    private readonly channel: Channel,
    private readonly options: MailerOptions,
    private readonly source: MailSource<M>,
  ) {
    channel.listener = this;
  }

  get idle(): boolean {
    return this.#step === 'idle' && !this.#closed;
  }

  /** Asks the source for a message and sends it, if no message is being sent. */
  wake(): void {
    if (!this.idle) return;
    const mail = this.source.next();
    if (mail === null) return;
    this.#begin(mail);
    if (this.options.pipelining) this.#sendPieces([this.#envelope(mail)], mail);
    else this.channel.send(mail.mail, 1);
  }

  /** Sends QUIT and waits for the reply, if no message is being sent. */
  quit(): void {
    if (!this.idle) return;
    this.#step = 'quit';
    this.channel.send('QUIT\r\n', 1);
  }

  reply(reply: ReceivedReply): void {
    this.source.replied(reply);
    if (this.#step === 'quit') {
      this.#close();
      this.source.ended();
    } else if (reply.code === 421) this.#closedByServer(reply);
    else if (meaningOf(AWAITED[this.#step], reply.code) === null) {
      this.channel.reject(reply, AWAITED[this.#step]);
    } else this.#step = this.#after(reply);
    if (this.#step === 'idle') this.wake();
  }

  lost(error: ConnectionError): void {
    this.#closed = true;
    // Some servers close the connection on QUIT without a reply, which is no error.
    if (this.#step === 'quit' && error.fault === 'closed') this.source.ended();
    else this.source.lost(this.#unsettled(), error);
  }

  /** Returns the step after a reply. */
  #after(reply: ReceivedReply): Step {
    switch (this.#step) {
      case 'mail':
        return this.#afterMail(reply);
      case 'rcpt':
        return this.#afterRcpt(reply);
      case 'data':
        return this.#afterData(reply);
      case 'content':
        return this.#afterContent(reply);
      case 'reset':
        // If RSET is refused, the server may still have the transaction open, with its recipients.
        if (!reply.done) this.channel.reject(reply, 'RSET');
        return 'idle';
      case 'idle':
      case 'quit':
        return 'idle';
    }
  }

  #afterMail(reply: ReceivedReply): Step {
    const mail = this.#mail();
    this.#open = reply.done;
    if (!reply.done) this.#refusal = reply;
    if (this.options.pipelining) return 'rcpt';
    if (!reply.done) return this.#settle(reply, false);
    this.channel.send(mail.recipients[0] ?? '', 1);
    return 'rcpt';
  }

  #afterRcpt(reply: ReceivedReply): Step {
    const mail = this.#mail();
    if (reply.done && this.#open) this.#accepted++;
    else this.#refusal ??= reply;
    const next = mail.recipients[++this.#recipient];
    const { pipelining, chunking } = this.options;
    if (next !== undefined) {
      if (!pipelining) this.channel.send(next, 1);
      return 'rcpt';
    }
    if (pipelining) return chunking ? 'content' : 'data';
    if (this.#accepted === 0) return this.#reset(this.#refusal ?? reply);
    if (chunking) {
      this.#sendContent(mail);
      return 'content';
    }
    this.channel.send('DATA\r\n', 1);
    return 'data';
  }

  #afterData(reply: ReceivedReply): Step {
    const mail = this.#mail();
    if (reply.code !== 354) {
      // If MAIL was refused, there is no transaction to reset.
      return this.#open ? this.#reset(this.#verdict(reply)) : this.#settle(this.#verdict(reply), false);
    }
    // RFC 2920 3.1: a server may reply 354 although it accepted no recipient; the content must then be empty.
    if (this.#accepted === 0) this.channel.send('.\r\n', 1);
    else this.#sendContent(mail);
    return 'content';
  }

  #afterContent(reply: ReceivedReply): Step {
    if (reply.done) this.#taken ??= reply;
    else this.#refusal ??= reply;
    this.#missing--;
    if (this.#missing > 0) return 'content';
    const decisive = this.#taken ?? reply;
    const accepted = decisive.done && this.#accepted > 0;
    // RFC 3030 3: if BDAT was refused, only RSET brings the session to a known state.
    if (!decisive.done && this.options.chunking) return this.#reset(this.#verdict(reply));
    return this.#settle(accepted ? decisive : this.#verdict(reply), accepted);
  }

  /** Returns the reply that decides: this one if a recipient was accepted, otherwise the first refusal. */
  #verdict(reply: ReceivedReply): ReceivedReply {
    return this.#accepted > 0 ? reply : (this.#refusal ?? reply);
  }

  /** Passes the result of the message to the source, and goes on with the message whose envelope was sent already. */
  #settle(reply: ReceivedReply, accepted: boolean): Step {
    const mail = this.#mail();
    const following = this.#following;
    this.#current = this.#following = null;
    if (following !== null) this.#begin(following);
    this.source.settled(mail, reply, accepted);
    return following === null ? 'idle' : 'mail';
  }

  /** Sends RSET, since the transaction is still open. */
  #reset(reply: ReceivedReply): Step {
    this.#settle(reply, false);
    this.channel.send('RSET\r\n', 1);
    return 'reset';
  }

  #begin(mail: M): void {
    this.#current = mail;
    this.#step = 'mail';
    this.#recipient = 0;
    this.#accepted = 0;
    this.#refusal = null;
    this.#missing = 1;
    this.#taken = null;
  }

  /** Sends the content and, if commands go in groups, the envelope of the next message. */
  #sendContent(mail: M): void {
    const following = this.options.pipelining ? this.source.next() : null;
    this.#following = following;
    const replies = this.options.lmtp === true ? this.#accepted : 1;
    this.#missing = replies;
    const chunk = this.options.chunking ? [bdatCommand(octetsOf(mail.content))] : [];
    const pieces = [...chunk, ...mail.content];
    const [only] = pieces;
    if (following !== null) {
      this.channel.sendAll([...pieces, this.#envelope(following)], replies + this.#repliesTo(following));
    } else if (pieces.length === 1 && only !== undefined) this.channel.send(only, replies);
    else this.channel.sendAll(pieces, replies);
  }

  /** Sends the envelope as one group, with the content if it goes by BDAT. */
  #sendPieces(envelope: string[], mail: M): void {
    const pieces = this.options.chunking ? [...envelope, ...mail.content] : envelope;
    this.channel.sendAll(pieces, this.#repliesTo(mail));
  }

  #envelope(mail: M): string {
    const last = this.options.chunking ? bdatCommand(octetsOf(mail.content)) : 'DATA\r\n';
    return mail.mail + mail.recipients.join('') + last;
  }

  #repliesTo(mail: M): number {
    return mail.recipients.length + 2;
  }

  /** Ends the connection after a 421: RFC 5321 3.8: the server closes it. */
  #closedByServer(reply: ReceivedReply): void {
    const mail = this.#current;
    this.#current = null;
    this.#close();
    if (mail !== null) this.source.settled(mail, reply, false);
    this.source.lost(
      this.#unsettled(),
      new ConnectionError('closed', `the server closed the connection: ${reply.toString()}`),
    );
  }

  #close(): void {
    this.#closed = true;
    this.channel.close();
  }

  #unsettled(): M[] {
    return [this.#current, this.#following].filter((mail) => mail !== null);
  }

  #mail(): M {
    if (this.#current === null) throw new Error('a reply about a message came, but no message is being sent');
    return this.#current;
  }
}

function octetsOf(pieces: readonly Uint8Array[]): number {
  let octets = 0;
  for (const piece of pieces) octets += piece.length;
  return octets;
}
