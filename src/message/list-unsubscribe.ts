import { Fault, type Parsed } from '../base/fault.js';
import { decodeEncodedWords } from './encoded-word.js';
import { COMMA, GREATER, LESS, Lexer, SyntaxFault } from './lexer.js';

/**
 * Longest URI, in octets. A URI cannot be folded, so the field name and `<uri>,` must fit on one line of 998 octets
 * (RFC 5322 2.1.1).
 */
export const MAX_URI_LENGTH = 900;

/**
 * Reads a comma separated list of one or more `<uri>` (RFC 2369 2), unfolded. Returns the URIs in order, without
 * repeats. White space and comments between elements and white space inside the brackets are ignored, as RFC 2369
 * requires. A URI is `https:`, `http:` or `mailto:`: the ones a mail program offers to its reader.
 *
 * If a value does not parse as it is and consists of encoded words, it is decoded first: mail libraries encode a URI
 * that is too long for a line, though RFC 2047 5 forbids it.
 */
export function parseUriList(text: string): Parsed<readonly string[]> {
  const literal = parseLiteralUriList(text);
  if (!(literal instanceof Fault) || !text.includes('=?')) return literal;
  return parseLiteralUriList(decodeEncodedWords(text));
}

function parseLiteralUriList(text: string): Parsed<readonly string[]> {
  const lexer = new Lexer(text);
  const uris = new Set<string>();
  try {
    for (;;) {
      lexer.skipCfws();
      uris.add(bracketedUri(lexer));
      lexer.skipCfws();
      if (lexer.done) return [...uris];
      lexer.expect(COMMA);
    }
  } catch (error) {
    if (error instanceof SyntaxFault) return new Fault(error.message);
    throw error;
  }
}

function bracketedUri(lexer: Lexer): string {
  lexer.expect(LESS);
  const end = lexer.text.indexOf('>', lexer.pos);
  if (end < 0) throw new SyntaxFault('expected ">" where it ends');
  const uri = lexer.text.slice(lexer.pos, end).replace(/[ \t]/g, '');
  lexer.pos = end;
  lexer.expect(GREATER);
  if (uri.length > MAX_URI_LENGTH) {
    throw new SyntaxFault(`a URI has ${uri.length} characters; at most ${MAX_URI_LENGTH} are allowed`);
  }
  if (!isOfferable(uri)) throw new SyntaxFault('every <...> must hold an https:, http: or mailto: URI');
  return uri;
}

function isOfferable(uri: string): boolean {
  // RFC 3986 2: unreserved, reserved and percent-encoded; nothing beyond ASCII.
  if (!/^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/.test(uri)) return false;
  return /^mailto:./i.test(uri) || (/^https?:\/\//i.test(uri) && URL.canParse(uri));
}

/** Returns the List-Unsubscribe field for these URIs, one URI per line, with its CRLF. */
export function listUnsubscribeField(uris: readonly string[]): string {
  return `List-Unsubscribe: ${uris.map((uri) => `<${uri}>`).join(',\r\n ')}\r\n`;
}

/** Returns the value of the field on one line, as it is recorded. */
export function listUnsubscribeValue(uris: readonly string[]): string {
  return uris.map((uri) => `<${uri}>`).join(', ');
}
