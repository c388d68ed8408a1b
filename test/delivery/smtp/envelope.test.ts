/** What a sender asked for goes on where the far side offers it; what a message needs and it lacks is told. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { envelopeFor, readExtensions, type Route } from '../../../src/delivery/transports/smtp/envelope.js';
import { encodeXtext } from '../../../src/delivery/transports/smtp/xtext.js';
import { decodeXtext } from '../../../src/protocol/grammar/xtext.js';
import type { Shipment } from '../../../src/delivery/transports/transport.js';
import type { DeliverBy } from '../../../src/store/port.js';
import { farEnd } from '../far-end.js';
import { recipient, shipment } from '../files/shipment.js';
import { send, smarthost } from './rig.js';

const EVERYTHING =
  '250-x\n250-SIZE 100\n250-8BITMIME\n250-SMTPUTF8\n250-DSN\n250-REQUIRETLS\n250-MT-PRIORITY\n250 DELIVERBY 60';

/** A time of a message that is sent at 1000. */
function later(otherwise: 'return' | 'notify', milliseconds = 60_000): DeliverBy {
  return { time: 1000 + milliseconds, otherwise, trace: false };
}

function route(reply: string, verified = true): Route {
  return { extensions: readExtensions(reply), verified };
}

function withTerms(terms: Partial<Shipment['terms']>, changes: Partial<Shipment> = {}): Shipment {
  const message = shipment('x\r\n', changes);
  return { ...message, terms: { ...message.terms, ...terms } };
}

const ASKED = withTerms(
  {
    ret: 'HDRS',
    envelopeId: 'a+b=c d',
    priority: -3,
    requireTls: true,
    deliverBy: { time: 61_500, otherwise: 'return', trace: true },
  },
  {
    recipients: [
      { ...recipient(0, 'a@b.example'), notify: [], originalRecipient: 'rfc822;a+x=y@b.example' },
      {
        ...recipient(1, 'c@b.example'),
        notify: ['SUCCESS', 'DELAY'],
        originalRecipient: 'utf-8;jürgen+x@b.example',
      },
      recipient(2, 'd@b.example'),
    ],
  },
);

it('all of it', () => {
  const { mail, recipients } = envelopeFor(ASKED, route(EVERYTHING), 1000);
  expect(mail).toBe(
    'MAIL FROM:<bounces@example.com> SIZE=3 BODY=8BITMIME RET=HDRS ENVID=a+2Bb+3Dc+20d REQUIRETLS MT-PRIORITY=-3 BY=61;RT',
  );
  expect(recipients.map(({ command }) => command)).toEqual([
    'RCPT TO:<a@b.example> NOTIFY=NEVER ORCPT=rfc822;a+2Bx+3Dy@b.example',
    'RCPT TO:<c@b.example> NOTIFY=SUCCESS,DELAY ORCPT=utf-8;j\\x{FC}rgen\\x{2B}x@b.example',
    'RCPT TO:<d@b.example>',
  ]);
});

const ASCII_ONLY = { eightBit: false, utf8Header: false, binary: false, longLines: false };

// Go's net/smtp says SMTPUTF8 and BODY=8BITMIME whenever they are offered.
it('takes from the octets what a message needs, and not from what its client declared', () => {
  const declared = withTerms({ smtputf8: true, body: '8BITMIME' }, { needs: ASCII_ONLY });
  for (const offer of ['250 x', EVERYTHING]) {
    const { mail, refused } = envelopeFor(declared, route(offer), 1000);
    expect(refused).toEqual([]);
    expect(mail).not.toContain('UTF8');
    expect(mail).not.toContain('8BITMIME');
  }
  const plain = { ...withTerms({}), needs: { ...ASCII_ONLY, eightBit: true, utf8Header: true } };
  expect(envelopeFor(plain, route(EVERYTHING), 1000).mail).toContain(' BODY=8BITMIME SMTPUTF8');
  expect(envelopeFor(plain, route('250 x'), 1000).refused).toMatchObject([
    { refusal: { enhancedCode: '5.6.7' } },
  ]);
  const eightBit = { ...withTerms({}), needs: { ...ASCII_ONLY, eightBit: true } };
  expect(envelopeFor(eightBit, route(EVERYTHING), 1000).mail).toMatch(/ BODY=8BITMIME$/);
});

it('none of it, to a server that offers nothing', () => {
  const plain = { ...ASKED, terms: { ...ASKED.terms, requireTls: false, deliverBy: later('notify') } };
  for (const reply of ['250 x', '250-x\r\n250 PIPELINING']) {
    const { mail, recipients, refused } = envelopeFor(plain, route(reply), 1000);
    expect([mail, recipients[1]?.command, refused]).toEqual([
      'MAIL FROM:<bounces@example.com>',
      'RCPT TO:<c@b.example>',
      [],
    ]);
  }
});

it.each([
  ['5.6.7', withTerms({ smtputf8: true }), '250 x', 1],
  ['5.6.7', withTerms({}, { reversePath: 'jürgen@example.com' }), '250 x', 1],
  [
    '5.6.7',
    withTerms({}, { recipients: [recipient(0, 'a@b.example'), recipient(1, 'ü@b.example')] }),
    '250 x',
    1,
  ],
  ['5.3.4', withTerms({}, { size: 101 }), EVERYTHING, 1],
  ['5.7.30', withTerms({ requireTls: true }), '250 x', 1],
  ['5.4.7', withTerms({ deliverBy: later('return') }), '250 x', 1],
  ['5.4.7', withTerms({ deliverBy: later('return', 59_999) }), EVERYTHING, 1],
  ['5.1.7', withTerms({}, { reversePath: 'a@b>\r\nRCPT TO:<x' }), EVERYTHING, 1],
  ['5.1.3', withTerms({}, { recipients: [recipient(0, 'a\n@b.example')] }), EVERYTHING, 1],
])('refused here: %s', (code, message, reply, count) => {
  const { refused } = envelopeFor(message, route(reply), 1000);
  expect(refused.map(({ refusal }) => refusal.enhancedCode)).toEqual(
    Array.from({ length: count }, () => code),
  );
});

it('SIZE at the limit passes, and none is no limit', () => {
  for (const [size, reply] of [
    [100, EVERYTHING],
    [1e9, '250-x\n250 SIZE'],
    [1e9, '250-x\n250 SIZE 0'],
  ] as const) {
    expect(envelopeFor(withTerms({}, { size }), route(reply), 0).refused).toEqual([]);
  }
});

it('a time at the least that the far side takes passes, and one to be told of is told wherever it can be', () => {
  const sent = (deliverBy: DeliverBy, reply: string) => {
    const message = withTerms({ deliverBy }, { recipients: ASKED.recipients });
    const { mail, recipients, refused } = envelopeFor(message, route(reply), 1000);
    expect(refused).toEqual([]);
    return [
      mail.replace(/.*> ?/, ''),
      ...recipients.map(({ command }) => / (NOTIFY=\S+)/.exec(command)?.[1]),
    ];
  };
  expect(sent(later('return'), '250-x\n250 DELIVERBY 60')[0]).toBe('BY=60;R');
  expect(sent(later('return', 1), '250-x\n250 DELIVERBY')[0]).toBe('BY=1;R');
  expect(sent(later('notify'), '250-x\n250-DSN\n250 DELIVERBY')).toEqual([
    'BY=60;N',
    'NOTIFY=NEVER',
    'NOTIFY=SUCCESS,DELAY',
    undefined,
  ]);
  // RFC 2852 4.1.4.2
  expect(sent(later('notify'), '250-x\n250 DSN').slice(1)).toEqual([
    'NOTIFY=NEVER',
    'NOTIFY=SUCCESS,DELAY',
    'NOTIFY=FAILURE,DELAY',
  ]);
});

it('xtext stands for what it was made of', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const coded = encodeXtext(text);
      expect(Buffer.from(decodeXtext(coded) ?? 'no xtext', 'latin1').toString()).toBe(text);
    }),
  );
});

it('a far end understands it', async () => {
  const end = await farEnd({
    extensions: { mtPriority: {}, deliverBy: { minimum: 0 } },
  });
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  const message = {
    ...ASKED,
    terms: {
      ...ASKED.terms,
      requireTls: false,
      smtputf8: true,
      deliverBy: { time: Date.now() + 600_000, otherwise: 'return', trace: true } as const,
    },
    reversePath: 'jürgen@example.com',
  };
  expect(await send(transport, message)).toMatchObject(
    [0, 1, 2].map(() => ({ outcome: 'delivered', keepsTime: true })),
  );
  expect(end.received).toMatchObject([
    {
      reversePath: 'jürgen@example.com',
      parameters: { size: 3, body: '8BITMIME', smtputf8: true, ret: 'HDRS', envid: 'a+b=c d', priority: -3 },
      recipients: [
        { parameters: { notify: [], orcpt: { type: 'rfc822', address: 'a+x=y@b.example' } } },
        {
          parameters: {
            notify: ['SUCCESS', 'DELAY'],
            orcpt: { type: 'utf-8', address: 'jürgen+x@b.example' },
          },
        },
        { parameters: {} },
      ],
    },
  ]);
});

const ASKED_PLAIN = { ...ASKED, terms: { ...ASKED.terms, requireTls: false, deliverBy: null } };

it('without DSN, the far side notifies nobody', async () => {
  const end = await farEnd({ extensions: { dsn: false } });
  const [delivery] = await send(smarthost(`smtp://127.0.0.1:${end.port}`), ASKED_PLAIN);
  expect(delivery).toMatchObject({ outcome: 'delivered', notifies: false });
});

const LINE = 'x'.repeat(998);

it.each([
  ['lines', 'a\r\nb\r\n', 'delivered'],
  ['a line of 998 octets', `${LINE}\r\n`, 'delivered'],
  ['a line of 999 octets', `${LINE}x\r\n`, 'bounced'],
  ['a NUL', 'a\0\r\n', 'bounced'],
  ['a bare LF', 'a\nb\r\n', 'bounced'],
  ['a bare CR', 'a\rb\r\n', 'bounced'],
  ['a CR at the end', 'a\r', 'bounced'],
  ['no line end at the end', 'a\r\nb', 'bounced'],
])('BINARYMIME with %s: %s', async (_, content, outcome) => {
  const end = await farEnd();
  const message = shipment([Buffer.from(content.slice(0, 2)), Buffer.from(content.slice(2))]);
  const binary: Shipment = { ...message, terms: { ...message.terms, body: 'BINARYMIME' } };
  const [delivery] = await send(smarthost(`smtp://127.0.0.1:${end.port}`), binary);
  expect(delivery).toMatchObject(
    outcome === 'bounced' ? { outcome, enhancedCode: '5.6.1', remoteHost: null } : { outcome },
  );
  expect(end.received.map(({ parameters }) => parameters.body)).toEqual(
    outcome === 'bounced' ? [] : ['8BITMIME'],
  );
});
