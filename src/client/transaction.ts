import { Buffer } from 'node:buffer';
import type { Channel, ChannelListener } from './channel.js';
import { bdatCommand } from './commands.js';
import { DotStuffer } from './content.js';
import { type ClientPhase, ConnectionError } from './errors.js';
import { type Awaited as Command, type Meaning, meaningOf } from './expected-replies.js';
import type { ReceivedReply } from './received-reply.js';

/** One message, as a transaction sends it. */
export interface OutgoingMessage {
  /** `MAIL FROM:<...>` with its parameters, without CRLF. */
  readonly mail: string;
  /** `RCPT TO:<...>` for each recipient, likewise; at least one. */
  readonly recipients: readonly string[];
  readonly content: OutgoingContent;
}

export type OutgoingContent =
  /** All that DATA carries, dot-stuffed and with its end: it leaves in one write. */
  | { readonly form: 'data'; readonly octets: Uint8Array }
  /** Content that is dot-stuffed while it is sent. */
  | { readonly form: 'stream'; readonly pieces: AsyncIterable<Uint8Array> }
  /** So many octets, sent by `BDAT ... LAST` as they are (RFC 3030). */
  | { readonly form: 'chunk'; readonly octets: number; readonly pieces: AsyncIterable<Uint8Array> };

/** The reply that decided about one recipient. */
export interface RecipientResult {
  /** What it answered, or what the client waited for. */
  readonly phase: ClientPhase;
  /** Null if none came: see {@link TransactionResult.error}. */
  readonly reply: ReceivedReply | null;
}

export interface TransactionResult {
  /** By place in the message. */
  readonly recipients: readonly RecipientResult[];
  /** What ended the connection before all replies had come. */
  readonly error: ConnectionError | null;
  /** The server had said that it takes the content: from there on, some of it may be out. */
  readonly begun: boolean;
  /** All of the content was sent: if no reply came, the server may have taken the message. */
  readonly complete: boolean;
}

export interface TransactionOptions {
  /** Commands go in groups (RFC 2920). */
  readonly pipelining: boolean;
  /** One reply for each recipient that was accepted, after the content (RFC 2033 4.2). */
  readonly lmtp: boolean;
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
 * Sends one message over a channel that has nothing under way. Replies drive it, without a promise for each. When
 * it is over the channel is either closed or ready for the next message.
 *
 * Rejects only if the content does: the connection is closed then, since half a message has gone out.
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
  /** The recipient whose reply is next, at RCPT and after the content. */
  #place = 0;
  readonly #results: (RecipientResult | null)[];
  /** Places that RCPT accepted. */
  readonly #accepted: number[] = [];
  #mailRefused = false;
  /** MAIL was accepted, and nothing has ended the transaction. */
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
    // BDAT waits: its octets would be sent whether or not a recipient was accepted.
    if (options.pipelining && message.content.form !== 'chunk') group.push('DATA');
    channel.send(Buffer.from(`${group.join('\r\n')}\r\n`), group.length);
  }

  reply(reply: ReceivedReply): void {
    const awaited = AWAITED[this.#step];
    const meaning = meaningOf(awaited, reply.code);
    // A reply to content of which a part is still here answers something else.
    if (meaning === null || (this.#step === 'end' && this.#place === 0 && this.channel.unsent > 0)) {
      this.channel.reject(reply, awaited);
    } else if (reply.code === 421) this.#turnedOut(reply);
    else this.#after(reply, meaning);
  }

  lost(error: ConnectionError): void {
    if (this.#over) return;
    const phase = this.#step === 'reset' ? 'data' : this.#step;
    this.#decideRest({ phase, reply: null });
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
        // Only BDAT gets here: it may be refused while its octets are on their way (RFC 3030 2).
        this.channel.reject(reply, 'content that is being sent');
        return;
      case 'end':
        this.#afterContent(reply, meaning);
        return;
      case 'reset':
        this.#finish(null);
    }
  }

  #afterMail(reply: ReceivedReply, meaning: Meaning): void {
    this.#open = meaning === 'done';
    this.#mailRefused = meaning !== 'done';
    if (this.#mailRefused) {
      // What was pipelined after it is refused out of place, and says nothing.
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
      // RFC 2033 4.2 has no such reply, and so none to content without recipients.
      this.channel.reject(reply, 'DATA without a recipient');
    } else {
      // RFC 2920 3.1: a server may say 354 although it accepted no recipient; then the content is nothing.
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
    // RFC 3030 3: after a BDAT that was refused, only RSET makes the state certain.
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
    this.#stream(content).catch((error: unknown) => {
      if (this.#over) return;
      this.#over = true;
      this.channel.destroy();
      this.reject(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Sends content piece by piece, each when the server has taken most of those before. */
  async #stream(content: Exclude<OutgoingContent, { form: 'data' }>): Promise<void> {
    const stuffer = content.form === 'stream' ? new DotStuffer() : null;
    if (content.form === 'chunk') this.channel.send(bdatCommand(content.octets), 0);
    let octets = 0;
    for await (const piece of content.pieces) {
      octets += piece.length;
      if (content.form === 'chunk' && octets > content.octets) throw wrongLength(content.octets, octets);
      await this.channel.write(stuffer === null ? piece : stuffer.stuff(piece));
      if (this.channel.closed) return;
    }
    if (content.form === 'chunk' && octets !== content.octets) throw wrongLength(content.octets, octets);
    this.#sent(stuffer === null ? '' : stuffer.end());
  }

  #sent(last: Uint8Array | string): void {
    this.#complete = true;
    this.#enter('end');
    this.channel.allow('end');
    const replies = this.options.lmtp ? this.#accepted.length : 1;
    this.channel.send(last, replies);
  }

  #say(command: string): void {
    this.channel.send(Buffer.from(`${command}\r\n`), 1);
  }

  #enter(step: Step): void {
    this.#step = step;
    if (step !== 'reset') this.channel.phase = step;
  }

  /** A transaction that came to nothing is still open. */
  #reset(): void {
    if (!this.#open || this.channel.closed) {
      this.#finish(null);
      return;
    }
    this.channel.allow('command');
    this.#enter('reset');
    this.#say('RSET');
  }

  /** RFC 5321 3.8: the server closes the connection after a 421. */
  #turnedOut(reply: ReceivedReply): void {
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
