/** The part of the store's contract about statistics: counters that equal a recount. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoreTotals } from '../../src/store/domain-records.js';
import type { Page } from '../../src/store/mail.js';
import { type Domain, type Scope, STATUSES, type Status, type Store } from '../../src/store/port.js';
import type { StatisticsQuery, TagCount } from '../../src/store/statistics.js';
import { addDomain, newMessage, octets } from './fixtures.js';

const START = Date.UTC(2026, 0, 1, 22);
const HOUR = 3_600_000;
const YEAR: Omit<StatisticsQuery, 'unit'> = { since: START - 24 * HOUR, until: START + 72 * HOUR };

type Step =
  | {
      kind: 'accept';
      domain: 0 | 1;
      tags: readonly string[];
      recipients: number;
      hour: number;
      held: boolean;
      /** It has the null reverse-path. Default: false. */
      notification?: boolean;
    }
  | { kind: 'settle'; outcome: 'delivered' | 'deferred' | 'bounced'; hour: number }
  | { kind: 'cancel' | 'retag' | 'release' }
  | { kind: 'reopen' };

const hour = fc.integer({ min: 0, max: 40 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('accept' as const),
    domain: fc.constantFrom(0 as const, 1 as const),
    tags: fc.subarray(['x', 'y']),
    recipients: fc.integer({ min: 1, max: 3 }),
    hour,
    held: fc.boolean(),
    notification: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('settle' as const),
    outcome: fc.constantFrom('delivered' as const, 'deferred' as const, 'bounced' as const),
    hour,
  }),
  fc.record({ kind: fc.constantFrom('cancel' as const, 'retag' as const, 'release' as const) }),
  fc.constant({ kind: 'reopen' as const }),
);

/** @param store the open store of the test that runs */
export function describeStatistics(store: () => Store, reopen: () => Promise<void>): void {
  async function run(step: Step, domains: readonly Domain[], at: number): Promise<void> {
    const now = START + ('hour' in step ? step.hour * HOUR : 0) + at;
    switch (step.kind) {
      case 'reopen':
        return reopen();
      case 'accept': {
        const recipients = Array.from({ length: step.recipients }, (_, index) => ({
          forwardPath: `u${index}@far.example`,
        }));
        const draft = store().open();
        const status = step.held ? 'held' : 'queued';
        const domainId = domains[step.domain]?.id ?? 0;
        const sender = step.notification === true ? { reversePath: '' } : {};
        const facts = { tags: step.tags, recipients, receivedAt: now, status, ...sender } as const;
        await draft.write(octets(1 + step.hour));
        await draft.commit(newMessage(domainId, facts));
        return;
      }
      case 'settle': {
        const request = { now: START + 1000 * HOUR, until: START + 1001 * HOUR, limit: 1, perDomain: 9999 };
        const [lease] = await store().queue.lease(request);
        if (lease === undefined) return;
        const settlements = lease.recipients.map(({ position }) => ({
          position,
          attempt: { at: now, outcome: step.outcome, remoteHost: null, reply: '250', tls: null },
          nextAttemptAt: now,
          report: null,
          block: false,
        }));
        await store().queue.settle(lease, settlements, true);
        await store().queue.settle(lease, settlements, true);
        return;
      }
      default: {
        const { messages } = await store().mail.page('all', { filter: {}, limit: 2 });
        const selection = { ids: messages.map(({ id }) => id) };
        if (step.kind === 'retag') await store().mail.retag('all', { add: ['x'], remove: ['y'] }, selection);
        else await store().mail.operate('all', { operation: step.kind, selection, now });
      }
    }
  }

  describe('statistics', () => {
    // Invariant: whatever happens to messages, every counter is what counting the messages gives.
    it('equal a recount, by hour and day, domain and tag', async () => {
      let round = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 25 }), async (taken) => {
          round++;
          const names = [`a${round}.example`, `b${round}.example`];
          const domains = [await addDomain(store(), names[0]), await addDomain(store(), names[1])];
          for (const [at, step] of taken.entries()) await run(step, domains, at);
          const scopes: Scope[] = ['all', ...domains.map(({ id }) => ({ domainId: id }))];
          for (const scope of scopes) {
            expect(await store().statistics.tags(scope, { limit: 9 })).toEqual(await tagsIn(store(), scope));
            for (const unit of ['hour', 'day'] as const) {
              for (const tag of [{}, { tag: 'x' }, { tag: 'y' }]) {
                const query = { ...YEAR, unit, ...tag };
                const counted = await store().statistics.recount(scope, query);
                expect(await store().statistics.counts(scope, query)).toEqual(counted);
              }
            }
          }
        }),
        { numRuns: 12 },
      );
    });

    // Invariant: numbers of stored messages and octets are those of what is stored, and history is what has happened.
    it('equal a recount after the removal of a domain; after retention by age, numbers of what is stored do', async () => {
      let round = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(steps, { minLength: 5, maxLength: 15 }),
          fc.constantFrom('keep' as const, 'cancel' as const),
          hour,
          hour,
          async (taken, remainder, contentHour, messageHour) => {
            round++;
            const names = [`kept${round}.example`, `gone${round}.example`] as const;
            const domains = [await addDomain(store(), names[0]), await addDomain(store(), names[1])];
            for (const [at, step] of taken.entries()) await run(step, domains, at);
            await store().domainRecords.remove('all', names[1], remainder, START + 50 * HOUR);
            const scopes: Scope[] = domains.map(({ id }) => ({ domainId: id }));
            const history = () =>
              Promise.all(scopes.map((scope) => store().statistics.counts(scope, { ...YEAR, unit: 'hour' })));
            const before = await history();
            for (const [at, scope] of scopes.entries()) {
              expect(before[at]).toEqual(await store().statistics.recount(scope, { ...YEAR, unit: 'hour' }));
            }
            expect(await store().domainRecords.totals()).toEqual(await totalsOf(store()));
            const rules = {
              now: START,
              contentBefore: START + contentHour * HOUR,
              messagesBefore: START + messageHour * HOUR,
            };
            for (let removed = 1; removed > 0;) {
              const { contents, messages } = await store().retention.removeOld(rules);
              removed = contents + messages;
            }
            expect(await store().domainRecords.totals()).toEqual(await totalsOf(store()));
            for (const scope of ['all', ...scopes] as const) {
              expect(await store().statistics.tags(scope, { limit: 9 })).toEqual(
                await tagsIn(store(), scope),
              );
            }
            expect(await history()).toEqual(before);
          },
        ),
        { numRuns: 10 },
      );
    });

    it('stay when messages are removed, and show nothing of another domain', async () => {
      const a = await addDomain(store(), 'a.example');
      const b = await addDomain(store(), 'b.example');
      const accept = { kind: 'accept', domain: 0, tags: ['x'], recipients: 2, hour: 0, held: false } as const;
      await run(accept, [a, b], 0);
      await run({ kind: 'settle', outcome: 'delivered', hour: 1 }, [a, b], 0);
      const query = { ...YEAR, unit: 'day' } as const;
      const before = await store().statistics.counts('all', query);
      expect(before).toMatchObject([{ accepted: 1, recipients: 2, delivered: 2, bounced: 0 }]);
      expect(before[0]?.deliveryTimes.reduce((sum, count) => sum + count)).toBe(2);
      const { changed } = await store().mail.operate('all', {
        operation: 'delete',
        selection: { filter: {} },
        now: START,
      });
      expect(changed).toHaveLength(1);
      expect(await store().statistics.counts('all', query)).toEqual(before);
      expect(await store().statistics.recount('all', query)).toEqual([]);
      const foreign = { domainId: b.id };
      expect(await store().statistics.counts(foreign, query)).toEqual([]);
      expect(await store().statistics.counts(foreign, { ...query, domain: 'a.example' })).toEqual([]);
      expect(await store().statistics.destinations(foreign, { ...query, limit: 9 })).toEqual([]);
      expect(await store().statistics.destinations({ domainId: a.id }, { ...query, limit: 9 })).toMatchObject(
        [{ destination: 'far.example', delivered: 2, deferred: 0, bounced: 0 }],
      );
      await expect(
        store().statistics.counts('all', { unit: 'hour', since: 0, until: START }),
      ).rejects.toBeInstanceOf(RangeError);
    });

    it('leave notifications out, by domain, destination and tag', async () => {
      const domains = [await addDomain(store(), 'a.example'), await addDomain(store(), 'b.example')];
      const accept = { kind: 'accept', domain: 0, tags: ['x'], recipients: 1, hour: 0, held: false } as const;
      await run(accept, domains, 0);
      await run({ kind: 'settle', outcome: 'bounced', hour: 0 }, domains, 0);
      await run({ ...accept, notification: true }, domains, 0);
      await run({ kind: 'settle', outcome: 'delivered', hour: 0 }, domains, 0);
      const query = { ...YEAR, unit: 'day' } as const;
      const counts = (tag: object) => store().statistics.counts('all', { ...query, ...tag });
      expect(await counts({})).toMatchObject([{ accepted: 1, delivered: 0, bounced: 1 }]);
      expect(await store().statistics.destinations('all', { ...query, limit: 9 })).toMatchObject([
        { destination: 'far.example', delivered: 0, bounced: 1 },
      ]);
      expect(await store().statistics.counts('all', query)).toEqual(
        await store().statistics.recount('all', query),
      );
      expect(await counts({ tag: 'x' })).toMatchObject([{ accepted: 1, delivered: 0, bounced: 1 }]);
      await store().mail.retag('all', { add: ['y'], remove: ['x'] }, { filter: {} });
      expect(await counts({ tag: 'x' })).toEqual([]);
      expect(await counts({ tag: 'y' })).toMatchObject([{ accepted: 1, delivered: 0, bounced: 1 }]);
    });

    it('count stored messages by tag within the scope', async () => {
      const a = await addDomain(store(), 'a.example');
      const b = await addDomain(store(), 'b.example');
      const accept = { kind: 'accept', tags: ['x', 'y'], recipients: 1, held: true } as const;
      await run({ ...accept, domain: 0, hour: 0 }, [a, b], 0);
      await run({ ...accept, domain: 1, tags: ['y'], hour: 1 }, [a, b], 0);
      const tags: Store['statistics']['tags'] = (...asked) => store().statistics.tags(...asked);
      expect(await tags('all', { limit: 9 })).toEqual([
        { tag: 'x', messages: 1, lastUsed: START },
        { tag: 'y', messages: 2, lastUsed: START + HOUR },
      ]);
      expect(await tags({ domainId: b.id }, { limit: 9 })).toMatchObject([{ tag: 'y', messages: 1 }]);
      expect(await tags('all', { domain: 'a.example', after: 'x', limit: 9 })).toMatchObject([{ tag: 'y' }]);
      expect(await tags('all', { prefix: 'x', limit: 9 })).toMatchObject([{ tag: 'x' }]);
      expect(await tags({ domainId: b.id }, { domain: 'a.example', limit: 9 })).toEqual([]);
    });
  });
}

/** Counts the stored messages of a scope by tag. */
async function tagsIn(store: Store, scope: Scope): Promise<TagCount[]> {
  const counts = new Map<string, TagCount>();
  let before: number | null | undefined;
  while (before !== null) {
    const request = { filter: {}, limit: 200, ...(before === undefined ? {} : { before }) };
    const page: Page = await store.mail.page(scope, request);
    before = page.next;
    for (const { tags, receivedAt } of page.messages) {
      for (const tag of tags) {
        // Newest first, so that the first one is the last use.
        const { messages, lastUsed } = counts.get(tag) ?? { messages: 0, lastUsed: receivedAt };
        counts.set(tag, { tag, messages: messages + 1, lastUsed });
      }
    }
  }
  return [...counts.values()].sort((a, b) => (a.tag < b.tag ? -1 : 1));
}

/** Counts the stored messages by status, and the octets of their content. */
async function totalsOf(store: Store): Promise<StoreTotals> {
  const messages = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;
  let contentOctets = 0;
  for (const { id, status, size } of await store.messages({ limit: 100_000 })) {
    messages[status] += 1;
    if ((await store.message(id))?.contentRemoved === false) contentOctets += size;
  }
  return { messages, contentOctets };
}
