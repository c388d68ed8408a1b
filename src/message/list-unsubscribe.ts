import { decodeEncodedWords } from './encoded-word.js';
import { COMMA, GREATER, LESS, Lexer, SyntaxFault } from './lexer.js';
import { type Parsed, parsed, unparsed } from './parsed.js';

/** So that `<uri>,` and the field name fit on one line of 998 octets (RFC 5322 2.1.1): a URI cannot be folded. */
export const MAX_URI_LENGTH = 900;

/**
 * Reads a comma separated list of one or more `<uri>` (RFC 2369 2), unfolded; gives the URIs in order, no
 * repeats. White space and comments between elements and white space inside the brackets are ignored, as
 * RFC 2369 asks. A URI is `https:`, `http:` or `mailto:`: the ones a mail program offers to its reader.
 *
 * A value that is encoded words is read decoded where it does not parse as it stands: mail libraries encode a
 * URI that is too long for a line, though RFC 2047 5 forbids it.
 */
export function parseUriList(text: string): Parsed<readonly string[]> {
  const literal = parseLiteralUriList(text);
  if (literal.ok || !text.includes('=?')) return literal;
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
      if (lexer.done) return parsed([...uris]);
      lexer.expect(COMMA);
    }
  } catch (error) {
    if (error instanceof SyntaxFault) return unparsed(error.message);
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

/** The List-Unsubscribe field of these URIs, one to a line, with its CRLF. */
export function listUnsubscribeField(uris: readonly string[]): string {
  return `List-Unsubscribe: ${uris.map((uri) => `<${uri}>`).join(',\r\n ')}\r\n`;
}

/** The same on one line, as it is recorded. */
export function listUnsubscribeValue(uris: readonly string[]): string {
  return uris.map((uri) => `<${uri}>`).join(', ');
}
