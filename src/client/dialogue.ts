import type { Channel, ChannelListener } from './channel.js';
import { type ConnectionError, ReplyError } from './errors.js';
import type { ReceivedReply } from './received-reply.js';

interface Waiter {
  readonly resolve: (reply: ReceivedReply) => void;
  readonly reject: (error: Error) => void;
}

/** Commands and their replies one at a time, as promises: for what a session begins with. */
export class Dialogue implements ChannelListener {
  #channel: Channel | null = null;
  readonly #waiters: Waiter[] = [];
  /** What came before anybody waited for it. */
  #error: ConnectionError | null = null;
  /** Hears of the end beside whoever waits for a reply. */
  #aside: ((error: Error) => void) | null = null;

  constructor(private readonly heard: (reply: ReceivedReply) => void) {}

  set channel(channel: Channel) {
    this.#channel = channel;
  }

  /** The next reply. Rejects with ConnectionError where none comes. */
  next(): Promise<ReceivedReply> {
    return new Promise((resolve, reject) => {
      if (this.#error === null) this.#waiters.push({ resolve, reject });
      else reject(this.#error);
    });
  }

  /** Sends a line, and gives the reply. */
  say(line: string): Promise<ReceivedReply> {
    const reply = this.next();
    this.#channel?.send(`${line}\r\n`, 1);
    return reply;
  }

  /** The same where there is one good answer. Rejects with ReplyError otherwise. */
  async expect(command: string, code: number, reply: Promise<ReceivedReply>): Promise<ReceivedReply> {
    const heard = await reply;
    if (heard.code !== code) throw new ReplyError(command, heard);
    return heard;
  }

  /** Waits for something that is no reply. Rejects with ConnectionError where the connection ends before. */
  meanwhile(begin: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== null) {
        reject(this.#error);
        return;
      }
      this.#aside = reject;
      begin(() => {
        this.#aside = null;
        resolve();
      });
    });
  }

  reply(reply: ReceivedReply): void {
    this.heard(reply);
    this.#waiters.shift()?.resolve(reply);
  }

  lost(error: ConnectionError): void {
    this.#error = error;
    this.#aside?.(error);
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }
}
