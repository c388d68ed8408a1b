import { REPLY_LINE_OCTETS } from '../limits.js';
import { shown } from '../../base/shown.js';
import { fromBinaryString, type ToOctets } from '../../base/octets.js';

/**
 * A reply as the client reads it. It is code (RFC 5321 4.2), enhanced code (RFC 3463, null where RFC 2034 wants
 * none) and text in one value. Its octets are made once, when they are first asked for.
 *
 * Text may come from anywhere: line ends and tabs become a space, other controls and everything beyond
 * ASCII a question mark, and each line but a challenge is cut to the limit of RFC 5321 4.5.3.1.5, so that no text can forge
 * a second reply.
 */
export class Reply {
  readonly lines: readonly string[];
  #closes = false;
  /** All that goes on the wire, as characters. */
  readonly #wire: string;
  #octets: Uint8Array | null = null;

  /**
   * @param code three digits, the first 2 to 5, the second 0 to 5.
   * @param enhanced such as `5.7.1`, or null.
   * @param text one line, or several for a multiline reply.
   * @param behind of the same codes: its lines follow, and are not made anew.
   * @throws RangeError where the code is not a reply code, or the enhanced code is of another class.
   */
  constructor(
    readonly code: number,
    readonly enhanced: string | null,
    text: string | readonly string[],
    behind: Reply | null = null,
  ) {
    // RFC 5321 4.2: Reply-code = %x32-35 %x30-35 %x30-39
    if (typeof code !== 'number' || !/^[2-5][0-5]\d$/.test(String(code))) {
      throw new RangeError(`reply code: expected a number from 200 to 559, got ${shown(code)}`);
    }
    if (enhanced !== null && !enhancedFits(code, enhanced)) {
      const form = `null, or ${String(code).charAt(0)}.x.x as text`;
      throw new RangeError(`enhanced code: expected ${form} for ${code}, got ${shown(enhanced)}`);
    }
    if (!isText(text)) {
      const form = `new Reply(${code}, ${enhanced === null ? 'null' : `'${enhanced}'`}, 'text')`;
      throw new TypeError(
        `reply text: expected a string or a list of strings, as in ${form}, got ${shown(text)}`,
      );
    }
    const prefix = enhanced === null ? '' : `${enhanced} `;
    // RFC 4954 4: a challenge is as long as it is, and cut it is worth nothing.
    const limit = code === 334 ? Infinity : REPLY_LINE_OCTETS;
    const room = limit - 'xxx '.length - prefix.length - 2;
    const given = typeof text === 'string' ? [text] : text;
    const lines = (given.length === 0 ? [''] : given).map((line) => printable(line).slice(0, room));
    const last = behind === null ? lines.length - 1 : Infinity;
    const wire = lines.map((line, i) => `${code}${i < last ? '-' : ' '}${prefix}${line}\r\n`).join('');
    this.lines = behind === null ? lines : [...lines, ...behind.lines];
    this.#wire = behind === null ? wire : wire + behind.#wire;
  }

  /** Its name in the catalogue of `docs/replies.md`; null if the reply is not from the catalogue. */
  get name(): string | null {
    return null;
  }

  /** The connection is closed after it: it is a 421 (RFC 5321 3.8), or {@link closing} made it. */
  get closes(): boolean {
    return this.#closes || this.code === 421;
  }

  /** Returns the same reply, after which the connection is closed, if it refuses. */
  closing(): Reply {
    const copy = new Reply(this.code, this.enhanced, this.lines);
    copy.#closes = true;
    return copy;
  }

  /** As it goes on the wire. */
  get octets(): Uint8Array {
    return this.octetsBy(fromBinaryString);
  }

  /** The same, made by this encoder if they have to be made. A platform may have arrays that it writes sooner. */
  octetsBy(toOctets: ToOctets): Uint8Array {
    return (this.#octets ??= toOctets(this.#wire));
  }

  /** The text on one line. */
  get text(): string {
    return this.lines.join(' ');
  }

  /** RFC 5321 4.2.1: 2yz and 3yz go on, 4yz and 5yz refuse. */
  get positive(): boolean {
    return this.code < 400;
  }

  /** As it reads on the wire, on one line, without CRLF. */
  toString(): string {
    return [this.code, ...(this.enhanced === null ? [] : [this.enhanced]), this.text].join(' ');
  }
}

function isText(text: unknown): boolean {
  return typeof text === 'string' || (Array.isArray(text) && text.every((line) => typeof line === 'string'));
}

function enhancedFits(code: number, enhanced: string): boolean {
  const match = /^([245])\.\d{1,3}\.\d{1,3}$/.exec(enhanced);
  return match !== null && match[1] === String(code).charAt(0);
}

function printable(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  return text.replace(/[\r\n\t]+/g, ' ').replace(/[^ -~]/g, '?');
}
