import type { Channel, ChannelListener } from './channel.js';
import { type ClientPhase, type ConnectionError, ReplyError } from './errors.js';
import { type Awaited as Command, meaningOf } from '../protocol/client/expected-replies.js';
import type { ReceivedReply } from '../protocol/client/received-reply.js';

interface Waiter {
  readonly command: Command;
  readonly resolve: (reply: ReceivedReply) => void;
  readonly reject: (error: Error) => void;
}

/** Sends commands and returns their replies as promises, one at a time: for the beginning of a session. */
export class Dialogue implements ChannelListener {
  #channel: Channel | null = null;
  #waiter: Waiter | null = null;
  /** The error that ended the connection, if it came before a call waited for a reply. */
  #error: ConnectionError | null = null;
  /** Rejects the promise of {@link waitFor}, if one is pending. */
  #rejectWait: ((error: Error) => void) | null = null;

  constructor(private readonly onReply: (reply: ReceivedReply) => void) {}

  set channel(channel: Channel) {
    this.#channel = channel;
  }

  /**
   * Returns the next reply. Rejects with ConnectionError if no reply comes, or one that does not answer the command.
   */
  next(command: Command): Promise<ReceivedReply> {
    return new Promise((resolve, reject) => {
      if (this.#error === null) this.#waiter = { command, resolve, reject };
      else reject(this.#error);
    });
  }

  /** Sends a line, and returns the reply, whether it accepts or refuses. */
  say(command: Command, phase: ClientPhase, line: string = command): Promise<ReceivedReply> {
    const reply = this.next(command);
    if (this.#channel !== null) {
      this.#channel.phase = phase;
      this.#channel.allow('command');
      this.#channel.sendCommands([line]);
    }
    return reply;
  }

  /** Returns the reply. Rejects with ReplyError if it is a refusal. */
  async expect(command: Command, phase: ClientPhase, reply: Promise<ReceivedReply>): Promise<ReceivedReply> {
    const heard = await reply;
    if (meaningOf(command, heard.code) === 'refused') {
      throw new ReplyError(command === 'greeting' ? 'the connection' : command, heard, phase);
    }
    return heard;
  }

  /** Waits for an event that is not a reply. Rejects with ConnectionError if the connection ends before. */
  waitFor(begin: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== null) {
        reject(this.#error);
        return;
      }
      this.#rejectWait = reject;
      begin(() => {
        this.#rejectWait = null;
        resolve();
      });
    });
  }

  reply(reply: ReceivedReply): void {
    this.onReply(reply);
    const waiter = this.#waiter;
    if (waiter === null) return;
    if (meaningOf(waiter.command, reply.code) === null) {
      this.#channel?.reject(reply, waiter.command);
      return;
    }
    this.#waiter = null;
    waiter.resolve(reply);
  }

  lost(error: ConnectionError): void {
    this.#error = error;
    this.#rejectWait?.(error);
    this.#waiter?.reject(error);
    this.#waiter = null;
  }
}
