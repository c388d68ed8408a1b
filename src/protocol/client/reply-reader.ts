import { Fault, type Parsed } from '../../base/fault.js';
import { binaryString, concat, CR, decodeUtf8, LF, SP, type ToText } from '../../base/octets.js';
import { MAX_LINE, MAX_LINES, MAX_REPLY } from './limits.js';
import { ReceivedReply } from './received-reply.js';

const HYPHEN = 0x2d;
const ZERO = 0x30;

/** Removes what must not be shown from the text of replies. */
export interface Cleaner {
  clean(text: string): string;
}

export interface ReplyReaderOptions {
  /** Removes secrets that the client sent from the replies. Default: it sent none. */
  readonly redactor?: Cleaner | null;
  /**
   * Decodes UTF-8; octets that are none may become any character. Default: a portable decoder, which takes text that
   * is not UTF-8 for ISO 8859-1.
   */
  readonly toText?: ToText;
}

/**
 * Parses replies from octets that may be split anywhere. It is strict so that two parties cannot read two different
 * dialogues from the same octets: a line ends with CRLF and begins with a code of RFC 5321 4.2, and all lines of a
 * reply have the same code.
 */
export class ReplyReader {
  /** The beginning of a line whose end has not come. */
  #rest: Uint8Array | null = null;
  /** Lines of a reply whose last line has not come. */
  #lines: string[] = [];
  #code = 0;
  #octets = 0;
  #stopped = false;
  readonly #redactor: Cleaner | null;
  readonly #toText: ToText;

  constructor({ redactor = null, toText = utf8OrLatin1 }: ReplyReaderOptions = {}) {
    this.#redactor = redactor;
    this.#toText = toText;
  }

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
   * @returns a fault if the server does not speak SMTP: what it sent is no reply, or is longer than any reply. Nothing
   * more can be read then.
   */
  read(octets: Uint8Array, onReply: (reply: ReceivedReply) => void): Fault | null {
    const all = this.#rest === null ? octets : concat([this.#rest, octets]);
    // The rest of the last read holds no LF: it was searched before.
    let search = this.#rest?.length ?? 0;
    this.#rest = null;
    let at = 0;
    while (!this.#stopped) {
      const lf = all.indexOf(LF, search);
      if (lf < 0) break;
      const reply = this.#line(all, at, lf + 1);
      if (reply instanceof Fault) return reply;
      at = search = lf + 1;
      if (reply !== null) onReply(reply);
    }
    if (at === all.length || this.#stopped) return null;
    if (all.length - at >= MAX_LINE) return tooLong('line', MAX_LINE);
    // A copy, since the next read may overwrite the buffer.
    this.#rest = concat([all.subarray(at)]);
    return null;
  }

  /** Parses one whole line. Returns the reply if this line ends it, otherwise null. */
  #line(octets: Uint8Array, start: number, end: number): Parsed<ReceivedReply> | null {
    const length = end - start;
    if (length > MAX_LINE) return tooLong('line', MAX_LINE);
    if (octets[end - 2] !== CR || length < 5) return this.#notAReply(octets, start, end);
    const code = codeAt(octets, start);
    const separator = length === 5 ? SP : octets[start + 3];
    if (code === 0 || (separator !== SP && separator !== HYPHEN)) {
      return this.#notAReply(octets, start, end);
    }
    const raw = this.#toText(octets, Math.min(start + 4, end - 2), end - 2);
    if (raw.includes('\r')) return this.#notAReply(octets, start, end);
    const text = this.#cleaned(raw);
    if (separator === SP && this.#lines.length === 0) return new ReceivedReply(code, [text]);

    if (this.#lines.length > 0 && code !== this.#code) {
      return new Fault(`a reply began with ${this.#code} and went on with ${code}`);
    }
    this.#code = code;
    this.#octets += length;
    if (this.#octets > MAX_REPLY) return tooLong('reply', MAX_REPLY);
    if (this.#lines.length >= MAX_LINES) {
      return new Fault(`a reply of more than ${MAX_LINES} lines came`);
    }
    this.#lines.push(text);
    if (separator === HYPHEN) return null;
    const reply = new ReceivedReply(code, this.#lines);
    this.#lines = [];
    this.#octets = 0;
    return reply;
  }

  #cleaned(text: string): string {
    return this.#redactor === null ? text : this.#redactor.clean(text);
  }

  #notAReply(octets: Uint8Array, start: number, end: number): Fault {
    const text = this.#cleaned(binaryString(octets, start, end));
    return new Fault(`expected a reply that ends with CRLF, got ${JSON.stringify(text.slice(0, 60))}`);
  }
}

function utf8OrLatin1(octets: Uint8Array, start: number, end: number): string {
  const binary = binaryString(octets, start, end);
  return decodeUtf8(binary) ?? binary;
}

/** Returns the reply code, or 0 if the octets are not one. RFC 5321 4.2: Reply-code = %x32-35 %x30-35 %x30-39. */
function codeAt(octets: Uint8Array, at: number): number {
  // Only called with five octets or more from there on.
  const first = (octets[at] as number) - ZERO;
  const second = (octets[at + 1] as number) - ZERO;
  const third = (octets[at + 2] as number) - ZERO;
  if (first < 2 || first > 5 || second < 0 || second > 5 || third < 0 || third > 9) return 0;
  return first * 100 + second * 10 + third;
}

function tooLong(what: string, limit: number): Fault {
  return new Fault(`a ${what} of more than ${limit} octets came`);
}
