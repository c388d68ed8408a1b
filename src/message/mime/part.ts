import { cleanFileName, cleanLine } from '../clean.js';
import { Unreadable, type MimeLimits } from './fault.js';
import type { HeaderFields } from './fields.js';
import { parseParameterized } from './parameters.js';

/** How the body of a part is encoded; anything that is not one of the two encodings is taken as it is. */
export type TransferEncoding = 'identity' | 'base64' | 'quoted-printable';

/**
 * A part of a message, or the message itself (RFC 2045 2.4, 2.5). Offsets are into the octets that were read, so
 * that a part is a few hundred octets of memory, whatever is in it.
 */
export interface Part {
  /** Such as `text/plain`, in lower case; `text/plain` too if the field is not valid (RFC 2045 5.2). */
  readonly type: string;
  /** Of Content-Type, by name in lower case, decoded (RFC 2231) and cleaned. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly encoding: TransferEncoding;
  /** `inline`, `attachment`, or another token in lower case; null without the field. */
  readonly disposition: string | null;
  /** From Content-Disposition, else from the `name` of Content-Type; cleaned. */
  readonly fileName: string | null;
  /** Without its angle brackets. */
  readonly contentId: string | null;
  /** Where the body begins, and where it ends: without the line end that belongs to the next boundary. */
  readonly start: number;
  readonly end: number;
  /** Those of a multipart; none of anything else, a message in the message included. */
  readonly parts: readonly Part[];
}

/** What the fields of a part say about it, before its body is read. */
export type Described = Omit<Part, 'start' | 'end' | 'parts'> & {
  /** Lines that may delimit the parts of a multipart, without their leading hyphens; none of anything else. */
  readonly boundaries: readonly string[];
};

/** type "/" subtype, tokens both (RFC 2045 5.1). */
const TYPE = /^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+$/;
/** RFC 2045 6.3: an encoding that is not known makes octets of anything. */
const FOREIGN_ENCODING = /^(?:x-|uuencode$|uue$|binhex$|yenc$)/;

/** Boundaries of one part that its body is searched for; more than one is a mistake of the sender. */
const MOST_BOUNDARIES = 8;

/** @param initial the type of a part that does not say one: in a digest, it is a message (RFC 2046 5.1.5) */
export function describePart(fields: HeaderFields, initial: string, limits: MimeLimits): Described {
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
 * A multipart without any part, since its boundary never occurs in its body: what it says about itself is wrong, so
 * it is text (RFC 2045 5.2), as it stands.
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

/** Null for an encoding that makes a body unreadable as what its type says. */
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
