// What a client may say (RFC 5321 4.1.4), as octets, with waiting where the protocol wants it.
import { Chance } from '../fuzz/random.js';

/** Octets that are sent together, and how many replies are waited for then. */
export interface Turn {
  readonly octets: string;
  readonly replies: number;
}

export interface Dialogue {
  readonly name: string;
  readonly turns: readonly Turn[];
}

const turn = (octets: string, replies = 1): Turn => ({ octets: `${octets}\r\n`, replies });

/** BDAT and its octets, in one write (RFC 3030 2). */
const chunk = (octets: string, last = ''): Turn => ({
  octets: `BDAT ${octets.length}${last}\r\n${octets}`,
  replies: 1,
});

/** Line by line. */
function lines(name: string, ...octets: string[]): Dialogue {
  return { name, turns: octets.map((line) => turn(line)) };
}

const EHLO = 'EHLO client.example';
const MAIL = 'MAIL FROM:<a@x.example>';
const RCPT = 'RCPT TO:<b@y.example>';
const BODY = 'Subject: a\r\n\r\nbody\r\n..\r\n.';

/** Written by hand: each extension that both offer, and each rule of order. */
export const WRITTEN: readonly Dialogue[] = [
  lines('a message', EHLO, MAIL, RCPT, 'DATA', BODY),
  lines('a message with HELO', 'HELO client.example', MAIL, RCPT, 'DATA', BODY),
  lines('an empty message', EHLO, MAIL, RCPT, 'DATA', '.'),
  lines('two messages', EHLO, MAIL, RCPT, 'DATA', BODY, 'MAIL FROM:<>', RCPT, RCPT, 'DATA', BODY),
  lines('any case', 'ehlo client.example', 'mail from:<a@x.example>', 'Rcpt To:<b@y.example>', 'data', '.'),
  lines('postmaster', EHLO, MAIL, 'RCPT TO:<postmaster>', 'RCPT TO:<Postmaster@y.example>'),
  lines('quoted local parts', EHLO, MAIL, 'RCPT TO:<"a b"@y.example>', 'RCPT TO:<"a\\"b"@y.example>'),
  lines('a source route', EHLO, MAIL, 'RCPT TO:<@r.example:b@y.example>'),
  lines(
    'address literals',
    'EHLO [192.0.2.1]',
    MAIL,
    'RCPT TO:<b@[192.0.2.1]>',
    'RCPT TO:<b@[IPv6:2001:db8::1]>',
  ),
  lines('SIZE', EHLO, `${MAIL} SIZE=1000`, RCPT, 'RSET', `${MAIL} SIZE=99999999999`, `${MAIL} SIZE=x`),
  lines('BODY', EHLO, `${MAIL} BODY=8BITMIME`, 'RSET', `${MAIL} BODY=7BIT`, 'RSET', `${MAIL} BODY=9BIT`),
  lines('SMTPUTF8', EHLO, 'MAIL FROM:<j\xc3\xb6rg@x.example> SMTPUTF8', 'RCPT TO:<\xc3\xa4@y.example>'),
  lines('no SMTPUTF8', EHLO, 'MAIL FROM:<j\xc3\xb6rg@x.example>', MAIL, 'RCPT TO:<\xc3\xa4@y.example>'),
  lines(
    'DSN',
    EHLO,
    `${MAIL} RET=HDRS ENVID=a+2Bb`,
    `${RCPT} NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;b+40y.example`,
    `${RCPT} NOTIFY=NEVER`,
    'RSET',
    `${MAIL} RET=ALL`,
    `${RCPT} NOTIFY=NEVER,SUCCESS`,
    `${RCPT} NOTIFY=x`,
    'RSET',
    `${MAIL} RET=x`,
  ),
  lines('unknown parameters', EHLO, `${MAIL} FOO=bar`, MAIL, `${RCPT} FOO=bar`),
  lines('parameters after HELO', 'HELO client.example', `${MAIL} SIZE=1`, 'RSET', MAIL),
  lines('order', 'NOOP', 'RSET', EHLO, RCPT, 'DATA', MAIL, 'DATA', MAIL, RCPT, MAIL, 'RSET', 'DATA'),
  lines('MAIL before a hello', MAIL),
  lines('EHLO again', EHLO, MAIL, RCPT, EHLO, 'DATA', MAIL),
  lines('the commands that change nothing', EHLO, 'NOOP', 'NOOP words', 'VRFY b@y.example', 'HELP', 'EXPN a'),
  lines('syntax', EHLO, 'MAIL', 'MAIL FROM:', 'MAIL FROM:<a', 'RSET now', 'EHLO', 'BOGUS'),
  lines('arguments', EHLO, MAIL, 'RCPT TO:<>', 'RCPT TO:<b@y.example', RCPT, 'DATA now', 'RSET'),
  lines('a null sender', EHLO, 'MAIL FROM:<>', RCPT, 'DATA', BODY),
  lines('a space after the colon', EHLO, 'MAIL FROM: <a@x.example>', 'RCPT TO: <b@y.example>'),
  lines('HELO and EHLO in turn', 'HELO a.example', EHLO, 'HELO a.example', MAIL, RCPT),
  lines('no STARTTLS, no AUTH', EHLO, 'STARTTLS', 'AUTH PLAIN AHVzZXIAcGFzc3dvcmQ='),
  lines('ETRN, TURN', EHLO, 'TURN'),
  {
    name: 'chunks',
    turns: [EHLO, MAIL, RCPT]
      .map((line) => turn(line))
      .concat(chunk('Subject: a\r\n\r\n'), chunk('.\r\nbody\r\n'), chunk('', ' LAST'), turn(MAIL)),
  },
  { name: 'one chunk', turns: [turn(EHLO), turn(MAIL), turn(RCPT), chunk('a: b\r\n\r\nc\r\n', ' LAST')] },
  {
    name: 'chunks out of order',
    turns: [
      turn(EHLO),
      chunk('a'),
      turn('RSET'),
      turn(MAIL),
      chunk('a', ' LAST'),
      turn('NOOP'),
      turn(RCPT),
      turn('RSET'),
    ],
  },
  {
    name: 'DATA and other commands between chunks',
    turns: [
      turn(EHLO),
      turn(MAIL),
      turn(RCPT),
      chunk('a: b\r\n'),
      turn('DATA'),
      turn('NOOP'),
      turn('RSET'),
      turn(MAIL),
    ],
  },
  lines('sizes that are none', EHLO, MAIL, RCPT, 'BDAT', 'NOOP'),
  {
    name: 'pipelined',
    turns: [turn(EHLO), turn([MAIL, RCPT, RCPT, 'DATA'].join('\r\n'), 4), turn(BODY)],
  },
  {
    name: 'pipelined, with RSET between',
    turns: [turn(EHLO), turn([MAIL, RCPT, 'RSET', MAIL, RCPT, 'DATA'].join('\r\n'), 6), turn(BODY)],
  },
  {
    name: 'a message, and the next transaction in one write',
    turns: [turn(EHLO), turn([MAIL, RCPT, 'DATA'].join('\r\n'), 3), turn([BODY, MAIL, RCPT].join('\r\n'), 3)],
  },
];

const STEPS = [
  ...[EHLO, EHLO, 'HELO client.example', MAIL, MAIL, 'MAIL FROM:<>', `${MAIL} SIZE=10`],
  ...[RCPT, RCPT, 'RCPT TO:<postmaster>', 'RSET', 'NOOP', 'VRFY b@y.example', 'DATA', 'DATA'],
] as const;

/** Commands in any order: an order that is not legal has a reply of its own, which is compared as well. */
export function generated(seed: number): Dialogue {
  const chance = new Chance(seed);
  const turns: Turn[] = [];
  // What must be known of the state: whether DATA will get its 354.
  let state: 'start' | 'ready' | 'mail' | 'rcpt' = 'start';
  for (let i = 4 + chance.below(12); i > 0; i--) {
    const command = i > 12 && state === 'start' ? EHLO : chance.pick(STEPS);
    turns.push(turn(command));
    const verb = command.slice(0, 4);
    if (verb === 'EHLO' || verb === 'HELO') state = 'ready';
    else if (verb === 'RSET' && state !== 'start') state = 'ready';
    // HELO has no parameters; whether it was the hello does not matter without them.
    else if (verb === 'MAIL' && state === 'ready' && !command.includes('SIZE')) state = 'mail';
    else if (verb === 'MAIL' && state === 'ready') return { name: `seed ${seed}`, turns };
    else if (verb === 'RCPT' && (state === 'mail' || state === 'rcpt')) state = 'rcpt';
    else if (verb === 'DATA' && state === 'rcpt') {
      turns.push(turn(BODY));
      state = 'ready';
    }
  }
  return { name: `seed ${seed}`, turns };
}
