import { emptyVector, type Vector } from '../vectors/format.js';
import { mutate, noise } from './mutate.js';
import type { Chance } from './random.js';

/** Lines that are right, or nearly so, in the order that makes a message now and then. */
const STEPS: readonly (readonly string[])[] = [
  [
    'EHLO client.example',
    'HELO client.example',
    'EHLO [192.0.2.1]',
    'EHLO',
    'LHLO a',
    'EHLO a_b',
    'STARTTLS',
  ],
  [
    'AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=',
    'AUTH PLAIN',
    'AHVzZXIAcGFzc3dvcmQ=',
    'AUTH LOGIN dXNlcg==\r\ncGFzc3dvcmQ=',
    'AUTH LOGIN',
    'AUTH XOAUTH2 dXNlcj1hAWF1dGg9QmVhcmVyIHgBAQ==',
    'AUTH OAUTHBEARER bixhPXVzZXIsAWF1dGg9QmVhcmVyIHRva2VuAQE=',
    'AQ==',
    '*',
  ],
  [
    'MAIL FROM:<a@x.example>',
    'MAIL FROM:<>',
    'MAIL FROM:<a@x.example> SIZE=20 BODY=8BITMIME',
    'MAIL FROM:<a@x.example> BODY=BINARYMIME',
    'MAIL FROM:<j\xc3\xb6rg@x.example> SMTPUTF8',
    'mail from: <@r:a@x.example> RET=HDRS ENVID=a+2Bb AUTH=<>',
    'MAIL FROM:<a@x.example> SIZE=999999999',
  ],
  [
    'RCPT TO:<b@y.example>',
    'RCPT TO:<postmaster>',
    'RCPT TO:<"a b"@y.example> NOTIFY=NEVER ORCPT=rfc822;b+40y',
    'RCPT TO:<b@[IPv6:::1]>',
    'RCPT TO:<b',
    'RCPT TO:<>',
  ],
  [
    'DATA\r\nSubject: a\r\n\r\nbody\r\n..dot\r\n.',
    'DATA\r\n.',
    'DATA',
    'DATA\r\na\nb\r\n.',
    'Subject: x\r\n\r\nQUIT\r\n.',
    'BDAT 5\r\nhello',
    'BDAT 3 LAST\r\n\r\n.',
    'BDAT 0 LAST',
    'BDAT -1',
  ],
  ['NOOP', 'RSET', 'VRFY b', 'HELP', 'EXPN b', 'QUIT', 'BOGUS', '', ' ', 'NOOP \x80', 'Host: x', '.'],
];

const OPTIONS: readonly (readonly [string, string])[] = [
  ['tls', 'required'],
  ['auth', 'required'],
  ['auth', 'off'],
  ['auth', 'bearer'],
  ['chunking', 'off'],
  ['binarymime', 'off'],
  ['starttls', 'off'],
  ['bare-newlines', 'normalize'],
  ['limit.commandLine', '60'],
  ['limit.authLine', '40'],
  ['limit.messageSize', '12'],
  ['limit.recipients', '1'],
  ['limit.errors', '4'],
  ['limit.errors', '100000'],
  ['limit.swallowedLine', '200'],
];

const REFUSALS = ['550 5.7.1 No\r\n250 Yes', '450 4.2.1 Later', '421 4.3.2 Gone', '250 2.0.0 \xff', '354 Go'];
const QUESTIONS = ['hello', 'starttls', 'auth', 'mail', 'rcpt', 'data', 'end'];

/** Makes a dialogue by chance; `known` are vectors to start from. */
export function invent(known: readonly Vector[], chance: Chance): Vector {
  const vector = chance.once(2) ? disturbed(known, chance) : composed(chance);
  for (let i = chance.below(4); i > 0; i--) {
    const [key, value] = chance.pick(OPTIONS);
    vector.options.set(key, value);
  }
  if (chance.once(3)) {
    const verdicts = chance.several(4, () => (chance.once(2) ? null : chance.pick(REFUSALS)));
    vector.verdicts.set(chance.pick(QUESTIONS), verdicts);
  }
  return vector;
}

/** A vector with octets changed. */
function disturbed(known: readonly Vector[], chance: Chance): Vector {
  const { segments, options, verdicts } = chance.pick(known);
  const other = octetsOf(chance.pick(known));
  return {
    ...emptyVector('fuzz'),
    // The longest vectors say little more than the others, and take long.
    segments: segments.map(({ octets }) => ({ octets: mutate(octets.slice(0, 3_000), other, chance) })),
    options: new Map([...options].filter(([key]) => key !== 'early' && key !== 'link')),
    verdicts: new Map(Array.from(verdicts, ([question, list]) => [question, [...list]])),
  };
}

/** Lines in a row, most of them where they belong; or noise. */
function composed(chance: Chance): Vector {
  if (chance.once(5)) return { ...emptyVector('fuzz'), segments: [{ octets: noise(chance) }] };
  let octets = '';
  for (let round = chance.below(3); round >= 0; round--) {
    for (const lines of STEPS) {
      for (let times = chance.pick([0, 1, 1, 1, 1, 2]); times > 0; times--) {
        octets += `${chance.pick(chance.once(4) ? chance.pick(STEPS) : lines.slice(0, 3))}\r\n`;
      }
    }
  }
  return {
    ...emptyVector('fuzz'),
    segments: [{ octets: chance.once(2) ? octets : mutate(octets, octets, chance) }],
  };
}

function octetsOf({ segments }: Vector): string {
  return segments.map(({ octets }) => octets).join('');
}
