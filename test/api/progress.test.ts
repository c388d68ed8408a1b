// Whether mail gets out: what waits is compared with the last delivery.
import { expect, it } from 'vitest';
import { progress, type ProgressBody } from '../../src/api/schemas/queue.js';
import type { AttemptOutcome } from '../../src/store/queue.js';
import { accept, newMessage } from '../store/fixtures.js';
import { ApiHarness, OTHER_TOKEN, SERVER, TOKEN } from './api-harness.js';

const MINUTE = 60_000;

/** An API whose clock is ahead of the one by which mail comes in. */
class Later {
  private constructor(
    readonly harness: ApiHarness,
    private readonly clock: { ahead: number },
  ) {}

  static async start(status: 'queued' | 'held', delivers = true): Promise<Later> {
    const clock = { ahead: 0 };
    const now = (): number => Date.now() + clock.ahead;
    const server = (): typeof SERVER => ({ ...SERVER, delivers });
    return new Later(await ApiHarness.start({ now, server }, { status }), clock);
  }

  /** Sends a message, and lets its delivery end so; undefined: it is not tried. */
  async send(outcome?: AttemptOutcome, token = TOKEN): Promise<void> {
    const from = token === TOKEN ? 'app@example.com' : 'app@other.example';
    const body = { from, to: 'a@example.net', subject: 'x', textbody: 'x' };
    await this.harness.send(body, { 'mailpace-server-token': token });
    // Times are compared to the millisecond.
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (outcome !== undefined) await this.end(outcome);
  }

  /** Lets a notification of this server be delivered. */
  async notify(): Promise<void> {
    const [domain] = await this.harness.store.domains();
    const changes = { reversePath: '', status: 'queued', receivedAt: Date.now() } as const;
    await accept(this.harness.store, newMessage(domain?.id ?? 0, changes));
    await this.end('delivered');
  }

  private async end(outcome: AttemptOutcome): Promise<void> {
    const { queue } = this.harness.store;
    const now = Date.now();
    const [lease] = await queue.lease({ now, until: now + MINUTE, limit: 1, perDomain: 1 });
    if (lease === undefined) throw new Error('nothing was leased');
    const attempt = {
      at: now,
      outcome,
      remoteHost: 'mx.example.net',
      reply: '451 Later',
      tls: null,
    } as const;
    const nextAttemptAt = outcome === 'deferred' ? now + 60 * MINUTE : null;
    await queue.settle(lease, [{ position: 0, attempt, nextAttemptAt, report: null, block: false }], true);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async stallAfter(minutes: number, token = TOKEN): Promise<ProgressBody['stall']> {
    return (await this.progressAfter(minutes, token)).stall;
  }

  async progressAfter(minutes: number, token = TOKEN): Promise<ProgressBody> {
    this.clock.ahead = minutes * MINUTE;
    const headers = { host: 'mx.example', 'mailpace-server-token': token };
    const answer = await this.harness.api.app.inject({ url: '/api/v1/queue/progress', headers });
    this.clock.ahead = 0;
    return progress.parse(answer.json());
  }
}

it('says within minutes that mail waits, although there was a delivery before', async () => {
  const later = await Later.start('queued');
  await later.send('delivered');
  await later.send('deferred');
  expect(await later.stallAfter(2)).toBeNull();
  expect(await later.stallAfter(4)).toMatchObject({ cause: 'waiting', reply: '451 Later' });
});

it('says nothing of mail that has waited since before the last delivery', async () => {
  const later = await Later.start('queued');
  await later.send('deferred');
  expect(await later.stallAfter(4)).toMatchObject({ cause: 'waiting' });
  await later.send('delivered');
  expect(await later.stallAfter(4)).toBeNull();
  await later.send();
  expect(await later.stallAfter(4)).toMatchObject({ cause: 'waiting', reply: null });
});

it('says that mail is held only if there is no route', async () => {
  const off = await Later.start('held', false);
  expect(await off.stallAfter(4)).toBeNull();
  await off.send();
  expect(await off.stallAfter(2)).toBeNull();
  expect(await off.stallAfter(4)).toMatchObject({ cause: 'held', reply: null });
  const on = await Later.start('held');
  await on.send();
  expect(await on.stallAfter(4)).toBeNull();
});

it('says that remote servers refuse all mail, but not for one wrong address', async () => {
  const later = await Later.start('queued');
  await later.send('delivered');
  await later.send('bounced');
  await later.send('bounced');
  expect(await later.stallAfter(4)).toBeNull();
  await later.send('bounced');
  expect(await later.stallAfter(4)).toMatchObject({ cause: 'refused', reply: '451 Later' });
});

it('finds the last delivery among more notifications than it reads', async () => {
  const later = await Later.start('queued');
  await later.send('delivered');
  const { lastDelivery } = await later.progressAfter(0);
  for (let count = 0; count < 6; count += 1) await later.notify();
  expect(lastDelivery).not.toBeNull();
  expect(await later.progressAfter(0)).toMatchObject({ lastDelivery });
});

it('compares the mail of one domain with the deliveries of that domain', async () => {
  const later = await Later.start('queued');
  await later.send('deferred');
  await later.send('delivered', OTHER_TOKEN);
  expect(await later.stallAfter(4)).toMatchObject({ cause: 'waiting' });
  expect(await later.stallAfter(4, OTHER_TOKEN)).toBeNull();
});
