/**
 * Invariant: a recipient goes on to the next mail server as long as nothing is decided and the message was not sent.
 */
import { expect, it } from 'vitest';
import { expectNoTrouble } from '../../server/harness.js';
import { dnsServer } from '../dns-server.js';
import { type RemoteServer, type Fault, startRemoteServer, type Phase } from '../remote-server.js';
import { shipment } from '../files/shipment.js';
import { send, outcomesOf } from '../smtp/setup.js';
import { mx } from './setup.js';

expectNoTrouble();

const MESSAGE = 'Subject: x\r\n\r\nhello\r\n';
const DELIVERED = 'delivered 250 2.0.0 Ok: message accepted';

/** Starts two mail servers of b.example, the first one preferred, and opens a transport that finds them. */
async function twoServers() {
  let ends: [RemoteServer, RemoteServer] | null = null;
  for (let attempt = 0; ends === null; attempt++) {
    const first = await startRemoteServer();
    try {
      ends = [first, await startRemoteServer({ host: '127.0.0.2', port: first.port })];
    } catch (error) {
      if (attempt > 5) throw error;
    }
  }
  const dns = await dnsServer({
    'b.example': {
      MX: [
        { preference: 10, exchange: 'one.b.example' },
        { preference: 20, exchange: 'two.b.example' },
      ],
    },
    'one.b.example': { A: ['127.0.0.1'] },
    'two.b.example': { A: ['127.0.0.2'] },
  });
  const [first, second] = ends;
  return { first, second, transport: mx(dns, first.port) };
}

const ONWARD: readonly (readonly [Phase, Fault])[] = [
  ['mail', '421 4.3.2 Later'],
  ['mail', '451 4.3.0 Later'],
  ['mail', 'close'],
  ['mail', 'reset'],
  ['rcpt', '450 4.2.0 Grey'],
  ['rcpt', '421 4.3.2 Later'],
  ['rcpt', 'close'],
  ['data', '451 4.3.0 Later'],
  ['data', 'close'],
];

it.each(ONWARD)('%s: %s, and the next server accepts the message', async (phase, fault) => {
  const { first, second, transport } = await twoServers();
  first.behave = (moment) => (moment.phase === phase ? fault : undefined);
  const deliveries = await send(transport, shipment(MESSAGE, { to: ['x@b.example', 'y@b.example'] }));
  expect(outcomesOf(deliveries)).toEqual([DELIVERED, DELIVERED]);
  expect(deliveries.map(({ remoteHost }) => remoteHost)).toEqual(['two.b.example', 'two.b.example']);
  expect([first.received.length, second.received.length]).toEqual([0, 1]);
});

it('goes on to the next server if the connection is lost while the content is sent', async () => {
  const { first, second, transport } = await twoServers();
  first.behave = ({ phase }) => (phase === 'content' ? 'reset' : undefined);
  const large = `${'x'.repeat(78)}\r\n`.repeat(200_000);
  expect(outcomesOf(await send(transport, shipment(large, { to: ['x@b.example'] })))).toEqual([DELIVERED]);
  expect([first.received.length, second.received.length]).toEqual([0, 1]);
});

it.each([
  ['mail', '550 5.7.1 Never', 'bounced'],
  ['rcpt', '550 5.1.1 Nobody', 'bounced'],
  ['data', '554 5.6.0 No', 'bounced'],
  ['end', '451 4.7.1 Later', 'deferred'],
  ['end', 'close', 'deferred'],
] as const)('%s: %s is final, and the next server is not tried', async (phase, fault, outcome) => {
  const { first, second, transport } = await twoServers();
  first.behave = (moment) => (moment.phase === phase ? fault : undefined);
  const [delivery] = await send(transport, shipment(MESSAGE, { to: ['x@b.example'] }));
  expect(delivery?.outcome).toBe(outcome);
  expect(second.connections).toBe(0);
});

it('goes on with the open recipients only', async () => {
  const { first, second, transport } = await twoServers();
  first.behave = ({ phase, address }) =>
    phase !== 'rcpt'
      ? undefined
      : address?.startsWith('grey')
        ? '450 4.2.0 Grey'
        : address?.startsWith('bad')
          ? '550 5.1.1 Nobody'
          : undefined;
  const to = ['good@b.example', 'grey1@b.example', 'bad@b.example', 'grey2@b.example'];
  const deliveries = await send(transport, shipment(MESSAGE, { to }));
  expect(outcomesOf(deliveries)).toEqual([DELIVERED, DELIVERED, 'bounced 550 5.1.1 Nobody', DELIVERED]);
  const addresses = (end: RemoteServer) =>
    end.received.map(({ recipients }) => recipients.map(({ address }) => address));
  expect(addresses(first)).toEqual([['good@b.example']]);
  expect(addresses(second)).toEqual([['grey1@b.example', 'grey2@b.example']]);
});

it('if no server accepts the message now, keeps the answer of the last one that gave one', async () => {
  const { first, second, transport } = await twoServers();
  first.behave = ({ phase }) => (phase === 'rcpt' ? '450 4.2.0 Grey' : undefined);
  second.behave = ({ phase }) => (phase === 'mail' ? '451 4.3.0 Later' : undefined);
  const message = shipment(MESSAGE, { to: ['x@b.example'] });
  expect(outcomesOf(await send(transport, message))).toEqual(['deferred 451 4.3.0 Later']);
  await second.close();
  expect(outcomesOf(await send(transport, message))).toEqual(['deferred 450 4.2.0 Grey']);
});
