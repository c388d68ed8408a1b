// Whether mail gets out: what waits is compared with the last delivery.
import { expect, it } from 'vitest';
import { progress, type ProgressBody } from '../../src/api/schemas/queue.js';
import type { Attempt, AttemptOutcome } from '../../src/store/queue.js';
import { accept, newMessage } from '../store/fixtures.js';
import { ApiHarness, OTHER_TOKEN, SERVER, TOKEN } from './api-harness.js';

const MINUTE = 60_000;

interface Sent extends Partial<Attempt> {
  readonly to?: string;
  readonly token?: string;
}

/** What an attempt came to for which no server was reached. */
const UNREACHED = { remoteHost: null, reply: 'connection refused' } as const;

/** An API whose clock is ahead of the one by which mail comes in. */
class Later {
  private constructor(
    readonly harness: ApiHarness,
    private readonly clock: { ahead: number },
  ) {}

  static async start(status: 'queued' | 'held', { delivers = true, direct = false } = {}): Promise<Later> {
    const clock = { ahead: 0 };
    const now = (): number => Date.now() + clock.ahead;
    const server = (): typeof SERVER => ({ ...SERVER, delivers, direct });
    return new Later(await ApiHarness.start({ now, server }, { status }), clock);
  }

  /** Sends a message, and lets its delivery end so; undefined: it is not tried. */
  async send(
    outcome?: AttemptOutcome,
    { to = 'a@example.net', token = TOKEN, ...how }: Sent = {},
  ): Promise<void> {
    const from = token === TOKEN ? 'app@example.com' : 'app@other.example';
    const body = { from, to, subject: 'x', textbody: 'x' };
    await this.harness.send(body, { 'mailpace-server-token': token });
    // Times are compared to the millisecond.
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (outcome !== undefined) await this.end(outcome, how);
  }

  /** Lets a notification of this server be delivered. */
  async notify(): Promise<void> {
    const [domain] = await this.harness.store.domains();
    const changes = { reversePath: '', status: 'queued', receivedAt: Date.now() } as const;
    await accept(this.harness.store, newMessage(domain?.id ?? 0, changes));
    await this.end('delivered');
  }

  private async end(outcome: AttemptOutcome, how: Partial<Attempt> = {}): Promise<void> {
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
      ...how,
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

it('says nothing of one recipient who cannot be delivered, however often', async () => {
  const later = await Later.start('queued');
  for (const outcome of ['deferred', 'deferred', 'bounced', 'bounced'] as const) await later.send(outcome);
  await later.send('deferred', { to: 'A@Example.net' });
  await later.send('deferred', { to: 'b@example.net' });
  expect(await later.stallAfter(4)).toBeNull();
  await later.send('deferred', { to: 'c@example.net' });
  expect(await later.stallAfter(2)).toBeNull();
  expect(await later.stallAfter(4)).toMatchObject({ cause: 'waiting', reply: '451 Later' });
  await later.send('delivered', { to: 'd@example.net' });
  expect(await later.stallAfter(4)).toBeNull();
});

it('says within minutes that one message is due and is not tried', async () => {
  const later = await Later.start('queued');
  await later.send('delivered');
  await later.send();
  expect(await later.stallAfter(2)).toBeNull();
  expect(await later.stallAfter(4)).toMatchObject({ cause: 'waiting', reply: null });
});

it('says within minutes that the one server for all mail cannot be used', async () => {
  for (const how of [UNREACHED, { reply: '530 5.7.0 Authentication required' }]) {
    const later = await Later.start('queued');
    await later.send('delivered');
    await later.send('deferred', how);
    expect(await later.stallAfter(2)).toBeNull();
    expect(await later.stallAfter(4)).toMatchObject({ cause: 'waiting', reply: how.reply });
    await later.send('delivered');
    expect(await later.stallAfter(4)).toBeNull();
  }
});

it('says that no server is reached if mail goes to several, but not for one domain', async () => {
  const later = await Later.start('queued', { direct: true });
  for (const to of ['a@example.net', 'b@example.net']) await later.send('deferred', { to, ...UNREACHED });
  expect(await later.stallAfter(4)).toBeNull();
  await later.send('deferred', { to: 'a@example.org', ...UNREACHED });
  expect(await later.stallAfter(4)).toMatchObject({ cause: 'waiting', reply: UNREACHED.reply });
});

it('says that mail is held only if there is no route', async () => {
  const off = await Later.start('held', { delivers: false });
  expect(await off.stallAfter(4)).toBeNull();
  await off.send();
  expect(await off.stallAfter(2)).toBeNull();
  expect(await off.stallAfter(4)).toMatchObject({ cause: 'held', reply: null });
  const on = await Later.start('held');
  await on.send();
  expect(await on.stallAfter(4)).toBeNull();
});

it('says that remote servers refuse all mail, but not for two wrong addresses', async () => {
  const later = await Later.start('queued');
  await later.send('delivered');
  for (const to of ['a@example.net', 'b@example.net', 'a@example.net']) await later.send('bounced', { to });
  expect(await later.stallAfter(4)).toBeNull();
  await later.send('bounced', { to: 'c@example.net' });
  expect(await later.stallAfter(4)).toMatchObject({ cause: 'refused', reply: '451 Later' });
});

it('counts mail that was refused and mail that waits together', async () => {
  const later = await Later.start('queued');
  await later.send('bounced', { to: 'a@example.net' });
  await later.send('deferred', { to: 'b@example.net' });
  expect(await later.stallAfter(4)).toBeNull();
  await later.send('bounced', { to: 'c@example.net' });
  expect(await later.stallAfter(4)).toMatchObject({ cause: 'waiting' });
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
  await later.send('deferred', UNREACHED);
  await later.send('delivered', { token: OTHER_TOKEN });
  expect(await later.stallAfter(4)).toMatchObject({ cause: 'waiting' });
  expect(await later.stallAfter(4, OTHER_TOKEN)).toBeNull();
});
