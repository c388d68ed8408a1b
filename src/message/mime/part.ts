import { cleanFileName, cleanLine } from '../clean.js';
import { Unreadable, type MimeLimits } from './work.js';
import type { HeaderFields } from './fields.js';
import { parseParameterized } from './parameters.js';

/** The encoding of a part's body. A body in anything but the two encodings is taken as it is. */
type TransferEncoding = 'identity' | 'base64' | 'quoted-printable';

/**
 * A part of a message, or the message itself (RFC 2045 2.4, 2.5). Offsets are into the octets that were read, so that
 * a part takes a few hundred octets of memory, whatever it contains.
 */
export interface Part {
  /** Such as `text/plain`, in lower case. Also `text/plain` if the field is not valid (RFC 2045 5.2). */
  readonly type: string;
  /** The parameters of Content-Type, by name in lower case, decoded (RFC 2231) and cleaned. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly encoding: TransferEncoding;
  /** `inline`, `attachment`, or another token in lower case; null without the field. */
  readonly disposition: string | null;
  /** The name from Content-Disposition, else from the `name` of Content-Type; cleaned. */
  readonly fileName: string | null;
  /** The content id without its angle brackets. */
  readonly contentId: string | null;
  /** The offset at which its header section begins. */
  readonly head: number;
  /** Offsets of the body's begin and end. The line end that belongs to the next boundary is not part of the body. */
  readonly start: number;
  readonly end: number;
  /** The parts of a multipart. Empty for anything else, also for a message in the message. */
  readonly parts: readonly Part[];
}

/** The properties of a part that its fields give, before its body is read. */
export type PartFields = Omit<Part, 'head' | 'start' | 'end' | 'parts'> & {
  /** Lines that may delimit the parts of a multipart, without their leading hyphens. Empty for anything else. */
  readonly boundaries: readonly string[];
};

/** type "/" subtype, tokens both (RFC 2045 5.1). */
const TYPE = /^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+$/;
/**
 * Encodings that make a body unreadable. A body in an unknown encoding is only octets, whatever its type (RFC 2045
 * 6.3).
 */
const FOREIGN_ENCODING = /^(?:x-|uuencode$|uue$|binhex$|yenc$)/;

/** Number of boundaries of one part that its body is searched for. More than one is a mistake of the sender. */
const MOST_BOUNDARIES = 8;

/**
 * Reads the fields of a part.
 *
 * @param initial the type of a part whose fields give no type: in a digest, it is a message (RFC 2046 5.1.5)
 */
export function describePart(fields: HeaderFields, initial: string, limits: MimeLimits): PartFields {
  const types = fields.all('content-type').map((text) => parseParameterized(text, limits));
  const given = types.find(({ value }) => TYPE.test(value)) ?? types[0];
  const dispositionField = fields.first('content-disposition');
  const disposition = dispositionField === undefined ? null : parseParameterized(dispositionField, limits);
  const encoding = encodingOf(fields.first('content-transfer-encoding'));
  const boundaries = types
    .flatMap((type) => type.boundaries)
    .filter((boundary) => boundary.trim() !== '')
    .slice(0, MOST_BOUNDARIES);
  let type = given === undefined ? initial : TYPE.test(given.value) ? given.value : 'text/plain';
  if (type.startsWith('multipart/') && boundaries.length === 0) type = 'text/plain';
  if (encoding === null && !type.startsWith('multipart/')) type = 'application/octet-stream';
  const name = disposition?.parameters.get('filename') ?? given?.parameters.get('name');
  const contentId = cleanLine(fields.first('content-id') ?? '').replace(/^<(.*)>$/, '$1');
  return {
    type,
    parameters: cleaned(given?.parameters),
    encoding: encoding ?? 'identity',
    disposition: disposition === null || disposition.value === '' ? null : disposition.value,
    fileName: name === undefined ? null : cleanFileName(name),
    contentId: contentId === '' ? null : contentId,
    boundaries: type.startsWith('multipart/') ? boundaries : [],
  };
}

/**
 * Returns a multipart as text, if its boundary never occurs in its body: then what it says about itself is wrong, so
 * it is text as it is (RFC 2045 5.2).
 *
 * @throws Unreadable if its body is encoded as a whole (forbidden by RFC 2045 6.4): as text it would be gibberish
 */
export function asText(multipart: Part, isBlank: boolean): Part {
  if (multipart.encoding !== 'identity' && !isBlank) {
    const { type, encoding } = multipart;
    throw new Unreadable('5.6.0', `the parts of its ${type} cannot be found: its body is in ${encoding}`);
  }
  return { ...multipart, type: 'text/plain', encoding: 'identity', parts: [] };
}

/** Returns null for an encoding that makes a body unreadable as what its type says. */
function encodingOf(field: string | undefined): TransferEncoding | null {
  const name = (field ?? '')
    .replace(/\([^()]*\)/g, '')
    .trim()
    .toLowerCase();
  if (name === 'base64' || name === 'quoted-printable') return name;
  return FOREIGN_ENCODING.test(name) ? null : 'identity';
}

function cleaned(parameters: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  return new Map([...parameters].map(([name, value]) => [cleanLine(name), cleanLine(value)]));
}
