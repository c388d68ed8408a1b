import { expect, it } from 'vitest';
import { expectNoTrouble } from '../server/harness.js';
import { FROM, GatewayHarness } from './gateway-harness.js';

expectNoTrouble();

const HOUR = 3_600_000;

it('a message is due at once though the clock was put back while it came in', async () => {
  let now = Date.UTC(2026, 5, 1);
  const harness = await GatewayHarness.open({ gateway: { now: () => now, status: 'queued' } });
  const talk = await harness.signedIn();
  await talk.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<you@example.net>', '< 250');
  await talk.play('> DATA', '< 354');
  now -= HOUR;
  talk.write(`${FROM}\r\nHello\r\n.\r\n`);
  expect(await talk.reply()).toMatch(/^250/);
  expect(await harness.messages()).toMatchObject([{ receivedAt: now }]);
});
