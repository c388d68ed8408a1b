import { Buffer } from 'node:buffer';
import { ConnectionError } from './errors.js';
import { CLIENT } from './limits.js';
import { ReceivedReply } from './received-reply.js';
import type { Redactor } from './redactor.js';

export const MAX_LINE = CLIENT.replyLine.initial;
export const MAX_REPLY = CLIENT.reply.initial;
export const MAX_LINES = CLIENT.replyLines.initial;

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const HYPHEN = 0x2d;
const ZERO = 0x30;

/**
 * Parses replies from octets that may be split anywhere. It is strict so that two parties cannot read two different
 * dialogues from the same octets: a line ends with CRLF and begins with a code of RFC 5321 4.2, and all lines of a
 * reply have the same code.
 */
export class ReplyReader {
  /** The beginning of a line whose end has not come. */
  #rest: Buffer | null = null;
  /** Lines of a reply whose last line has not come. */
  #lines: string[] = [];
  #code = 0;
  #octets = 0;
  #stopped = false;

  /** @param redactor removes secrets that the client sent from the replies. Default: it sent none. */
  constructor(private readonly redactor: Redactor | null = null) {}

  /** Ignores everything that follows, also the rest of the octets that are being read. */
  stop(): void {
    this.#stopped = true;
  }

  /** True between two replies. */
  get idle(): boolean {
    return this.#rest === null && this.#lines.length === 0;
  }

  /**
   * Parses octets. It does not keep them.
   *
   * @param onReply is called with each reply, in order
   * @throws ConnectionError `protocol` if the server does not speak SMTP
   */
  read(octets: Buffer, onReply: (reply: ReceivedReply) => void): void {
    const all = this.#rest === null ? octets : Buffer.concat([this.#rest, octets]);
    // The rest of the last read holds no LF: it was searched before.
    let search = this.#rest?.length ?? 0;
    this.#rest = null;
    let at = 0;
    while (!this.#stopped) {
      const lf = all.indexOf(LF, search);
      if (lf < 0) break;
      const reply = this.#line(all, at, lf + 1);
      at = search = lf + 1;
      if (reply !== null) onReply(reply);
    }
    if (at === all.length || this.#stopped) return;
    if (all.length - at >= MAX_LINE) throw tooLong('line', MAX_LINE);
    // A copy, since the next read may overwrite the buffer.
    this.#rest = Buffer.from(all.subarray(at));
  }

  /** Parses one whole line. Returns the reply if this line ends it, otherwise null. */
  #line(octets: Buffer, start: number, end: number): ReceivedReply | null {
    const length = end - start;
    if (length > MAX_LINE) throw tooLong('line', MAX_LINE);
    if (octets[end - 2] !== CR || length < 5) throw this.#notAReply(octets, start, end);
    const code = codeAt(octets, start);
    const separator = length === 5 ? SPACE : octets[start + 3];
    if (code === 0 || (separator !== SPACE && separator !== HYPHEN)) {
      throw this.#notAReply(octets, start, end);
    }
    const raw = octets.toString('utf8', Math.min(start + 4, end - 2), end - 2);
    if (raw.includes('\r')) throw this.#notAReply(octets, start, end);
    const text = this.redactor === null ? raw : this.redactor.clean(raw);
    if (separator === SPACE && this.#lines.length === 0) return new ReceivedReply(code, [text]);

    if (this.#lines.length > 0 && code !== this.#code) {
      throw new ConnectionError('protocol', `a reply began with ${this.#code} and went on with ${code}`);
    }
    this.#code = code;
    this.#octets += length;
    if (this.#octets > MAX_REPLY) throw tooLong('reply', MAX_REPLY);
    if (this.#lines.length >= MAX_LINES) {
      throw new ConnectionError('protocol', `a reply of more than ${MAX_LINES} lines came`);
    }
    this.#lines.push(text);
    if (separator === HYPHEN) return null;
    const reply = new ReceivedReply(code, this.#lines);
    this.#lines = [];
    this.#octets = 0;
    return reply;
  }

  #notAReply(octets: Buffer, start: number, end: number): ConnectionError {
    const raw = octets.toString('latin1', start, Math.min(end, start + MAX_LINE));
    const text = this.redactor === null ? raw : this.redactor.clean(raw);
    const shown = JSON.stringify(text.slice(0, 60));
    return new ConnectionError('protocol', `expected a reply that ends with CRLF, got ${shown}`);
  }
}

/** Returns the reply code, or 0 if the octets are not one. RFC 5321 4.2: Reply-code = %x32-35 %x30-35 %x30-39. */
function codeAt(octets: Buffer, at: number): number {
  const first = (octets[at] ?? 0) - ZERO;
  const second = (octets[at + 1] ?? 0) - ZERO;
  const third = (octets[at + 2] ?? 0) - ZERO;
  if (first < 2 || first > 5 || second < 0 || second > 5 || third < 0 || third > 9) return 0;
  return first * 100 + second * 10 + third;
}

function tooLong(what: string, limit: number): ConnectionError {
  return new ConnectionError('protocol', `a ${what} of more than ${limit} octets came`);
}
