import { randomUUID } from 'node:crypto';
import { Fault, type Parsed } from '../base/fault.js';
import { decodeCharset } from './charset.js';
import {
  AT,
  COLON,
  COMMA,
  DOT,
  DQUOTE,
  GREATER,
  LESS,
  Lexer,
  OPEN_BRACKET,
  SyntaxFault,
  unquote,
} from './lexer.js';
import { decodeBase64, decodeQ } from './mime/transfer.js';

/** RFC 5321 4.5.3.1.1 and 4.5.3.1.2, in octets: no reply could be sent to an address beyond these limits. */
const MAX_LOCAL_PART = 64;
const MAX_DOMAIN = 255;

/** An encoded word as lenient readers take it (RFC 2047 2). It also matches a word that does not end. */
const WORD = /=\?([^?\s]{1,80})\?([BbQq])\?([^?]*)(\?=)?/g;
/** Labels for octets of an unknown character set, which some servers write for text that they cannot name. */
const UNNAMED = /^(?:unknown-8bit|x-unknown)$/i;

/**
 * The form that most From fields have: an address of letters, digits, `.`, `_`, `+` and `-`, alone or in angle brackets after
 * plain words. One match of it takes a third of the time of the grammar (`bench/micro/accept.mjs`).
 */
const COMMON = commonMailbox();

/** RFC 5322 3.4: a mailbox, which is a person or a thing that mail can come from. */
export interface Mailbox {
  /**
   * The phrase before the angle bracket without its quotes; encoded words are not decoded. Absent if the phrase is
   * empty.
   */
  readonly displayName?: string;
  /** The local part as written, with its quotes. */
  readonly localPart: string;
  /** The domain as written: a name, or an address literal with its brackets. */
  readonly domain: string;
  /** addr-spec: local part, `@`, domain, without the comments and white space that stood between. */
  readonly address: string;
}

/**
 * Reads a mailbox-list (RFC 5322 3.4, with the UTF-8 of RFC 6532), the body of a From field, unfolded.
 *
 * The result decides who may send, so a text with more than one reading is rejected. Library parsers try to get
 * something out of any text: for `<theirs@x> <ours@y>`, `ours@y <theirs@x>` or `"a"@x, b` two of them give two
 * answers. If this server takes a message for one of its own and the recipient's program shows another sender, the
 * message is forged. Therefore a text is rejected if the grammar does not derive it: obsolete routes and local parts,
 * empty list elements, unquoted specials. Two extensions of the grammar are accepted because they have one meaning
 * only: dots in an unquoted phrase (`John Q. Public <...>`, obs-phrase), and a dot at the end of a domain. Groups are
 * not senders and do not parse.
 */
export function parseMailboxList(text: string): Parsed<readonly Mailbox[]> {
  const common = readCommon(text);
  if (common !== null) return [common];
  const lexer = new Lexer(text);
  const mailboxes: Mailbox[] = [];
  try {
    mailboxes.push(mailbox(lexer));
    while (!lexer.done) {
      if (lexer.peek() !== COMMA) throw lexer.fault('"," or the end');
      lexer.pos += 1;
      mailboxes.push(mailbox(lexer));
    }
  } catch (error) {
    if (error instanceof SyntaxFault) return new Fault(error.message);
    throw error;
  }
  return mailboxes;
}

function commonMailbox(): RegExp {
  const local = '([A-Za-z0-9_+-]+(?:\\.[A-Za-z0-9_+-]+)*)';
  const domain = '([A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*)';
  const words = '([A-Za-z0-9]+(?: [A-Za-z0-9]+)*)';
  return new RegExp(`^ ?(?:${local}@${domain}|(?:${words} )?<${local}@${domain}>)$`);
}

/** Returns the mailbox of a text in the common form; null if the grammar has to read the text. */
function readCommon(text: string): Mailbox | null {
  const match = COMMON.exec(text);
  if (match === null) return null;
  const localPart = match[1] ?? match[4] ?? '';
  const domain = match[2] ?? match[5] ?? '';
  if (localPart.length > MAX_LOCAL_PART || domain.length > MAX_DOMAIN) return null;
  const mailbox = { localPart, domain, address: `${localPart}@${domain}` };
  const displayName = match[3];
  return displayName === undefined ? mailbox : { displayName, ...mailbox };
}

/** mailbox = name-addr / addr-spec. The first `<` or `@` shows which of the two it is. */
function mailbox(lexer: Lexer): Mailbox {
  const start = lexer.pos;
  lexer.skipCfws();
  let phrase = '';
  let spaced = false;
  for (;;) {
    const next = lexer.peek();
    if (next === LESS) return nameAddr(lexer, phrase);
    if (next === AT) {
      // At most once per mailbox: the words read so far are read again, as a local part.
      lexer.pos = start;
      return addrSpec(lexer);
    }
    if (next === COLON) throw new SyntaxFault('a group is not a sender');
    const gap = spaced && phrase !== '' ? ' ' : '';
    phrase += gap + word(lexer, phrase !== '');
    spaced = lexer.skipCfws();
  }
}

/** word = atom / quoted-string. A dot is a word too, except as the first (obs-phrase, RFC 5322 4.1). */
function word(lexer: Lexer, dotAllowed: boolean): string {
  const next = lexer.peek();
  if (next === DQUOTE) return unquote(lexer.quotedString());
  if (next === DOT && dotAllowed) {
    lexer.pos += 1;
    return '.';
  }
  if (lexer.done) throw lexer.fault('an address');
  return lexer.atom();
}

/** name-addr = [display-name] [CFWS] "<" addr-spec ">" [CFWS] */
function nameAddr(lexer: Lexer, phrase: string): Mailbox {
  lexer.expect(LESS);
  const address = addrSpec(lexer);
  lexer.expect(GREATER);
  lexer.skipCfws();
  return phrase === '' ? address : { displayName: phrase, ...address };
}

/** addr-spec = local-part "@" domain, each with CFWS around it (RFC 5322 3.4.1) */
function addrSpec(lexer: Lexer): Mailbox {
  lexer.skipCfws();
  const localPart = lexer.peek() === DQUOTE ? lexer.quotedString() : lexer.dotAtom();
  lexer.skipCfws();
  lexer.expect(AT);
  lexer.skipCfws();
  const domain = lexer.peek() === OPEN_BRACKET ? lexer.domainLiteral() : domainName(lexer);
  lexer.skipCfws();
  checkLength('local part', localPart, MAX_LOCAL_PART);
  checkLength('domain', domain, MAX_DOMAIN);
  const address = `${localPart}@${domain}`;
  // Invisible and reordering characters make an address look like another one.
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[^\P{Zs} ]/u.test(address)) {
    throw new SyntaxFault('an address may not hold invisible characters');
  }
  return { localPart, domain, address };
}

function domainName(lexer: Lexer): string {
  const start = lexer.pos;
  lexer.atom();
  while (lexer.peek() === DOT) {
    lexer.pos += 1;
    const next = lexer.peek();
    if (lexer.done || next === GREATER || next === COMMA) break;
    lexer.atom();
  }
  return lexer.text.slice(start, lexer.pos);
}

function checkLength(what: string, text: string, limit: number): void {
  const octets = Buffer.byteLength(text);
  if (octets > limit) throw new SyntaxFault(`a ${what} has ${octets} octets; at most ${limit} are allowed`);
}

/**
 * Looks in a From field that has one mailbox for anything that could show another sender to another reader: to
 * programs that decode encoded words first and look for addresses afterwards, or that continue after a word that does
 * not end.
 *
 * An address in quotes alone is no reason (`"bob@example.net via Shop"` is a common name), and neither is a comma in
 * an encoded word; both together are a reason.
 *
 * @param text the field's body, unfolded
 * @param localPart of its address
 * @returns the reason, for the client; null if there is no other reading
 */
export function otherReading(text: string, localPart: string): string | null {
  // Most names have no encoded word.
  if (!text.includes('=?')) return null;
  // RFC 2047 5: an address may not contain one.
  if (localPart.includes('=?')) return 'the address holds an encoded word';
  let decoded = '';
  for (const [, label = '', encoding, payload = '', end] of text.matchAll(WORD)) {
    if (end === undefined) return 'an encoded word has no end';
    // RFC 2047 5 (3): they have to be encoded. A reader that decodes first would take one for the begin of a comment.
    if (/[()"]/.test(payload)) return 'an encoded word holds a quote or a parenthesis that is not encoded';
    const charset = label.replace(/\*.*$/, '').toLowerCase();
    const octets = encoding?.toUpperCase() === 'Q' ? decodeQ(payload) : decodeBase64(Buffer.from(payload));
    const known = decodeCharset(charset, octets);
    if (known === null && !UNNAMED.test(charset)) return 'an encoded word has an unknown character set';
    decoded += known ?? octets.toString('latin1');
  }
  if (/[<>@\p{Cc}]/u.test(decoded)) return 'an encoded word holds @, <, > or a control character';
  if (!/[,;:()"\\]/.test(decoded)) return null;
  return text.indexOf('@') !== text.lastIndexOf('@')
    ? 'the name holds an address, and punctuation in an encoded word'
    : null;
}

/**
 * Returns true if a field body has a fold inside a quoted string or a comment. Expects a body that follows its
 * grammar.
 */
export function isFoldedInside(body: string): boolean {
  let quoted = false;
  let depth = 0;
  for (let at = 0; at < body.length; at += 1) {
    const character = body[at];
    if (character === '\r') {
      if (quoted || depth > 0) return true;
    } else if (character === '\\') {
      if (quoted || depth > 0) at += body.startsWith('\r\n', at + 1) ? 0 : 1;
    } else if (character === '"' && depth === 0) quoted = !quoted;
    else if (character === '(' && !quoted) depth += 1;
    else if (character === ')' && !quoted) depth -= 1;
  }
  return false;
}

/** Returns a new msg-id (RFC 5322 3.6.4) with its angle brackets: 122 random bits at this domain (A-labels). */
export function newMessageId(domain: string): string {
  return `<${randomUUID()}@${domain}>`;
}

/**
 * Returns the msg-id in the body of a Message-ID field, unfolded, with its angle brackets; null if it has no msg-id.
 *
 * Accepts more than the grammar, because nothing is decided on it and many programs write odd ones: any printable
 * ASCII around an `@`.
 */
export function parseMessageId(text: string): string | null {
  const value = text.trim();
  if (!/^<[!-;=?-~]+>$/.test(value)) return null;
  const at = value.indexOf('@');
  return at > 1 && at < value.length - 2 ? value : null;
}
