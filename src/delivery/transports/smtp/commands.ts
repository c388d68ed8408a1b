import type { Socket } from 'node:net';
import SMTPConnection, { type Options } from 'nodemailer/lib/smtp-connection';
import type { ContentEvents } from './content.js';
import type { Envelope } from './envelope.js';

/** Told of the reply to the content. */
type Replied = (error: Error | null, reply?: string) => void;

/** Where nodemailer writes content to. */
interface ContentSink {
  readonly outByteCount: number;
  write(octets: Uint8Array): void;
  end(): void;
}

/** The places of nodemailer's connection through which commands and content go. Its types leave them out. */
interface Dialogue {
  readonly _responseActions: ((reply: string) => void)[];
  _sendCommand(command: string, logged?: string): void;
  _createSendStream(done: Replied): ContentSink;
  _actionSMTPStream(reply: string, done: Replied): void;
}

const Base = SMTPConnection as unknown as new (options: Options) => SMTPConnection & Dialogue;

/**
 * nodemailer's connection, with the commands of an {@link Envelope} in place of its own MAIL and RCPT: it knows
 * one NOTIFY and ORCPT for all recipients, no SMTPUTF8 but for addresses, no MT-PRIORITY and no DELIVERBY. And
 * with content that is short written at once, which its stream of streams does in pieces. The dialogue (PIPELINING,
 * replies, DATA) is nodemailer's.
 */
export class Connection extends Base {
  #mail: string | null = null;
  #recipients: string[] = [];
  #whole: ContentEvents | null = null;
  /** Commands of a pipelined group that is not whole yet. */
  #group = '';

  /** After STARTTLS, the one of TLS. */
  get socket(): Socket | null {
    return this._socket === false ? null : this._socket;
  }

  /**
   * Lays the commands of the next transaction ready.
   *
   * @param whole what is sent is a Buffer of all that DATA carries, and these are told of it
   */
  prepare(envelope: Envelope, whole: ContentEvents | null): void {
    this.#mail = envelope.mail;
    this.#recipients = envelope.recipients.map(({ command }) => command).reverse();
    this.#whole = whole;
    this.#group = '';
  }

  override _sendCommand(command: string, logged?: string): void {
    if (command.startsWith('MAIL FROM:')) {
      this.#send(taken(this.#mail));
      this.#mail = null;
    } else if (command.startsWith('RCPT TO:')) {
      this.#send(taken(this.#recipients.pop()));
    } else {
      super._sendCommand(this.#group + command, logged);
      this.#group = '';
    }
  }

  /** nodemailer corks the socket for a group, which DATA ends: one buffer costs less than one for each command. */
  #send(command: string): void {
    if (this.socket?.writableCorked) this.#group += `${command}\r\n`;
    else super._sendCommand(command);
  }

  override _createSendStream(done: Replied): ContentSink {
    const events = this.#whole;
    const { socket } = this;
    if (events === null || socket === null) return super._createSendStream(done);
    this.#whole = null;
    this._responseActions.push((reply) => this._actionSMTPStream(reply, done));
    return new AtOnce(socket, events);
  }

  /** Throws where nodemailer sent a message of its own making: what the far side got would not be what was meant. */
  assertPrepared(): void {
    if ((this.#mail !== null || this.#whole !== null) && !this.destroyed) {
      throw new Error('nodemailer sends messages another way');
    }
  }
}

class AtOnce implements ContentSink {
  outByteCount = 0;

  constructor(
    private readonly socket: Socket,
    private readonly events: ContentEvents,
  ) {}

  write(octets: Uint8Array): void {
    this.outByteCount = octets.length;
    this.events.begun();
    this.socket.write(octets);
    this.events.ended();
  }

  end(): void {}
}

function taken(command: string | null | undefined): string {
  if (command === null || command === undefined) throw new Error('no command was laid ready');
  return command;
}
