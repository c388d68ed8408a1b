/**
 * If the remote server offers what a sender asked for, it is passed on. If the server lacks what a message needs, the
 * message bounces with the reason.
 */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { extensionsOf, ReceivedReply } from '../../../src/client/parts.js';
import { envelopeFor, type Route } from '../../../src/delivery/transports/smtp/envelope.js';
import { encodeXtext } from '../../../src/delivery/transports/smtp/xtext.js';
import { decodeXtext } from '../../../src/protocol/grammar/xtext.js';
import type { Shipment } from '../../../src/delivery/transports/transport.js';
import type { DeliverBy } from '../../../src/store/port.js';
import { answering, hostileServer } from '../../client/hostile-server.js';
import { startRemoteServer } from '../remote-server.js';
import { recipient, shipment } from '../files/shipment.js';
import { send, smarthost } from './setup.js';

const EVERYTHING =
  '250-x\n250-SIZE 100\n250-8BITMIME\n250-SMTPUTF8\n250-DSN\n250-REQUIRETLS\n250-MT-PRIORITY\n250 DELIVERBY 60';

/** A deadline of a message that is sent at 1000. */
function later(otherwise: 'return' | 'notify', milliseconds = 60_000): DeliverBy {
  return { time: 1000 + milliseconds, otherwise, trace: false };
}

function route(reply: string, verified = true): Route {
  const lines = reply.split(/\r?\n/).map((line) => line.slice(4));
  return { extensions: extensionsOf(new ReceivedReply(250, lines)), verified };
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

it('passes on all parameters that the server offers', () => {
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
it('computes from the octets what a message needs, and ignores what its client declared', () => {
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

it('passes on no parameter that the server does not offer', () => {
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
])('refuses with %s before the server is asked', (code, message, reply, count) => {
  const { refused } = envelopeFor(message, route(reply), 1000);
  expect(refused.map(({ refusal }) => refusal.enhancedCode)).toEqual(
    Array.from({ length: count }, () => code),
  );
});

it('accepts a size at the limit of SIZE, and any size if SIZE has no limit', () => {
  for (const [size, reply] of [
    [100, EVERYTHING],
    [1e9, '250-x\n250 SIZE'],
    [1e9, '250-x\n250 SIZE 0'],
  ] as const) {
    expect(envelopeFor(withTerms({}, { size }), route(reply), 0).refused).toEqual([]);
  }
});

it('accepts the least time that the server takes, and asks for notices of delay if it can', () => {
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

it('decoded xtext is the original text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const coded = encodeXtext(text);
      expect(Buffer.from(decodeXtext(coded) ?? 'no xtext', 'latin1').toString()).toBe(text);
    }),
  );
});

it('a server understands the parameters', async () => {
  const end = await startRemoteServer({
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

it('if the server lacks DSN, the delivery says that it does not notify', async () => {
  const end = await startRemoteServer({ extensions: { dsn: false } });
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
])('BINARYMIME with %s to a server without CHUNKING: %s', async (_, content, outcome) => {
  const end = await startRemoteServer({ extensions: { chunking: false } });
  const [delivery] = await send(smarthost(`smtp://127.0.0.1:${end.port}`), binary(content));
  expect(delivery).toMatchObject(
    outcome === 'bounced' ? { outcome, enhancedCode: '5.6.1', remoteHost: null } : { outcome },
  );
  expect(end.received.map(({ parameters }) => parameters.body)).toEqual(
    outcome === 'bounced' ? [] : ['8BITMIME'],
  );
});

it.each([`${LINE}x\r\n`, 'a\0\r\n', 'a\nb\r\n', 'a\rb\r\n', 'a\r', 'a\r\nb', '.\r\n.\n..\r\n.'])(
  'BINARYMIME %j goes by BDAT, octet for octet',
  async (content) => {
    const end = await startRemoteServer();
    const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
    for (let count = 1; count <= 2; count++) {
      expect(await send(transport, binary(content))).toMatchObject([{ outcome: 'delivered' }]);
      expect(end.received).toHaveLength(count);
    }
    expect(end.received.map(({ parameters }) => parameters.body)).toEqual(['BINARYMIME', 'BINARYMIME']);
    expect(end.received.map(({ content: octets }) => octets.toString())).toEqual([content, content]);
    expect(end.connections).toBe(1);
  },
);

it('BINARYMIME whose recipients or content are refused leaves the connection usable', async () => {
  const end = await startRemoteServer({
    behave: ({ phase }) => (phase === 'rcpt' ? '550 5.1.1 No' : undefined),
  });
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  expect(await send(transport, binary('a\0'))).toMatchObject([{ outcome: 'bounced' }]);
  end.behave = ({ phase }) => (phase === 'end' ? '452 4.3.1 Full' : undefined);
  expect(await send(transport, binary('a\0'))).toMatchObject([{ outcome: 'deferred' }]);
  end.behave = () => undefined;
  expect(await send(transport, binary('a\0'))).toMatchObject([{ outcome: 'delivered' }]);
  expect(end.connections).toBe(1);
});

function binary(content: string): Shipment {
  const message = shipment([Buffer.from(content.slice(0, 2)), Buffer.from(content.slice(2))]);
  return { ...message, terms: { ...message.terms, body: 'BINARYMIME' } };
}

it('asks for SMTPUTF8 only if an address or the header section needs it, whatever was declared', async () => {
  const declared = (content: string): Shipment => {
    const message = shipment(content);
    return { ...message, terms: { ...message.terms, smtputf8: true } };
  };
  const ascii = declared('Subject: x\r\n\r\nh\u00e9\r\n');
  const needs = declared('Subject: h\u00e9\r\n\r\nx\r\n');
  const port = await hostileServer((socket) => {
    socket.write('220 x\r\n');
    answering(socket, (line) =>
      line === 'DATA' ? '354 Go\r\n' : /^(?:[A-Z]{4}|\.$)/.test(line) ? '250 Ok\r\n' : null,
    );
  });
  const transport = smarthost(`smtp://127.0.0.1:${port}`);
  expect(await send(transport, ascii)).toMatchObject([{ outcome: 'delivered' }]);
  expect(await send(transport, needs)).toMatchObject([{ outcome: 'bounced', enhancedCode: '5.6.7' }]);
  const offering = await startRemoteServer();
  const other = smarthost(`smtp://127.0.0.1:${offering.port}`);
  await send(other, ascii);
  await send(other, needs);
  expect(offering.received.map(({ parameters }) => parameters.smtputf8 === true)).toEqual([false, true]);
});

it('sends a domain that is not ASCII as its A-label to a server without SMTPUTF8', () => {
  const to = (path: string, reply: string) => {
    const message = withTerms({}, { recipients: [recipient(0, path)], reversePath: 'a@b\u00fccher.example' });
    const { mail, recipients, refused } = envelopeFor(message, route(reply), 0);
    return [
      mail,
      ...recipients.map(({ command }) => command),
      ...refused.map(({ refusal }) => refusal.enhancedCode),
    ];
  };
  expect(to('c@b\u00fccher.example', '250 x')).toEqual([
    'MAIL FROM:<a@xn--bcher-kva.example>',
    'RCPT TO:<c@xn--bcher-kva.example>',
  ]);
  expect(to('c@b\u00fccher.example', '250-x\n250 SMTPUTF8')).toEqual([
    'MAIL FROM:<a@b\u00fccher.example> SMTPUTF8',
    'RCPT TO:<c@b\u00fccher.example>',
  ]);
  expect(to('\u00fc@b\u00fccher.example', '250 x')).toEqual(['MAIL FROM:<a@xn--bcher-kva.example>', '5.6.7']);
});
