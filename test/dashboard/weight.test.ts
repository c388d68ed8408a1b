// The first page of messages: how much of it goes over the wire.
import type { CDPSession } from 'playwright-core';
import { expect, it } from 'vitest';
import { sendMail, shopMail } from './app.js';
import { openDashboard } from './browser-test.js';

const here = openDashboard();

/** Octets of the page of messages with its first fifty rows, header sections of HTTP included. */
const MOST = 60_000;

it('needs at most 60 kB for the first page of messages, and only the messages the next time', async () => {
  await sendMail(here.gateway, ...shopMail(60));
  const page = await here.openAsAdministrator('about:blank');
  const wire = await watchWire(await page.context().newCDPSession(page));
  await page.goto('/messages');
  await page.locator('[data-message]').nth(20).waitFor();
  await page.waitForTimeout(300);
  const first = wire.take();
  const sum = (octets: Iterable<number>): number => [...octets].reduce((all, each) => all + each, 0);
  expect([...first.keys()].some((path) => path.startsWith('/assets/'))).toBe(true);
  expect([...first.keys()]).toContain('/api/v1/messages');
  expect(sum(first.values()), JSON.stringify([...first])).toBeLessThanOrEqual(MOST);

  await page.goto('/messages');
  await page.locator('[data-message]').nth(20).waitFor();
  await page.waitForTimeout(300);
  const again = wire.take();
  const assets = [...again].filter(([path]) => path.startsWith('/assets/'));
  expect(sum(assets.map(([, octets]) => octets)), JSON.stringify(assets)).toBe(0);
});

/** Counts the octets that come in, by path. */
async function watchWire(session: CDPSession): Promise<{ take(): Map<string, number> }> {
  let seen = new Map<string, number>();
  const paths = new Map<string, string>();
  await session.send('Network.enable');
  session.on('Network.requestWillBeSent', ({ requestId, request }) => {
    paths.set(requestId, new URL(request.url).pathname);
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const path = paths.get(requestId) ?? '';
    seen.set(path, (seen.get(path) ?? 0) + encodedDataLength);
  });
  return {
    take: () => {
      const taken = seen;
      seen = new Map();
      return taken;
    },
  };
}
