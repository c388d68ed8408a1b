/**
 * A message that another server may have taken over, since this one stood still, does not arrive: the connection is closed
 * before the end of the content.
 */
import { expect, it } from 'vitest';
import { NO_TERMS } from '../../store/fixtures.js';
import { shipment } from '../files/shipment.js';
import { startRemoteServer } from '../remote-server.js';
import { send, smarthost } from './setup.js';

const SHORT = 'Subject: x\r\n\r\nhello\r\n';

it.each([
  ['by DATA in one piece', SHORT, {}],
  ['by DATA as a stream', `Subject: x\r\n\r\n${'hello\r\n'.repeat(20_000)}`, {}],
  ['by BDAT', 'Subject: x\r\n\r\na\0b', { terms: { ...NO_TERMS, body: 'BINARYMIME' as const } }],
])('a message does not arrive %s', async (_, content, changes) => {
  let isHeld = true;
  const end = await startRemoteServer({
    behave: ({ phase }) => {
      // The server stands still while the remote server is busy.
      if (phase === 'rcpt') isHeld = false;
      return undefined;
    },
  });
  const transport = smarthost(`smtp://127.0.0.1:${end.port}`);
  const [delivery] = await send(transport, shipment(content, { ...changes, isHeld: () => isHeld }));
  expect(delivery).toMatchObject({ outcome: 'deferred' });
  expect(end.received).toEqual([]);
  isHeld = true;
  const [again] = await send(
    smarthost(`smtp://127.0.0.1:${end.port}`),
    shipment(SHORT, { isHeld: () => true }),
  );
  expect(again).toMatchObject({ outcome: 'delivered' });
  expect(end.received).toHaveLength(1);
});
