/** Finds the lines that are too long for SMTP, and how the parts that have them are encoded anew. */
import { MalformedHeaderError, HeaderSection } from '../../message/section.js';
import { Work } from '../../message/mime/work.js';
import type { Part } from '../../message/mime/part.js';
import { split } from '../../message/mime/split.js';
import { LINE_OCTETS, NeedsScanner } from '../../message/needs.js';
import type { JobResult } from '../workers/sink.js';
import { editedSize } from './apply.js';
import type { Edit } from './edit.js';

export interface LongLinesPlan {
  readonly edits: readonly Edit[];
  /** Octets of the message with the edits. */
  readonly size: number;
  /** Number of parts that are encoded anew. */
  readonly encoded: number;
  /** Long lines that stay, in words: where they are, and why. */
  readonly left: readonly string[];
}

/** The most reasons in {@link LongLinesPlan.left}. */
const MOST_REASONS = 10;

const CRLF = Buffer.from('\r\n');
const LF = 0x0a;
const HYPHEN = 0x2d;
const ENCODING = 'Content-Transfer-Encoding';
/** Encodings that say that the octets are as they are (RFC 2045 6.2). */
const IDENTITY = /^(?:7bit|8bit|binary)$/i;
/** Parts that signatures cover, or whose readers want each octet (RFC 1847, RFC 8551). */
const SEALED = /^(?:multipart\/(?:signed|encrypted)|application\/(?:x-)?pkcs7-mime)$/;

/**
 * Plans how a message goes out without long lines. Runs in a worker thread.
 *
 * @throws Unreadable if the message cannot be parsed within the limits
 */
export function planLongLines(_: null, message: Buffer): JobResult<LongLinesPlan> {
  const planner = new Planner(message);
  planner.message(split(message, new Work()).root);
  const { edits, left, encoded } = planner;
  return { value: { edits, size: editedSize(message, edits), encoded, left }, pieces: [] };
}

class Planner {
  readonly edits: Edit[] = [];
  readonly left: string[] = [];
  encoded = 0;

  constructor(private readonly octets: Buffer) {}

  message(root: Part): void {
    this.#part(root, true);
    // A multipart ends with its last boundary.
    this.#between(root.end, this.octets.length);
  }

  #part(part: Part, isRoot: boolean): void {
    const { head, start, end, type, parts } = part;
    if (this.#isLong(head, start)) this.#leave('a header section');
    if (SEALED.test(type) || type.startsWith('message/')) {
      if (this.#isLong(start, end)) this.#leave(type);
    } else if (parts.length > 0) this.#multipart(part);
    else if (this.#isLong(start, end)) this.#leaf(part, isRoot);
  }

  #multipart({ start, end, parts }: Part): void {
    let at = start;
    for (const part of parts) {
      this.#between(at, part.head);
      this.#part(part, false);
      at = part.end;
    }
    this.#between(at, end);
  }

  /** Folds the text before, between and after parts. A boundary that is too long by its padding stays. */
  #between(from: number, to: number): void {
    if (!this.#isLong(from, to)) return;
    for (let at = from; at < to;) {
      const lf = this.octets.indexOf(LF, at);
      const end = lf < 0 || lf >= to ? to : lf + 1;
      if (end - at > LINE_OCTETS + 2) {
        if (this.octets[at] === HYPHEN && this.octets[at + 1] === HYPHEN) this.#leave('a boundary');
        else this.edits.push({ from: at, to: end, change: 'fold' });
      }
      at = end;
    }
  }

  #leaf(part: Part, isRoot: boolean): void {
    const { start, end, encoding } = part;
    if (encoding === 'base64') this.edits.push({ from: start, to: end, change: 'base64 again' });
    else if (encoding === 'quoted-printable') {
      this.edits.push({ from: start, to: end, change: 'quoted-printable again' });
    } else {
      const header = this.#encodedHeader(part, isRoot);
      if (header === null) return;
      this.edits.push(header, { from: start, to: end, change: 'quoted-printable' });
    }
    this.encoded += 1;
  }

  /** Makes the header section of a part say that it is quoted-printable. Null if the part is left as it is. */
  #encodedHeader({ head, start }: Part, isRoot: boolean): Edit | null {
    const whole = this.octets.subarray(head, start);
    const fields = whole.subarray(-2).equals(CRLF) && isBlankLineLast(whole) ? whole.subarray(0, -2) : whole;
    let section: HeaderSection;
    try {
      section = HeaderSection.parse(fields);
    } catch (error) {
      if (!(error instanceof MalformedHeaderError)) throw error;
      return this.#leave('a part whose header section cannot be read');
    }
    const encoding = section.first(ENCODING)?.text().trim() ?? '';
    if (encoding !== '' && !IDENTITY.test(encoding)) return this.#leave('a part in an unknown encoding');
    // Its boundary never occurs. Readers would not look for an encoding (RFC 2045 6.4).
    if (/^\s*multipart\//i.test(section.first('Content-Type')?.text() ?? '')) {
      return this.#leave('a multipart without parts');
    }
    section.remove(ENCODING);
    // RFC 2045 4: without it, the message is not MIME.
    if (isRoot && section.first('MIME-Version') === undefined) section.append('MIME-Version: 1.0\r\n');
    section.append(`${ENCODING}: quoted-printable\r\n`);
    const octets = new Uint8Array(section.toOctetsWithBlankLine());
    return { from: head, to: start, change: 'replace', octets };
  }

  #isLong(from: number, to: number): boolean {
    if (to - from <= LINE_OCTETS) return false;
    const scanner = new NeedsScanner(false);
    scanner.body(this.octets.subarray(from, to));
    return scanner.needs().longLines;
  }

  #leave(what: string): null {
    if (this.left.length < MOST_REASONS && !this.left.includes(what)) this.left.push(what);
    return null;
  }
}

/** Whether a header section ends with its blank line: it is nothing else, or a line end comes before it. */
function isBlankLineLast(octets: Buffer): boolean {
  return octets.length === 2 || octets.subarray(-4, -2).equals(CRLF);
}
