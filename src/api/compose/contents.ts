import { randomUUID } from 'node:crypto';
import { endOfString } from './depth.js';

/** Octets of a content of which it is worth to keep it out of the text that is parsed. */
const LARGE = 256 * 1024;
/** Octets that are decoded at a time. */
const CHUNK = 64 * 1024;
const QUOTE = 0x22;
/** What stands before a content in the APIs that there are, with the white space that people write. */
const NAME_BEFORE = /"content"[ \t\r\n]*:[ \t\r\n]*$/i;
const NAME_OCTETS = 64;

/** A body of which the large contents of attachments have been decoded. */
export interface Taken {
  /** The body with a name in place of each of these contents. */
  readonly body: Uint8Array;
  readonly contents: Contents;
}

/** Contents by the random names that stand for them. A content is given out once. */
export class Contents {
  readonly #byName = new Map<string, Buffer>();

  add(content: Buffer): string {
    const name = randomUUID();
    this.#byName.set(name, content);
    return name;
  }

  /** Returns undefined if a text is no name of a content. */
  take(text: string): Buffer | undefined {
    const content = this.#byName.get(text);
    if (content !== undefined) this.#byName.delete(text);
    return content;
  }

  /** Contents that were not given out. */
  get left(): number {
    return this.#byName.size;
  }
}

/**
 * Decodes the large contents of attachments where they stand in a text of JSON.
 *
 * Parsed with the rest, a content is in memory as octets, as a part of the text, as a string and as what it encodes: 50 MiB
 * took 190 MiB so, and take 90 this way (`bench/fairness.mjs`). What is no base64 is left to the parser.
 */
export function takeContents(text: Buffer): Taken {
  const contents = new Contents();
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let quote = text.indexOf(QUOTE); quote >= 0;) {
    const end = endOfString(text, quote + 1);
    if (
      end - quote > LARGE &&
      NAME_BEFORE.test(text.toString('latin1', Math.max(0, quote - NAME_OCTETS), quote))
    ) {
      const content = decoded(text.subarray(quote + 1, end));
      if (content !== null) {
        pieces.push(text.subarray(from, quote + 1), Buffer.from(contents.add(content)));
        from = end;
      }
    }
    quote = text.indexOf(QUOTE, end + 1);
  }
  if (from === 0) return { body: text, contents };
  return { body: Buffer.concat([...pieces, text.subarray(from)]), contents };
}

/** Returns what a string of JSON encodes as base64 (RFC 4648 4), with escaped slashes and line ends; null if it is none. */
function decoded(octets: Buffer): Buffer | null {
  const content = Buffer.allocUnsafeSlow(Math.ceil((octets.length * 3) / 4));
  let length = 0;
  let rest = '';
  for (let at = 0; at < octets.length; at += CHUNK) {
    const isLast = at + CHUNK >= octets.length;
    let text = rest + octets.toString('latin1', at, at + CHUNK);
    // An escape that is cut in two goes to the next chunk.
    const cut = !isLast && text.endsWith('\\') ? '\\' : '';
    text = text.slice(0, text.length - cut.length);
    if (text.includes('\\')) text = text.replaceAll('\\/', '/').replace(/\\[rn]/g, '');
    if (isLast) text = text.replace(/={1,2}$/, '');
    if (!/^[A-Za-z0-9+/]*$/.test(text)) return null;
    const whole = isLast ? text.length : text.length - (text.length % 4);
    if (isLast && whole % 4 === 1) return null;
    length += content.write(text.slice(0, whole), length, 'base64');
    rest = text.slice(whole) + cut;
  }
  return content.subarray(0, length);
}
