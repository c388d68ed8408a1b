import SMTPConnection, { type Options } from 'nodemailer/lib/smtp-connection';
import type { Envelope } from './envelope.js';

/** The one place through which all commands of nodemailer's connection go. Its types leave it out. */
interface Commanding {
  _sendCommand(command: string, logged?: string): void;
}

const Base = SMTPConnection as unknown as new (options: Options) => SMTPConnection & Commanding;

/**
 * nodemailer's connection, with the commands of an {@link Envelope} in place of its own MAIL and RCPT: it knows
 * one NOTIFY and ORCPT for all recipients, no SMTPUTF8 but for addresses, no MT-PRIORITY and no DELIVERBY. The
 * dialogue (PIPELINING, replies, DATA) is nodemailer's.
 */
export class Connection extends Base {
  #mail: string | null = null;
  #recipients: string[] = [];

  /** Lays the commands of the next transaction ready. */
  prepare(envelope: Envelope): void {
    this.#mail = envelope.mail;
    this.#recipients = envelope.recipients.map(({ command }) => command).reverse();
  }

  override _sendCommand(command: string, logged?: string): void {
    if (command.startsWith('MAIL FROM:')) {
      super._sendCommand(taken(this.#mail));
      this.#mail = null;
    } else if (command.startsWith('RCPT TO:')) {
      super._sendCommand(taken(this.#recipients.pop()));
    } else {
      super._sendCommand(command, logged);
    }
  }

  /** Throws where nodemailer sent a MAIL of its own: what the far side got would not be what was meant. */
  assertPrepared(): void {
    if (this.#mail !== null && !this.destroyed) throw new Error('nodemailer sends its commands another way');
  }
}

function taken(command: string | null | undefined): string {
  if (command === null || command === undefined) throw new Error('no command was laid ready');
  return command;
}
