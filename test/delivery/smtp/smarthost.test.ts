/** The outcomes that follow from replies and from missing replies, and the state of connections between messages. */
import { expect, it } from 'vitest';
import { expectNoTrouble, until } from '../../server/harness.js';
import { type Fault, startRemoteServer, type Phase } from '../remote-server.js';
import { shipment } from '../files/shipment.js';
import { send, smarthost, outcomesOf } from './setup.js';

expectNoTrouble();

const TAKEN = '250 2.0.0 Ok: message accepted';
const DELIVERED = `delivered ${TAKEN}`;
const MESSAGE = 'Subject: x\r\n\r\nhello\r\n';

it('delivers, and reports the reply of the remote server', async () => {
  const end = await startRemoteServer();
  const transport = smarthost(`smtp://localhost:${end.port}`);
  expect(transport.name).toBe(`smtp://localhost:${end.port}`);
  expect(transport.destination('a@b.example')).toBe(transport.destination('c@d.example'));
  const deliveries = await send(transport, shipment(MESSAGE, { to: ['a@b.example', 'c@d.example'] }));
  expect(deliveries).toEqual(
    [0, 1].map((position) => ({
      position,
      outcome: 'delivered',
      reply: TAKEN,
      enhancedCode: '2.0.0',
      remoteHost: 'localhost',
      tls: null,
      notifies: true,
      keepsTime: false,
    })),
  );
  expect(end.received).toMatchObject([
    {
      hello: 'gateway.example',
      reversePath: 'bounces@example.com',
      recipients: [{ address: 'a@b.example' }, {}],
    },
  ]);
});

it('sends the null reverse-path, and the same mailbox twice', async () => {
  const end = await startRemoteServer();
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  const to = ['a@b.example', 'a@b.example', '"<"@b.example'];
  expect(outcomesOf(await send(transport, shipment(MESSAGE, { reversePath: '', to })))).toEqual(
    to.map(() => DELIVERED),
  );
  expect(end.received[0]?.recipients.map(({ address }) => address)).toEqual(to);
});

const REPLIES: readonly (readonly [Phase, Fault, object])[] = [
  ['connect', '554 5.7.1 Go away', { outcome: 'deferred', transportFailed: true, enhancedCode: '5.7.1' }],
  ['connect', '421 4.3.2 Later', { outcome: 'deferred', transportFailed: true }],
  ['hello', '550 5.7.1 Not you', { outcome: 'deferred', transportFailed: true }],
  ['mail', '451 4.3.0 Later', { outcome: 'deferred', reply: '451 4.3.0 Later' }],
  ['mail', '550 5.7.1 Never', { outcome: 'bounced', reply: '550 5.7.1 Never', hard: false }],
  ['mail', '530 5.7.0 Sign in', { outcome: 'deferred', transportFailed: true }],
  ['mail', '421 4.3.2 Bye', { outcome: 'deferred', enhancedCode: '4.3.2' }],
  ['rcpt', '450 4.2.0 Grey', { outcome: 'deferred', enhancedCode: '4.2.0' }],
  ['rcpt', '550 5.1.1 Nobody', { outcome: 'bounced', hard: true }],
  ['rcpt', '550 5.7.1 Policy', { outcome: 'bounced', hard: false }],
  ['rcpt', '552 5.5.3 Too many', { outcome: 'deferred' }],
  ['rcpt', '421 4.3.2 Bye', { outcome: 'deferred' }],
  ['data', '451 4.3.0 Later', { outcome: 'deferred', reply: '451 4.3.0 Later' }],
  ['data', '554 5.6.0 No', { outcome: 'bounced', hard: false }],
  ['content', '452 4.3.1 Full', { outcome: 'deferred', enhancedCode: '4.3.1' }],
  ['end', '451 4.7.1 Later', { outcome: 'deferred' }],
  [
    'end',
    '554 5.7.1 Spam\nand more of it',
    { outcome: 'bounced', reply: '554 5.7.1 Spam and more of it', hard: false },
  ],
  ['connect', 'close', { outcome: 'deferred', transportFailed: true }],
  ['hello', 'reset', { outcome: 'deferred', transportFailed: true }],
  ['mail', 'close', { outcome: 'deferred', enhancedCode: '4.4.2' }],
  ['rcpt', 'reset', { outcome: 'deferred', enhancedCode: '4.4.2' }],
  ['data', 'close', { outcome: 'deferred', enhancedCode: '4.4.2' }],
  ['content', 'reset', { outcome: 'deferred', enhancedCode: '4.4.2' }],
  ['end', 'close', { outcome: 'deferred', enhancedCode: '4.4.2' }],
];

it.each(REPLIES)('%s: %s, and the next message is delivered', async (phase, fault, expected) => {
  const end = await startRemoteServer({ behave: (moment) => (moment.phase === phase ? fault : undefined) });
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  expect(await send(transport, shipment(MESSAGE))).toEqual([expect.objectContaining(expected)]);
  end.behave = () => undefined;
  expect(outcomesOf(await send(transport, shipment(MESSAGE)))).toEqual([DELIVERED]);
});

it('each recipient has a reply of its own', async () => {
  const end = await startRemoteServer({
    behave: ({ phase, address }) =>
      phase !== 'rcpt'
        ? undefined
        : address?.startsWith('bad')
          ? '550 5.1.1 Nobody'
          : address?.startsWith('grey')
            ? '450 4.2.0 Grey'
            : undefined,
  });
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  const to = ['bad1@b.example', 'good1@b.example', 'grey@b.example', 'good2@b.example', 'bad2@b.example'];
  expect(outcomesOf(await send(transport, shipment(MESSAGE, { to })))).toEqual([
    'bounced 550 5.1.1 Nobody',
    DELIVERED,
    'deferred 450 4.2.0 Grey',
    DELIVERED,
    'bounced 550 5.1.1 Nobody',
  ]);
  expect(end.received[0]?.recipients.map(({ address }) => address)).toEqual([
    'good1@b.example',
    'good2@b.example',
  ]);
  expect(end.connections).toBe(1);
});

it('a recipient that was refused stays refused when the message fails', async () => {
  const end = await startRemoteServer({
    behave: ({ phase, address }) =>
      phase === 'rcpt' && address === 'bad@b.example'
        ? '550 5.1.1 Nobody'
        : phase === 'end'
          ? '451 4.3.0 Later'
          : undefined,
  });
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  expect(
    outcomesOf(await send(transport, shipment(MESSAGE, { to: ['bad@b.example', 'a@b.example'] }))),
  ).toEqual(['bounced 550 5.1.1 Nobody', 'deferred 451 4.3.0 Later']);
});

it('sends many messages over one connection, and opens no more connections than allowed', async () => {
  const end = await startRemoteServer();
  const one = smarthost(`smtp://127.0.0.1:${end.port}`);
  for (let i = 0; i < 5; i++) await send(one, shipment(MESSAGE));
  expect(end.connections).toBe(1);
  const three = smarthost(`smtp://127.0.0.1:${end.port}?connections=3`);
  await Promise.all(Array.from({ length: 30 }, () => send(three, shipment(MESSAGE))));
  expect(end.received.length).toBe(35);
  expect(end.connections).toBe(4);
});

it('closes a connection after so many messages, and when it is idle', async () => {
  const end = await startRemoteServer();
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`, { limits: { messages: 2, idle: 50 } });
  for (let i = 0; i < 4; i++) await send(transport, shipment(MESSAGE));
  expect(end.received.map(({ connection }) => connection)).toEqual([0, 0, 1, 1]);
  await send(transport, shipment(MESSAGE));
  await until('the end of all connections', () => end.open === 0);
});

it.each(['close', 'reset'] as const)(
  'delivers over a new connection after a %s by the remote server between messages',
  async (how) => {
    const end = await startRemoteServer();
    const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
    for (let i = 0; i < 3; i++) {
      await send(transport, shipment(MESSAGE));
      end.cut(how);
      // Sends at once: the connection may not know of the close yet.
      expect(outcomesOf(await send(transport, shipment(MESSAGE)))).toEqual([DELIVERED]);
    }
    expect(end.received.length).toBe(6);
  },
);

it('delivers over a new connection if the remote server refuses further messages on the old one', async () => {
  const end = await startRemoteServer();
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  await send(transport, shipment(MESSAGE));
  for (const fault of ['421 4.7.0 Too many messages', 'close', 'reset'] as const) {
    end.behave = ({ phase, taken }) =>
      phase === 'mail' && taken === end.received.length && end.connections === seen ? fault : undefined;
    const seen = end.connections;
    expect(outcomesOf(await send(transport, shipment(MESSAGE)))).toEqual([DELIVERED]);
    expect(end.connections).toBe(seen + 1);
  }
});

it('repeats a message once on a new connection, and not again', async () => {
  const end = await startRemoteServer();
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  await send(transport, shipment(MESSAGE));
  end.behave = ({ phase }) => (phase === 'mail' ? 'close' : undefined);
  expect(await send(transport, shipment(MESSAGE))).toMatchObject([{ outcome: 'deferred' }]);
  expect(end.connections).toBe(2);
});

it('does not repeat a message that was sent whole without a reply: it may have been accepted', async () => {
  const end = await startRemoteServer();
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  await send(transport, shipment(MESSAGE));
  end.behave = ({ phase }) => (phase === 'end' ? 'close' : undefined);
  expect(await send(transport, shipment(MESSAGE))).toMatchObject([
    { outcome: 'deferred', reply: expect.stringContaining('before it had taken the message') },
  ]);
  expect(end.received.length).toBe(2);
});

it('reports that the connection was refused', async () => {
  const end = await startRemoteServer();
  await end.close();
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  expect(await send(transport, shipment(MESSAGE))).toEqual([
    {
      position: 0,
      outcome: 'deferred',
      reply: '127.0.0.1 cannot be reached: the connection was refused (ECONNREFUSED)',
      enhancedCode: null,
      remoteHost: null,
      tls: null,
      transportFailed: true,
    },
  ]);
});

const SILENCES: readonly (readonly [Phase, object])[] = [
  [
    'connect',
    { transportFailed: true, reply: '127.0.0.1 did not greet: it did not answer in time (ETIMEDOUT)' },
  ],
  ['hello', { transportFailed: true }],
  ['mail', { enhancedCode: '4.4.1' }],
  ['rcpt', { enhancedCode: '4.4.1' }],
  ['data', { enhancedCode: '4.4.1' }],
  ['content', { enhancedCode: '4.4.1' }],
  ['end', { enhancedCode: '4.4.1' }],
];

it.each(SILENCES)('gives up a remote server that sends nothing at %s', async (phase, expected) => {
  const end = await startRemoteServer({
    behave: (moment) => (moment.phase === phase ? 'silence' : undefined),
  });
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`, {
    limits: { greeting: 200, command: 200, end: 200 },
  });
  const large = `${'x'.repeat(78)}\r\n`.repeat(50_000);
  expect(await send(transport, shipment(phase === 'content' ? large : MESSAGE))).toMatchObject([
    { outcome: 'deferred', ...expected },
  ]);
  await until('the end of the connection', () => end.open === 0);
});

it('begins no delivery when the server stops', async () => {
  const end = await startRemoteServer({
    behave: ({ phase }) => (phase === 'connect' ? 'silence' : undefined),
  });
  const transport = smarthost(`smtp://127.0.0.1:${end.port}?connections=1`);
  const stop = new AbortController();
  const both = [
    send(transport, shipment(MESSAGE), stop.signal),
    send(transport, shipment(MESSAGE), stop.signal),
  ];
  await until('a connection', () => end.connections === 1);
  stop.abort();
  for (const deliveries of await Promise.all(both)) {
    expect(deliveries).toMatchObject([{ outcome: 'deferred', reply: expect.stringContaining('not begun') }]);
    expect(deliveries[0]?.transportFailed).toBeUndefined();
  }
  await until('the end of the connection', () => end.open === 0);
});

it('lets a delivery finish when the server stops, unless the transport is closed', async () => {
  const stop = new AbortController();
  const end = await startRemoteServer({
    behave: ({ phase }) => {
      if (phase === 'content') stop.abort();
      return undefined;
    },
  });
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  expect(outcomesOf(await send(transport, shipment(MESSAGE), stop.signal))).toEqual([DELIVERED]);
  end.behave = ({ phase }) => {
    if (phase !== 'content') return undefined;
    void transport.close();
    return 'silence';
  };
  expect(await send(transport, shipment(MESSAGE))).toMatchObject([{ outcome: 'deferred' }]);
  await transport.close();
  await until('the end of all connections', () => end.open === 0);
  expect(await send(transport, shipment(MESSAGE))).toMatchObject([{ outcome: 'deferred' }]);
});

it('rejects if the content rejects, and sends no part of the message', async () => {
  const end = await startRemoteServer();
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  for (const size of [10, 1_000_000]) {
    const broken = shipment(MESSAGE, {
      size,
      async *content() {
        yield Buffer.from('Subject: x\r\n');
        throw new Error('the disk is gone');
      },
    });
    await expect(send(transport, broken)).rejects.toThrow('the disk is gone');
  }
  expect(outcomesOf(await send(transport, shipment(MESSAGE)))).toEqual([DELIVERED]);
  expect(end.received.length).toBe(1);
});
