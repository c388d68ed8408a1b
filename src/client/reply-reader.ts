import { Buffer } from 'node:buffer';
import { ConnectionError } from './errors.js';
import { ReceivedReply } from './received-reply.js';

/** Octets of one line with its CRLF. RFC 5321 4.5.3.1.5 has 512; RFC 4954 4 wants 12288 for a challenge. */
export const MAX_LINE = 12_288 + 6;
/** Octets of one reply, all its lines. No limit in the RFCs; what EHLO announces has a kilobyte or so. */
export const MAX_REPLY = 65_536;

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const HYPHEN = 0x2d;
const ZERO = 0x30;

/**
 * Makes replies of octets, however they are cut. Strict where leniency would let two parties see two
 * different dialogues: a line ends with CRLF, begins with a code of RFC 5321 4.2, and all lines of a reply have
 * the same one.
 */
export class ReplyReader {
  /** The beginning of a line whose end has not come. */
  #rest: Buffer | null = null;
  /** Lines of a reply whose last one has not come. */
  #lines: string[] = [];
  #code = 0;
  #octets = 0;

  /** True between two replies. */
  get idle(): boolean {
    return this.#rest === null && this.#lines.length === 0;
  }

  /**
   * @param heard gets each reply, in order. The octets are not kept.
   * @throws ConnectionError `protocol`: whoever speaks there speaks no SMTP
   */
  read(octets: Buffer, heard: (reply: ReceivedReply) => void): void {
    const all = this.#rest === null ? octets : Buffer.concat([this.#rest, octets]);
    // What is left over was searched already.
    let search = this.#rest?.length ?? 0;
    this.#rest = null;
    let at = 0;
    for (;;) {
      const lf = all.indexOf(LF, search);
      if (lf < 0) break;
      const reply = this.#line(all, at, lf + 1);
      at = search = lf + 1;
      if (reply !== null) heard(reply);
    }
    if (at === all.length) return;
    if (all.length - at >= MAX_LINE) throw tooLong('line', MAX_LINE);
    // A copy: the octets may lie in a buffer that the next ones are read into.
    this.#rest = Buffer.from(all.subarray(at));
  }

  /** One whole line; gives the reply that it ends. */
  #line(octets: Buffer, start: number, end: number): ReceivedReply | null {
    const length = end - start;
    if (length > MAX_LINE) throw tooLong('line', MAX_LINE);
    if (octets[end - 2] !== CR || length < 5) throw notAReply(octets, start, end);
    const code = codeAt(octets, start);
    const separator = length === 5 ? SPACE : octets[start + 3];
    if (code === 0 || (separator !== SPACE && separator !== HYPHEN)) throw notAReply(octets, start, end);
    const text = octets.toString('utf8', Math.min(start + 4, end - 2), end - 2);
    if (text.includes('\r')) throw notAReply(octets, start, end);
    if (separator === SPACE && this.#lines.length === 0) return new ReceivedReply(code, [text]);

    if (this.#lines.length > 0 && code !== this.#code) {
      throw new ConnectionError('protocol', `a reply began with ${this.#code} and went on with ${code}`);
    }
    this.#code = code;
    this.#octets += length;
    if (this.#octets > MAX_REPLY) throw tooLong('reply', MAX_REPLY);
    this.#lines.push(text);
    if (separator === HYPHEN) return null;
    const reply = new ReceivedReply(code, this.#lines);
    this.#lines = [];
    this.#octets = 0;
    return reply;
  }
}

/** RFC 5321 4.2: Reply-code = %x32-35 %x30-35 %x30-39. 0 where there is none. */
function codeAt(octets: Buffer, at: number): number {
  const first = (octets[at] ?? 0) - ZERO;
  const second = (octets[at + 1] ?? 0) - ZERO;
  const third = (octets[at + 2] ?? 0) - ZERO;
  if (first < 2 || first > 5 || second < 0 || second > 5 || third < 0 || third > 9) return 0;
  return first * 100 + second * 10 + third;
}

function notAReply(octets: Buffer, start: number, end: number): ConnectionError {
  const shown = JSON.stringify(octets.toString('latin1', start, Math.min(end, start + 60)));
  return new ConnectionError('protocol', `expected a reply that ends with CRLF, got ${shown}`);
}

function tooLong(what: string, limit: number): ConnectionError {
  return new ConnectionError('protocol', `a ${what} of more than ${limit} octets came`);
}
