// What properties are tried on: dialogues that could be true, nearly true ones, mutated vectors, and noise.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { refuse, Reply, type ProfileOptions } from '../../src/protocol/index.js';
import { parseVectors } from '../vectors/format.js';
import { type Decide, acceptAll } from './session-harness.js';

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

const line = fc.constantFrom(
  ...['EHLO c.example', 'HELO c', 'ehlo [192.0.2.1]', 'EHLO', 'EHLO <x>'],
  ...[
    'MAIL FROM:<a@x>',
    'MAIL FROM:<>',
    'MAIL FROM:<a@x> SIZE=9',
    'MAIL FROM:<ö@x> SMTPUTF8',
    'MAIL FROM:a@x',
  ],
  ...['RCPT TO:<b@y>', 'RCPT TO:<postmaster>', 'RCPT TO:<>', 'RCPT TO:<b@y> X=1', 'RCPT TO:<"a b"@y>'],
  ...['BDAT 3', 'BDAT 9', 'BDAT 5 LAST', 'BDAT 0 LAST', 'BDAT  4', 'BDAT 4 L', 'BDAT 99 LAST', 'BDAT x'],
  ...[
    'MAIL FROM:<a@x> BODY=BINARYMIME',
    'DATA',
    'DATA',
    'DATA',
    'RSET',
    'NOOP',
    'NOOP x',
    'VRFY a',
    'HELP',
    'EXPN',
    'NO\0OP',
    'NOOP \xff',
    '',
  ],
  ...[
    'AUTH PLAIN',
    'AUTH LOGIN',
    `AUTH PLAIN ${base64('\0u\0p')}`,
    'AUTH LOGIN dQ==',
    'AUTH PLAIN =',
    'AUTH X',
  ],
  ...['*', 'dQ==', base64('\0u\0p'), 'Subject: x', '.', '..', '. ', '.x', 'GET / HTTP/1.1', 'BOGUS'],
  ...[
    'NOOP ' + 'x'.repeat(60),
    'AUTH PLAIN ' + 'A'.repeat(60),
    'x'.repeat(90),
    '__proto__',
    'QUIT',
    'STARTTLS',
  ],
);
/** Mostly CRLF. */
const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n', '');

const nearlyValid = fc
  .array(fc.tuple(line, lineEnd), { maxLength: 20 })
  .map((lines) => lines.map(([text, end]) => latin1(text) + end).join(''));

/** Goes as far as DATA, then content of what matters in content. */
const inContent = fc
  .tuple(
    fc.constantFrom('', 'AUTH PLAIN AHUAcA==\r\n'),
    fc.array(
      fc.constantFrom('\r', '\n', '\r\n', '.', '\r\n.', '\r\n.\r\n', '\0', 'a', 'bc', 'QUIT', 'NOOP\r\n'),
      {
        maxLength: 25,
      },
    ),
  )
  .map(([auth, parts]) => `EHLO c\r\n${auth}MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n${parts.join('')}`);

const noise = fc
  .array(
    fc.oneof(fc.constantFrom('\r', '\n', '.', ' ', '\0', '='), fc.integer({ min: 0, max: 255 }).map(chr)),
    {
      maxLength: 60,
    },
  )
  .map((octets) => octets.join(''));

const folder = new URL('../vectors/', import.meta.url);
const samples = readdirSync(folder)
  .filter((name) => name.endsWith('.vec'))
  .flatMap((name) => parseVectors(readFileSync(new URL(name, folder), 'utf8')))
  .map(({ segments }) => segments.map(({ octets }) => octets).join(''))
  .filter((octets) => octets !== '' && octets.length < 500);

const mutated = fc
  .tuple(
    fc.constantFrom(...samples),
    fc.array(
      fc.tuple(fc.nat(500), fc.nat(4), fc.oneof(fc.constantFrom('', '\r', '\n', '.', '\r\n.\r\n'), noise)),
      {
        maxLength: 3,
      },
    ),
  )
  .map(([sample, edits]) =>
    edits.reduce((octets, [at, gone, put]) => {
      const place = at % (octets.length + 1);
      return octets.slice(0, place) + put + octets.slice(place + gone);
    }, sample),
  );

/** Octets that a client may send. */
export const dialogue: fc.Arbitrary<string> = fc.oneof(
  nearlyValid,
  inContent,
  mutated,
  noise,
  fc.tuple(inContent, nearlyValid).map(([a, b]) => `${a}\r\n.\r\n${b}`),
);

/** A listener with limits that a short dialogue meets. */
export const profile: fc.Arbitrary<Partial<ProfileOptions>> = fc.record({
  starttls: fc.boolean(),
  tlsRequired: fc.constantFrom(false, false, true),
  authRequired: fc.constantFrom(false, false, true),
  bareNewlines: fc.constantFrom('reject' as const, 'normalize' as const),
  limits: fc.constantFrom(
    {},
    { messageSize: 5, commandLine: 50, authLine: 60, swallowedLine: 80, recipients: 1, errors: 4 },
    { errors: 1000, messageSize: 0 },
    { errors: 1000, authLine: 20 },
  ),
});

/** Verdicts by the order of the questions: yes, not now, no, go away. Never on connect. */
export const verdicts: fc.Arbitrary<readonly number[]> = fc.array(
  fc.constantFrom(0, 0, 0, 0, 450, 550, 554, 421),
  {
    maxLength: 12,
  },
);

/** A judge that follows such a list, and says yes after its end. */
export function judgeBy(list: readonly number[]): Decide {
  let asked = 0;
  return (question) => {
    const code = question.type === 'connect' ? 0 : (list[asked++] ?? 0);
    return code === 0 ? acceptAll(question) : refuse(new Reply(code, null, 'so decided'));
  };
}

/** Cuts a dialogue at random places. */
export function cutAt(octets: string, places: readonly number[]): string[] {
  const sorted = [0, ...places.map((place) => place % (octets.length + 1)), octets.length].sort(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((to, i) => octets.slice(sorted[i], to));
}

export const places: fc.Arbitrary<number[]> = fc.array(fc.nat(2000), { maxLength: 12 });

function chr(code: number): string {
  return String.fromCharCode(code);
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
