/** Invariant: the remote server gets the stored octets, whatever they are and however they are split. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { startRemoteServer } from '../remote-server.js';
import { shipment } from '../files/shipment.js';
import { send, smarthost } from './setup.js';

const EDGES: readonly (readonly [name: string, content: string | Buffer])[] = [
  ['a plain message', 'Subject: x\r\n\r\nhello\r\n'],
  ['dots at the beginning of lines', '.\r\n..\r\n.x\r\n\r\n.\r\n'],
  ['a dot at the very beginning', '.Subject: x\r\n\r\n'],
  ['a line of 5000 octets', `${'x'.repeat(5000)}\r\n`],
  [
    'octets beyond ASCII',
    Buffer.concat([Buffer.from(Array.from({ length: 128 }, (_, i) => i + 128)), Buffer.from('\r\n')]),
  ],
  ['empty lines only', '\r\n\r\n\r\n'],
  ['more than is held in memory', `.${'0123456789.\r\n.'.repeat(20_000)}\r\n`],
];

it.each(EDGES)('delivers unchanged: %s', async (_, content) => {
  const end = await startRemoteServer();
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  const [delivery] = await send(transport, shipment(content));
  expect(delivery).toMatchObject({ outcome: 'delivered', remoteHost: '127.0.0.1', tls: null });
  expect(end.received[0]?.content.equals(Buffer.from(content))).toBe(true);
});

it('adds the missing line end at the end of content, since DATA requires it', async () => {
  const end = await startRemoteServer();
  await send(smarthost(`smtp://127.0.0.1:${end.port}`), shipment('Subject: x\r\n\r\nhello'));
  expect(String(end.received[0]?.content)).toBe('Subject: x\r\n\r\nhello\r\n');
});

it('makes a CRLF of each CR or LF that stands alone', async () => {
  const end = await startRemoteServer();
  await send(smarthost(`smtp://127.0.0.1:${end.port}`), shipment('Subject: x\r\n\r\na\n.\nb\r.\rc\r\n'));
  expect(String(end.received[0]?.content)).toBe('Subject: x\r\n\r\na\r\n.\r\nb\r\n.\r\nc\r\n');
});

it('does not read content that is in memory already', async () => {
  const end = await startRemoteServer();
  const whole = Buffer.from('Subject: x\r\n\r\n.hello\r\n');
  const content = (): never => {
    throw new Error('it was read');
  };
  const [delivery] = await send(
    smarthost(`smtp://127.0.0.1:${end.port}`),
    shipment(whole, { whole, content }),
  );
  expect(delivery?.outcome).toBe('delivered');
  expect(end.received[0]?.content.equals(whole)).toBe(true);
});

it('delivers any lines, in any pieces', { timeout: 60_000 }, async () => {
  const end = await startRemoteServer();
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  const line = fc
    .array(fc.constantFrom('.', '..', 'a', 'é', ' ', 'x'.repeat(70_000)), { maxLength: 4 })
    .map((parts) => `${parts.join('')}\r\n`);
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(200_000), { maxLength: 5 }),
      async (lines, cuts) => {
        const content = Buffer.from(lines.join(''));
        const places = [0, ...cuts.map((cut) => cut % content.length).sort((a, b) => a - b), content.length];
        const pieces = places.slice(1).map((to, i) => content.subarray(places[i], to));
        await send(transport, shipment(pieces));
        expect(end.received.pop()?.content.equals(content)).toBe(true);
      },
    ),
    { numRuns: 40 },
  );
});
