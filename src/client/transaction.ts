import type { Channel, ChannelListener } from './channel.js';
import { bdatCommand } from '../protocol/client/commands.js';
import { DotStuffer } from '../protocol/client/dot-stuffer.js';
import { type ClientPhase, ConnectionError } from './errors.js';
import { type Awaited as Command, type Meaning, meaningOf } from '../protocol/client/expected-replies.js';
import type { ReceivedReply } from '../protocol/client/received-reply.js';

/** One message, in the form in which a transaction sends it. */
export interface OutgoingMessage {
  /** `MAIL FROM:<...>` with its parameters, without CRLF. */
  readonly mail: string;
  /** `RCPT TO:<...>` with its parameters, without CRLF, for each recipient; at least one. */
  readonly recipients: readonly string[];
  readonly content: OutgoingContent;
}

export type OutgoingContent =
  /** Everything that DATA carries, dot-stuffed and with its end. It leaves in one write. */
  | { readonly form: 'data'; readonly octets: Uint8Array }
  /** Content that is dot-stuffed while it is sent. */
  | { readonly form: 'stream'; readonly pieces: AsyncIterable<Uint8Array> }
  /** So many octets, sent unchanged by `BDAT ... LAST` (RFC 3030). */
  | { readonly form: 'chunk'; readonly octets: number; readonly pieces: AsyncIterable<Uint8Array> };

/** The reply that decided about one recipient. */
export interface RecipientResult {
  /** The phase that the reply answers; without a reply, the phase in which the client waited. */
  readonly phase: ClientPhase;
  /** Null if no reply came: see {@link TransactionResult.error}. */
  readonly reply: ReceivedReply | null;
}

export interface TransactionResult {
  /** In the order of the recipients of the message. */
  readonly recipients: readonly RecipientResult[];
  /** The error that ended the connection before all replies had come; otherwise null. */
  readonly error: ConnectionError | null;
  /** Whether the server said that it takes the content: from then on, a part of it may have been sent. */
  readonly begun: boolean;
  /** Whether all content was sent. If no reply came after that, the server may have accepted the message. */
  readonly complete: boolean;
}

export interface TransactionOptions {
  /** Whether commands go in groups (RFC 2920). */
  readonly pipelining: boolean;
  /** Whether each accepted recipient gets a reply of its own after the content (RFC 2033 4.2). */
  readonly lmtp: boolean;
  /** The listener of the channel from the end of the transaction on. */
  readonly next: ChannelListener;
}

type Step = 'mail' | 'rcpt' | 'data' | 'content' | 'end' | 'reset';

const AWAITED: Readonly<Record<Step, Command>> = {
  mail: 'MAIL',
  rcpt: 'RCPT',
  data: 'DATA',
  content: 'content',
  end: 'content',
  reset: 'RSET',
};

/**
 * Sends one message over an idle channel. Replies drive it, without a promise for each. When it is finished, the
 * channel is either closed or ready for the next message.
 *
 * Rejects only if the content rejects: the connection is then closed, since a part of the message has been sent.
 */
export function transact(
  channel: Channel,
  message: OutgoingMessage,
  options: TransactionOptions,
): Promise<TransactionResult> {
  return new Promise((resolve, reject) => {
    const transaction = new Transaction(channel, message, options, resolve, reject);
    channel.listener = transaction;
    transaction.begin();
  });
}

class Transaction implements ChannelListener {
  #step: Step = 'mail';
  /** Index of the recipient that the next reply is about, at RCPT and after the content. */
  #place = 0;
  readonly #results: (RecipientResult | null)[];
  /** Indexes of the recipients that RCPT accepted. */
  readonly #accepted: number[] = [];
  #mailRefused = false;
  /** Whether MAIL was accepted and the transaction is still open. */
  #open = false;
  #begun = false;
  #complete = false;
  #over = false;

  constructor(
    private readonly channel: Channel,
    private readonly message: OutgoingMessage,
    private readonly options: TransactionOptions,
    private readonly resolve: (result: TransactionResult) => void,
    private readonly reject: (error: Error) => void,
  ) {
    this.#results = message.recipients.map(() => null);
  }

  begin(): void {
    const { channel, message, options } = this;
    this.#enter('mail');
    channel.allow('command');
    if (channel.closed) {
      this.lost(new ConnectionError('closed', 'the connection is closed'));
      return;
    }
    const group = options.pipelining ? [message.mail, ...message.recipients] : [message.mail];
    // BDAT is not in the group: its octets would be sent even if no recipient was accepted.
    if (options.pipelining && message.content.form !== 'chunk') group.push('DATA');
    channel.sendCommands(group);
  }

  reply(reply: ReceivedReply): void {
    const awaited = AWAITED[this.#step];
    const meaning = meaningOf(awaited, reply.code);
    // If a part of the content has not left yet, the reply cannot be an answer to the content.
    if (meaning === null || (this.#step === 'end' && this.#place === 0 && this.channel.unsent > 0)) {
      // A refusal counts even so: see `lost`.
      this.channel.reject(reply, awaited);
    } else if (reply.code === 421) this.#closedByServer(reply);
    else this.#after(reply, meaning);
  }

  lost(error: ConnectionError): void {
    if (this.#over) return;
    const phase = this.#step === 'reset' ? 'data' : this.#step;
    // Some servers refuse content before its end, such as 552 for its size. No server may do that (RFC 5321 3.3), so
    // the connection is closed, but the refusal is the answer to the content.
    const early = phase === 'content' || phase === 'end' ? (error.reply ?? null) : null;
    const refuses = early !== null && this.#place === 0 && meaningOf('content', early.code) === 'refused';
    if (refuses && this.options.lmtp) {
      // RFC 2033 4.2: a reply to the content is about one recipient, in the order of RCPT.
      const [first] = this.#accepted;
      if (first !== undefined) this.#results[first] = { phase, reply: early };
      this.#decideRest({ phase, reply: null });
    } else this.#decideRest({ phase, reply: refuses ? early : null });
    this.#finish(error);
  }

  #after(reply: ReceivedReply, meaning: Meaning): void {
    switch (this.#step) {
      case 'mail':
        this.#afterMail(reply, meaning);
        return;
      case 'rcpt':
        this.#afterRcpt(reply, meaning);
        return;
      case 'data':
        this.#afterData(reply, meaning);
        return;
      case 'content':
        // The channel expects no reply while content is being sent, so it does not pass one on.
        this.channel.reject(reply, 'content that is being sent');
        return;
      case 'end':
        this.#afterContent(reply, meaning);
        return;
      case 'reset':
        // If RSET is refused, the server may still have the transaction open, with its recipients.
        if (meaning === 'refused') this.channel.reject(reply, 'RSET');
        else this.#finish(null);
    }
  }

  #afterMail(reply: ReceivedReply, meaning: Meaning): void {
    this.#open = meaning === 'done';
    this.#mailRefused = meaning !== 'done';
    if (this.#mailRefused) {
      // The server refuses the pipelined commands after it too, because they are out of order. Those replies have no
      // meaning.
      this.#decideRest({ phase: 'mail', reply });
      if (!this.options.pipelining) {
        this.#finish(null);
        return;
      }
    } else if (!this.options.pipelining) this.#say(this.message.recipients[0] ?? '');
    this.#enter('rcpt');
  }

  #afterRcpt(reply: ReceivedReply, meaning: Meaning): void {
    const place = this.#place++;
    if (!this.#mailRefused) {
      if (meaning === 'done') this.#accepted.push(place);
      else this.#results[place] = { phase: 'rcpt', reply };
    }
    const { pipelining } = this.options;
    const next = this.message.recipients[this.#place];
    if (next !== undefined) {
      if (!pipelining) this.#say(next);
    } else if (this.message.content.form === 'chunk') {
      if (this.#accepted.length === 0) this.#reset();
      else this.#sendContent();
    } else if (pipelining) this.#enter('data');
    else if (this.#accepted.length === 0) this.#reset();
    else {
      this.#say('DATA');
      this.#enter('data');
    }
  }

  #afterData(reply: ReceivedReply, meaning: Meaning): void {
    if (meaning === 'refused') {
      this.#decideRest({ phase: 'data', reply });
      this.#reset();
    } else if (this.#accepted.length > 0) this.#sendContent();
    else if (this.options.lmtp) {
      // RFC 2033 4.2: with LMTP this reply does not occur, and content without recipients would get no reply.
      this.channel.reject(reply, 'DATA without a recipient');
    } else {
      // RFC 2920 3.1: a server may reply 354 although it accepted no recipient; the content must then be empty.
      this.#open = false;
      this.channel.send('.\r\n', 1);
      this.#enter('end');
    }
  }

  #afterContent(reply: ReceivedReply, meaning: Meaning): void {
    const { lmtp } = this.options;
    const places = lmtp ? this.#accepted.slice(this.#place, this.#place + 1) : this.#accepted;
    for (const place of places) this.#results[place] = { phase: 'end', reply };
    this.#place++;
    if (lmtp && this.#place < this.#accepted.length) return;
    // RFC 3030 3: if BDAT was refused, only RSET brings the session to a known state.
    this.#open = meaning === 'refused' && this.message.content.form === 'chunk';
    this.#reset();
  }

  #sendContent(): void {
    const { content } = this.message;
    this.#begun = true;
    this.#place = 0;
    if (content.form === 'data') {
      this.#sent(content.octets);
      return;
    }
    this.#enter('content');
    const streaming =
      content.form === 'stream'
        ? this.#stream(content.pieces)
        : this.#streamChunk(content.pieces, content.octets);
    streaming.catch((error: unknown) => {
      if (this.#over) return;
      this.#over = true;
      this.channel.destroy();
      this.reject(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /**
   * Sends content piece by piece. It waits for the server to take most of the octets before it sends the next piece.
   */
  async #stream(pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const stuffer = new DotStuffer();
    for await (const piece of pieces) {
      await this.channel.write(stuffer.stuff(piece));
      if (this.channel.closed) return;
    }
    this.#sent(stuffer.end());
  }

  /**
   * Sends content as {@link #stream} does, by BDAT. The server replies as soon as it has the last octet, so the last
   * piece is kept until the source has ended: then the reply is due when it comes.
   */
  async #streamChunk(pieces: AsyncIterable<Uint8Array>, size: number): Promise<void> {
    let last: Uint8Array = Buffer.from(bdatCommand(size), 'latin1');
    let octets = 0;
    for await (const piece of pieces) {
      octets += piece.length;
      if (octets > size) throw wrongLength(size, octets);
      await this.channel.write(last);
      if (this.channel.closed) return;
      last = piece;
    }
    if (octets !== size) throw wrongLength(size, octets);
    this.#sent(last);
  }

  #sent(last: Uint8Array | string): void {
    this.#complete = true;
    this.#enter('end');
    this.channel.allow('end');
    const replies = this.options.lmtp ? this.#accepted.length : 1;
    this.channel.send(last, replies);
  }

  #say(command: string): void {
    this.channel.sendCommands([command]);
  }

  #enter(step: Step): void {
    this.#step = step;
    this.channel.phase = step;
  }

  /** Sends RSET if the transaction is still open; otherwise finishes. */
  #reset(): void {
    if (!this.#open || this.channel.closed) {
      this.#finish(null);
      return;
    }
    this.channel.allow('command');
    this.#enter('reset');
    this.#say('RSET');
  }

  /** Ends the transaction after a 421: RFC 5321 3.8: the server closes the connection. */
  #closedByServer(reply: ReceivedReply): void {
    const phase = this.#step === 'reset' ? 'data' : this.#step;
    this.#decideRest({ phase, reply });
    this.channel.destroy();
    this.#finish(null);
  }

  #decideRest(result: RecipientResult): void {
    for (const [place, known] of this.#results.entries()) if (known === null) this.#results[place] = result;
  }

  #finish(error: ConnectionError | null): void {
    if (this.#over) return;
    this.#over = true;
    this.channel.phase = 'idle';
    this.channel.listener = this.options.next;
    this.resolve({
      recipients: this.#results.map((result) => result ?? { phase: 'data', reply: null }),
      error,
      begun: this.#begun,
      complete: this.#complete,
    });
  }
}

function wrongLength(expected: number, got: number): Error {
  return new Error(`the content has ${got} octets or more, not ${expected}`);
}
