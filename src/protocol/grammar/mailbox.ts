import { DOMAIN_OCTETS, LABEL_OCTETS, LOCAL_PART_OCTETS, PATH_OCTETS } from '../limits.js';
import { Fault, type Parsed } from '../../base/fault.js';
import { utf8Length } from '../../base/octets.js';
import { hasInvisible, isAddressLiteral, isDomain } from './domain.js';

/** A mailbox (RFC 5321 4.1.2), as the client wrote it. */
export interface Mailbox {
  /** Quotes kept: `"a b"` is not `a b`. */
  readonly localPart: string;
  /** A domain or an address literal with its brackets; empty for `<postmaster>` alone. */
  readonly domain: string;
  /** Both parts, without angle brackets or source route. */
  readonly address: string;
}

/** The content of the angle brackets, and the offset of the rest of the line. */
export interface Path {
  /** Null for `<>`. */
  readonly mailbox: Mailbox | null;
  /** Offset of the first character after the closing bracket. */
  readonly end: number;
}

// RFC 5321 4.1.2
//   Dot-string     = Atom *("." Atom)
//   Atom           = 1*atext
// RFC 6531 3.3: atext and qtextSMTP take UTF8-non-ascii as well.
const DOT_STRING = /^(?:[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]|[^\0-\x7f])+$/u;

// What nearly all paths are: ASCII, nothing quoted, no route, no literal. Runs of letters and digits stand
// between dots or hyphens, so that a domain of this form needs no second look but at its length.
const COMMON_PATH =
  /<[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*@[A-Za-z0-9]+(?:(?:\.|-+)[A-Za-z0-9]+)*>/y;

/**
 * Parses a path at `start`: one of the common form in one step, any other by {@link parseAnyPath}, which says
 * the same of both.
 */
export function parsePath(text: string, start: number): Parsed<Path> {
  return parseCommonPath(text, start) ?? parseAnyPath(text, start);
}

/** Parses a path of the common form at `start`; null where it is another one, or none. */
export function parseCommonPath(text: string, start: number): Path | null {
  COMMON_PATH.lastIndex = start;
  if (!COMMON_PATH.test(text)) return null;
  const end = COMMON_PATH.lastIndex;
  const address = text.slice(start + 1, end - 1);
  const at = address.indexOf('@');
  // In a domain that is no longer than a label, no label is too long.
  if (at > LOCAL_PART_OCTETS || address.length - at - 1 > LABEL_OCTETS) return null;
  return { mailbox: { localPart: address.slice(0, at), domain: address.slice(at + 1), address }, end };
}

/**
 * Parses a path at `start`, by the whole grammar.
 *
 *     Reverse-path   = Path / "<>"
 *     Forward-path   = Path
 *     Path           = "<" [ A-d-l ":" ] Mailbox ">"
 *     A-d-l          = At-domain *( "," At-domain )
 *     At-domain      = "@" Domain
 *     Mailbox        = Local-part "@" ( Domain / address-literal )
 *
 * A source route is checked, then dropped (RFC 5321 appendix C). `<postmaster>` needs no domain (RFC 5321
 * 4.5.1); the caller says whether it may stand there.
 */
export function parseAnyPath(text: string, start: number): Parsed<Path> {
  if (text[start] !== '<') return new Fault('expected < before the address');
  const end = closingBracket(text, start + 1);
  if (end < 0) return new Fault('expected > after the address');
  const inner = text.slice(start + 1, end);
  if (inner === '') return { mailbox: null, end: end + 1 };
  if (utf8Length(inner) + 2 > PATH_OCTETS) return new Fault(`longer than ${PATH_OCTETS} octets`);

  const address = withoutRoute(inner);
  if (address === null) return new Fault('the source route is malformed');
  const mailbox = parseMailbox(address);
  return mailbox instanceof Fault ? mailbox : { mailbox, end: end + 1 };
}

/**
 * Parses a path without its angle brackets, up to the next space. Some devices send one, and it can mean one thing
 * only: nothing at all is no path, and neither is a source route.
 */
export function parseBarePath(text: string, start: number): Parsed<Path> {
  const space = text.indexOf(' ', start);
  const end = space < 0 ? text.length : space;
  const address = text.slice(start, end);
  if (utf8Length(address) + 2 > PATH_OCTETS) return new Fault(`longer than ${PATH_OCTETS} octets`);
  if (address === '') return new Fault('expected <address>');
  const mailbox = parseMailbox(address);
  return mailbox instanceof Fault ? mailbox : { mailbox, end };
}

/**
 * Parses a path of which only the brackets count, up to the first > that a space or the end follows: for filters and
 * test servers, which must see mail as it is. The last @ begins the domain, which is empty without one. A character
 * that cannot be seen is refused all the same.
 */
export function parseLenientPath(text: string, start: number): Parsed<Path> {
  const bracket = />(?= |$)/g;
  bracket.lastIndex = start;
  const end = bracket.exec(text)?.index ?? -1;
  if (text[start] !== '<' || end < 0) return new Fault('expected <address>');
  const address = text.slice(start + 1, end);
  if (utf8Length(address) + 2 > PATH_OCTETS) return new Fault(`longer than ${PATH_OCTETS} octets`);
  if (hasInvisible(address.replace(/ /g, ''))) {
    return new Fault('it has a character that cannot be seen');
  }
  const at = address.lastIndexOf('@');
  const [localPart, domain] = at < 0 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)];
  return { mailbox: { localPart, domain, address }, end: end + 1 };
}

/** Parses a mailbox without brackets. */
export function parseMailbox(address: string): Parsed<Mailbox> {
  if (hasInvisible(address.startsWith('"') ? address.replace(/ /g, '') : address)) {
    return new Fault('it has a character that cannot be seen');
  }
  if (/^postmaster$/i.test(address)) return { localPart: address, domain: '', address };
  const at = localPartEnd(address);
  if (at < 0) return new Fault('the quoted local part is malformed');
  const localPart = address.slice(0, at);
  if (address[at] !== '@') return new Fault('expected local-part@domain');
  if (!isLocalPart(localPart)) return new Fault('the local part is malformed');
  if (utf8Length(localPart) > LOCAL_PART_OCTETS) {
    return new Fault(`the local part is longer than ${LOCAL_PART_OCTETS} octets`);
  }
  const domain = address.slice(at + 1);
  if (utf8Length(domain) > DOMAIN_OCTETS)
    return new Fault(`the domain is longer than ${DOMAIN_OCTETS} octets`);
  if (!(domain.startsWith('[') ? isAddressLiteral(domain) : isDomain(domain))) {
    return new Fault('the domain is malformed');
  }
  return { localPart, domain, address };
}

/** The > that closes the path: one inside a quoted string is not it. */
function closingBracket(text: string, from: number): number {
  let quoted = false;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (quoted && c === '\\') i++;
    else if (c === '"') quoted = !quoted;
    else if (c === '>' && !quoted) return i;
  }
  return -1;
}

function withoutRoute(inner: string): string | null {
  if (!inner.startsWith('@')) return inner;
  const colon = inner.indexOf(':');
  if (colon < 0) return null;
  const hops = inner.slice(0, colon).split(',');
  return hops.every((hop) => hop.startsWith('@') && isDomain(hop.slice(1))) ? inner.slice(colon + 1) : null;
}

/** Offset of the character after the local part, or -1 for a quoted string that does not end. */
function localPartEnd(address: string): number {
  if (!address.startsWith('"')) {
    const at = address.indexOf('@');
    return at < 0 ? address.length : at;
  }
  for (let i = 1; i < address.length; i++) {
    if (address[i] === '\\') i++;
    else if (address[i] === '"') return i + 1;
  }
  return -1;
}

//   Local-part     = Dot-string / Quoted-string
//   Quoted-string  = DQUOTE *QcontentSMTP DQUOTE
//   QcontentSMTP   = qtextSMTP / quoted-pairSMTP
//   quoted-pairSMTP = %d92 %d32-126
//   qtextSMTP      = %d32-33 / %d35-91 / %d93-126
const QUOTED_STRING = /^"(?:[ !#-[\]-~]|[^\0-\x7f]|\\[ -~])*"$/u;

function isLocalPart(text: string): boolean {
  if (text.startsWith('"')) return QUOTED_STRING.test(text);
  return DOT_STRING.test(text) && !text.startsWith('.') && !text.endsWith('.') && !text.includes('..');
}
