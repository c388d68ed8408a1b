/** Fills a store with each kind of data through its contract, and reads all of it. */
import { createHash } from 'node:crypto';
import type { MessageId, NewMessage, Store } from '../../src/store/port.js';
import type { Attempt, Settlement } from '../../src/store/queue.js';
import { accept, addDomain, contentOf, digest, newMessage, octets, writeAll } from './fixtures.js';

const HOUR = 3_600_000;

const attempt = (outcome: Attempt['outcome'], at: number): Attempt => ({
  at,
  outcome,
  remoteHost: 'mx.example.net',
  reply:
    outcome === 'delivered' ? '250 2.0.0 Ok' : outcome === 'deferred' ? '450 4.2.1 Busy' : '550 5.1.1 No',
  tls: null,
});

/**
 * Fills a store.
 *
 * @param messages how many plain messages beside those that have something special
 */
export async function fill(store: Store, messages = 20): Promise<void> {
  const now = Date.now();
  const domain = await addDomain(store, 'a.example');
  const other = await addDomain(store, 'b.example');
  await addDomain(store, 'gone.example');
  await store.removeDomain('gone.example', now);
  await store.rotateToken('a.example', digest('a2'), now + HOUR, now);
  await store.domainRecords.tokenUsed(digest('a2'), now);
  await store.domainRecords.setRetention('all', 'b.example', {
    contentAge: 30 * 24 * HOUR,
    messageAge: null,
    contentOctets: 1_000_000_000,
  });
  await fillApi(store, domain.id, now);
  await store.webhooks.set(
    'a.example',
    {
      url: 'https://hook.example/a',
      events: ['email.queued', 'email.delivered', 'email.deferred', 'email.bounced'],
      keys: { publicKey: octets(32, 1), privateKey: octets(64, 2) },
    },
    now,
  );
  for (const [active, selector] of [
    [true, 's1'],
    [false, 's2'],
  ] as const) {
    await store.dkimKeys.add({
      ...{ domain: 'a.example', selector, algorithm: 'ed25519-sha256', active, createdAt: now },
      privateKey: octets(48, 3),
    });
  }
  const send = (changes: Partial<NewMessage>, content?: Uint8Array): Promise<MessageId> =>
    accept(store, newMessage(domain.id, { receivedAt: now, status: 'queued', ...changes }), content);
  for (let n = 0; n < messages; n++) {
    await accept(
      store,
      newMessage(n % 2 === 0 ? domain.id : other.id, {
        receivedAt: now,
        status: n % 3 === 0 ? 'held' : 'queued',
        tags: n % 4 === 0 ? ['ümlaut', `tag ${n}`] : [],
        subject: n % 5 === 0 ? null : n === 1 ? 'with a NUL \0 in it' : `Subject ${n}`,
        recipients: Array.from({ length: 1 + (n % 3) }, (_, at) => ({ forwardPath: `r${at}@example.net` })),
        terms: { priority: (n % 5) - 2 },
      }),
      octets(10 + n * 37, n),
    );
  }
  // Of several chunks; stored after messages with greater ids.
  const late = store.open();
  await writeAll(late, octets(700_000, 9));
  await send({
    terms: {
      ...{
        ret: 'HDRS',
        envelopeId: 'QQ314159',
        releaseAt: now + 24 * HOUR,
        deliverBy: { time: now + 48 * HOUR, otherwise: 'return', trace: true },
      },
      ...{ requireTls: true, body: '8BITMIME', smtputf8: true },
    },
    recipients: [
      { forwardPath: 'dsn@example.net', notify: ['SUCCESS', 'FAILURE'], originalRecipient: 'rfc822;x@y' },
    ],
  });
  await late.commit(newMessage(domain.id, { receivedAt: now }));
  await deliver(store, now);
  const [event] = await store.webhooks.leaseEvents({ now: now + 1000, until: now + HOUR, limit: 1 });
  if (event === undefined) throw new Error('no event');
  await store.webhooks.deferEvent(event.event, now + HOUR);
  const [ended] = await store.webhooks.leaseEvents({ now: now + 1000, until: now + HOUR, limit: 1 });
  await store.webhooks.endEvent(ended?.event ?? 0);
  await store.webhookCalls.record({
    ...{ event: event.event, domainId: domain.id, name: event.name, message: event.message, at: now },
    ...{ duration: 12, status: 503, outcome: 'failed', problem: 'status 503' },
  });
  // Sent, and its content removed.
  const old = await send({ status: 'held', receivedAt: now - 1000 * 24 * HOUR });
  await store.queue.cancel(old, now);
  await store.retention.removeOld({ now, contentBefore: now - 24 * HOUR, messagesBefore: null });
}

async function fillApi(store: Store, domainId: number, now: number): Promise<void> {
  await store.administrator.setPassword('scrypt record', { onlyIfNone: true });
  for (const principal of [{ kind: 'administrator' }, { kind: 'domain', domainId }] as const) {
    await store.sessions.create({
      ...{ digest: digest(principal.kind), principal, createdAt: now, expiresAt: now + HOUR },
      ...{ clientAddress: '192.0.2.1', userAgent: 'test' },
    });
  }
  const key = { domainId, key: 'key-1', owner: 'o'.repeat(16) };
  await store.idempotency.begin({ ...key, now, leaseUntil: now + HOUR });
  await store.idempotency.complete({ ...key, response: '{"id":1}', expiresAt: now + HOUR });
  // Under way when its server ends: it is not copied.
  await store.idempotency.begin({ ...key, key: 'key-2', now, leaseUntil: now + HOUR });
  await store.blockLists.putAll('all', [
    {
      domain: 'a.example',
      address: 'x@example.net',
      verdict: 'allowed',
      since: now,
      reason: 'asked',
      expiresAt: null,
    },
    {
      domain: 'a.example',
      address: 'y@example.net',
      verdict: 'blocked',
      since: now,
      reason: '550',
      expiresAt: now + HOUR,
    },
  ]);
}

/** Lets one message be delivered, one be deferred and one bounce; one lease stays, as after the end of a process. */
async function deliver(store: Store, now: number): Promise<void> {
  const leases = await store.queue.lease({ now: now + 1000, until: now + HOUR, limit: 4, perDomain: 4 });
  for (const [index, lease] of leases.entries()) {
    const outcome = (['delivered', 'deferred', 'bounced'] as const)[index];
    await store.queue.begin([lease]);
    if (outcome === undefined) continue;
    const settlements: Settlement[] = lease.recipients.map(({ position }) => ({
      position,
      attempt: attempt(outcome, now + 2000),
      nextAttemptAt: outcome === 'deferred' ? now + HOUR : null,
      report: outcome === 'deferred' ? 'delayed' : outcome === 'bounced' ? 'failed' : null,
      block: outcome === 'bounced',
    }));
    await store.queue.settle(lease, settlements, true);
  }
}

/**
 * Returns what a reader sees of a store, for comparisons: contents are hashed.
 *
 * @param domains those whose keys and statistics are looked at. Default: those that {@link fill} makes
 */
export async function seen(
  store: Store,
  domains: readonly string[] = ['a.example', 'b.example'],
): Promise<Record<string, unknown>> {
  const now = Date.now();
  const messages = await store.messages({ limit: 10_000 });
  const details: unknown[] = [];
  for (const { id } of messages) {
    const hash = createHash('sha256')
      .update(await contentOf(store, id))
      .digest('hex');
    details.push([await store.message(id), hash]);
  }
  const until = now + HOUR;
  const ofDomain = async (domain: string) => [
    await store.dkimKeys.list(domain),
    await store.statistics.counts('all', { domain, unit: 'hour', since: now - 48 * HOUR, until }),
    await store.statistics.counts('all', {
      domain,
      tag: 'ümlaut',
      unit: 'day',
      since: now - 48 * HOUR,
      until,
    }),
    await store.statistics.tags('all', { domain, limit: 100 }),
    await store.statistics.destinations('all', { domain, since: now - 48 * HOUR, until, limit: 100 }),
  ];
  return {
    details,
    domains: await store.domains(),
    records: await store.domainRecords.list('all', { limit: 100 }, now),
    totals: await store.domainRecords.totals(),
    waiting: (await store.queue.waiting({ limit: 10_000 })).map((row) => ({ ...row, leased: false })),
    owed: await store.queue.owedReports(100),
    blocks: await store.blockLists.search('all', { limit: 100 }, now),
    webhooks: await store.webhooks.list(),
    calls: await store.webhookCalls.list('all', { limit: 100 }),
    sessions: await store.sessions.list(null, now),
    password: await store.administrator.password(),
    token: await store.domainByToken(digest('a2'), now),
    ofDomains: await Promise.all(domains.map(ofDomain)),
    tagged: (await store.messages({ limit: 100, tag: 'ümlaut' })).map(({ id }) => id),
  };
}
