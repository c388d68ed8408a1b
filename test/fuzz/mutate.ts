import type { Chance } from './random.js';

/** Octets that have a meaning somewhere in the protocol. */
const TOKENS = [
  ...['\r', '\n', '\r\n', '\r\n.\r\n', '\n.\n', '\r.\r', '.', '..', ' ', '\t', '\0', '\x7f', '\xff', '\xc3'],
  ...['<', '>', '<>', '@', '"', '\\', ':', '=', '+', '+0D', ',', '[', ']', '*', '-', '\x16\x03\x01'],
  ...['RSET\r\n', 'QUIT\r\n', 'DATA\r\n', 'NOOP\r\n', 'STARTTLS\r\n', 'EHLO a\r\n', 'HELO a\r\n', 'BDAT '],
  ...['AUTH PLAIN\r\n', 'AUTH LOGIN\r\n', 'GET / HTTP/1.1\r\n', 'Subject: x\r\n', ' SMTPUTF8', ' SIZE=1'],
  ...['BDAT 3\r\n', 'BDAT 0 LAST\r\n', ' BODY=BINARYMIME', 'x'.repeat(70), 'A'.repeat(600)],
] as const;

/** Octets, changed in a few places; `other` is something to splice with. */
export function mutate(octets: string, other: string, chance: Chance): string {
  let text = octets;
  for (let times = 1 + chance.below(4); times > 0; times--) text = mutateOnce(text, other, chance);
  return text;
}

function mutateOnce(text: string, other: string, chance: Chance): string {
  const at = chance.below(text.length + 1);
  const to = Math.min(text.length, at + 1 + chance.below(chance.once(3) ? 40 : 4));
  const [before, middle, after] = [text.slice(0, at), text.slice(at, to), text.slice(to)];
  switch (chance.below(7)) {
    case 0:
      return before + after;
    case 1:
      return before + middle + middle + after;
    case 2:
      return before + String.fromCharCode(chance.below(256)) + after;
    case 3:
      return before + chance.pick(TOKENS) + middle + after;
    case 4:
      return before + chance.pick(TOKENS) + after;
    case 5:
      return before + other.slice(chance.below(other.length + 1));
    default:
      return before + middle.toLowerCase() + after;
  }
}

/** Octets without a grammar; those with a meaning come more often. */
export function noise(chance: Chance): string {
  return chance
    .several(60, () => (chance.once(3) ? chance.pick(TOKENS) : String.fromCharCode(chance.below(256))))
    .join('');
}
