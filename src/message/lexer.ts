/** Reports a text that does not follow its grammar. Thrown by {@link Lexer}, caught by the parser that uses it. */
export class SyntaxFault extends Error {
  override readonly name = 'SyntaxFault';
}

const HTAB = 0x09;
const SPACE = 0x20;
export const DQUOTE = 0x22;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
export const COMMA = 0x2c;
export const DOT = 0x2e;
export const COLON = 0x3a;
export const LESS = 0x3c;
export const GREATER = 0x3e;
export const AT = 0x40;
export const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;

/** RFC 5322 3.2.3: atext. RFC 6532 3.2 adds everything beyond ASCII; C1 controls stay out. */
const ATEXT = new Set(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~"
    .split('')
    .map((character) => character.charCodeAt(0)),
);

function isAtext(code: number): boolean {
  return code >= 0xa0 || ATEXT.has(code);
}

/**
 * Returns true for VCHAR (RFC 5234), for characters beyond ASCII (RFC 6532 3.1) and for white space. HTAB is the only
 * control that is allowed.
 */
function isText(code: number): boolean {
  return (code >= SPACE && code < 0x7f) || code >= 0xa0 || code === HTAB;
}

/**
 * Reads the lexical tokens of structured field bodies (RFC 5322 3.2) from an unfolded text.
 *
 * Every method reads forward only, and reads nothing twice. Comments nest by a count and not by recursion. So the work
 * is linear in the text, whatever it holds. Each method throws a {@link SyntaxFault} that names the character, counted
 * from 1.
 */
export class Lexer {
  pos = 0;

  constructor(readonly text: string) {}

  get done(): boolean {
    return this.pos >= this.text.length;
  }

  /** Returns the next code unit; NaN at the end, which is equal to no code unit. */
  peek(): number {
    return this.text.charCodeAt(this.pos);
  }

  fault(expected: string): SyntaxFault {
    const where = this.done ? 'where it ends' : `at character ${this.pos + 1}`;
    return new SyntaxFault(`expected ${expected} ${where}`);
  }

  expect(code: number): void {
    if (this.peek() !== code) throw this.fault(`"${String.fromCharCode(code)}"`);
    this.pos += 1;
  }

  /** Skips CFWS: white space and comments, or nothing (3.2.2). Returns true if anything was skipped. */
  skipCfws(): boolean {
    const start = this.pos;
    for (;;) {
      const code = this.peek();
      if (code === SPACE || code === HTAB) this.pos += 1;
      else if (code === OPEN_PAREN) this.#skipComment();
      else return this.pos > start;
    }
  }

  /** comment = "(" *([FWS] ccontent) [FWS] ")", nested (3.2.2). */
  #skipComment(): void {
    let depth = 0;
    do {
      const code = this.peek();
      if (code === BACKSLASH) this.pos += 1;
      else if (code === OPEN_PAREN) depth += 1;
      else if (code === CLOSE_PAREN) depth -= 1;
      this.#skipText('the end of a comment');
    } while (depth > 0);
  }

  /** atom without the CFWS around it (3.2.3). */
  atom(): string {
    const start = this.pos;
    while (isAtext(this.peek())) this.pos += 1;
    if (this.pos === start) throw this.fault('a word');
    return this.text.slice(start, this.pos);
  }

  /** dot-atom-text = 1*atext *("." 1*atext) (3.2.3). */
  dotAtom(): string {
    const start = this.pos;
    this.atom();
    while (this.peek() === DOT) {
      this.pos += 1;
      this.atom();
    }
    return this.text.slice(start, this.pos);
  }

  /** quoted-string without the CFWS around it, its quotes and backslashes kept (3.2.4). */
  quotedString(): string {
    const start = this.pos;
    this.expect(DQUOTE);
    while (this.peek() !== DQUOTE) {
      if (this.peek() === BACKSLASH) this.pos += 1;
      this.#skipText('a closing quote');
    }
    this.pos += 1;
    return this.text.slice(start, this.pos);
  }

  /** domain-literal without the CFWS around it (3.4.1): "[" *dtext "]", white space inside dropped. */
  domainLiteral(): string {
    const start = this.pos;
    this.expect(OPEN_BRACKET);
    while (this.peek() !== CLOSE_BRACKET) {
      const code = this.peek();
      if (code === OPEN_BRACKET || code === BACKSLASH) throw this.fault('"]"');
      this.#skipText('"]"');
    }
    this.pos += 1;
    return this.text.slice(start, this.pos).replace(/[ \t]/g, '');
  }

  #skipText(expected: string): void {
    if (!isText(this.peek())) throw this.fault(expected);
    this.pos += 1;
  }
}

/** Returns the value of a quoted-string: without quotes and backslashes (3.2.4). */
export function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/gsu, '$1');
}
