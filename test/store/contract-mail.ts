/** The part of the store's contract about messages within a scope: listing, search, operations, watching. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { MailChange, Page, PageRequest } from '../../src/store/mail.js';
import type { MessageFilter } from '../../src/store/search.js';
import type { MessageId, Scope, Status, Store } from '../../src/store/port.js';
import { resendMessage } from '../../src/store/resend.js';
import { headerValuesOf, matches, termsOfFilter } from '../../src/store/search-text.js';
import { accept, addDomain, newMessage, twoDomains } from './fixtures.js';

const RECEIVED = 1_760_000_000_000;

interface Kept {
  readonly id: MessageId;
  readonly domain: string;
  readonly status: Status;
  readonly tags: readonly string[];
  readonly receivedAt: number;
  readonly subject: string | null;
  readonly to: readonly string[];
  readonly headers: string;
  readonly reversePath: string;
}

/** All pages of a filter, whatever their lengths. */
async function idsOf(store: Store, scope: Scope, filter: MessageFilter, limit = 7): Promise<MessageId[]> {
  const ids: MessageId[] = [];
  let request: PageRequest = { filter, limit };
  for (let pages = 0; pages < 500; pages++) {
    const { messages, next } = await store.mail.page(scope, request);
    expect(messages.length).toBeLessThanOrEqual(limit);
    ids.push(...messages.map(({ id }) => id));
    if (next === null) return ids;
    request = { filter, limit, before: next };
  }
  throw new Error('the pages do not end');
}

const SUBJECTS = ['Grüße aus Köln', 'Invoice 4711', 'Password reset', null];

/** @param store the open store of the test that runs */
export function describeMail(store: () => Store, reopen: () => Promise<void>): void {
  describe('pages of messages', () => {
    // Invariant: for any scope and filter, the pages together are what the definition in search-text.ts gives.
    it('hold exactly what matches within the scope, newest first', async () => {
      const { a, b } = await twoDomains(store());
      const kept: Kept[] = [];
      for (let index = 0; index < 90; index++) {
        const domain = index % 4 === 0 ? b : a;
        const status = index % 5 === 0 ? 'queued' : 'held';
        const tags = ['even', 'third'].filter((_, place) => index % (place + 2) === 0);
        const subject = SUBJECTS[index % 4] ?? null;
        const headers = `From: App <app@example.com>\r\nX-Order: order-${index}\r\n folded ${index % 3}\r\n`;
        const receivedAt = RECEIVED + index * 1000;
        const to = [`user${index % 9}@example.net`];
        const recipients = to.map((forwardPath) => ({ forwardPath }));
        const reversePath = index % 6 === 1 ? '' : 'bounces@example.com';
        const facts = { status, tags, subject, receivedAt, recipients, reversePath } as const;
        const message = newMessage(domain.id, facts);
        const id = await accept(store(), message, Buffer.from(`${headers}\r\nbody\r\n`));
        kept.unshift({
          id,
          domain: domain.name,
          status,
          tags,
          receivedAt,
          subject,
          to,
          headers,
          reversePath,
        });
      }
      const term = fc.oneof(
        fc.record({
          kind: fc.constantFrom('text', 'phrase', 'from', 'to', 'subject'),
          text: fc.constantFrom(
            'grus',
            'GRÜSSE',
            'invoice 47',
            'user3@exam',
            'order-1',
            'folded 2',
            'app',
            '--',
            'xyz',
          ),
          negated: fc.boolean(),
        }),
        fc.record({ kind: fc.constant('tag'), tag: fc.constantFrom('even', 'none'), negated: fc.boolean() }),
        fc.record({ kind: fc.constant('status'), status: fc.constant('held'), negated: fc.boolean() }),
        fc.record({
          kind: fc.constantFrom('before', 'after'),
          time: fc.constant(RECEIVED + 40_000),
          negated: fc.boolean(),
        }),
      ) as fc.Arbitrary<NonNullable<MessageFilter['search']>[number]>;
      const filters = fc.record(
        {
          domains: fc.subarray(['a.example', 'b.example', 'none.example']),
          tags: fc.subarray(['even', 'third']),
          statuses: fc.subarray<Status>(['held', 'queued', 'bounced']),
          subject: fc.constantFrom('password', 'zzz'),
          to: fc.constantFrom('user1', 'example.net'),
          notifications: fc.boolean(),
          since: fc.constant(RECEIVED + 10_000),
          until: fc.constant(RECEIVED + 70_000),
          search: fc.array(term, { maxLength: 3 }),
        },
        { requiredKeys: [] },
      );
      const scopes = fc.constantFrom<Scope>('all', { domainId: a.id }, { domainId: b.id }, { domainId: 999 });
      await fc.assert(
        fc.asyncProperty(scopes, filters, async (scope, filter) => {
          const expected = kept.filter((message) => {
            const owner = message.domain === 'a.example' ? a.id : b.id;
            return (
              (scope === 'all' || scope.domainId === owner) &&
              filter.domains?.includes(message.domain) !== false &&
              filter.tags?.every((tag) => message.tags.includes(tag)) !== false &&
              filter.statuses?.includes(message.status) !== false &&
              (filter.notifications === undefined || (message.reversePath === '') === filter.notifications) &&
              (filter.since === undefined || message.receivedAt >= filter.since) &&
              (filter.until === undefined || message.receivedAt < filter.until) &&
              matches(termsOfFilter(filter), {
                ...message,
                from: 'app@example.com',
                messageId: '<1@example.com>',
                headerValues: () => headerValuesOf(message.headers),
              })
            );
          });
          expect(await idsOf(store(), scope, filter)).toEqual(expected.map(({ id }) => id));
        }),
        { numRuns: 150 },
      );
      const newerThan = kept[5]?.id ?? 0;
      const newer = await store().mail.page('all', { filter: {}, newerThan, limit: 50 });
      expect(newer.messages.map(({ id }) => id)).toEqual(kept.slice(0, 5).map(({ id }) => id));
    });

    it('give what was stored after a message, also what began to come in before it', async () => {
      const { a, b } = await twoDomains(store());
      const page = (request: Partial<PageRequest> = {}, scope: Scope = 'all') =>
        store().mail.page(scope, { filter: {}, limit: 10, ...request });
      const idsAfter = async (newerThan: MessageId, request: Partial<PageRequest> = {}, scope?: Scope) =>
        (await page({ newerThan, ...request }, scope)).messages.map(({ id }) => id);
      expect((await page()).latest).toBeNull();
      const [slow, slower] = [store().open(), store().open()];
      for (const draft of [slow, slower]) void draft.write(Buffer.from('Subject: slow\r\n\r\nslow\r\n'));
      const quick = await accept(store(), newMessage(b.id));
      expect((await page()).latest).toBe(quick);
      expect(await idsAfter(quick)).toEqual([]);

      await slow.commit(newMessage(a.id, { tags: ['slow'] }));
      expect(slow.id).toBeLessThan(quick);
      expect((await page()).latest).toBe(slow.id);
      expect([
        (await page({}, { domainId: a.id })).latest,
        (await page({}, { domainId: b.id })).latest,
      ]).toEqual([slow.id, quick]);
      expect(await idsAfter(quick)).toEqual([slow.id]);
      expect(await idsAfter(quick, { filter: { tags: ['slow'] } })).toEqual([slow.id]);
      expect(await idsAfter(quick, { filter: { tags: ['other'] } })).toEqual([]);
      expect(await idsAfter(quick, {}, { domainId: b.id })).toEqual([]);
      expect(await idsAfter(slow.id)).toEqual([]);

      await slower.commit(newMessage(a.id));
      expect(await idsAfter(slow.id)).toEqual([slower.id]);
      const last = await accept(store(), newMessage(a.id));
      expect((await page()).latest).toBe(last);
      expect(await idsAfter(slower.id)).toEqual([last]);
      expect(await idsAfter(slow.id)).toEqual([last, slower.id]);
      expect(await idsAfter(quick)).toEqual([last, slower.id, slow.id]);
      expect(await idsAfter(last)).toEqual([]);

      const found: MessageId[] = [];
      for (let before: number | null | undefined; before !== null;) {
        const { messages, next } = await page({
          newerThan: quick,
          limit: 1,
          ...(before === undefined ? {} : { before }),
        });
        found.push(...messages.map(({ id }) => id));
        before = next;
      }
      expect(found).toEqual([last, slower.id, slow.id]);
      await reopen();
      expect(await idsAfter(quick)).toEqual([last, slower.id, slow.id]);
    });

    it('come once each to a reader that goes on after the last one, while more are stored', async () => {
      const domain = await addDomain(store());
      const stored: MessageId[] = [];
      const end = new AbortController();
      const storing = (async () => {
        while (stored.length < 300) stored.push(await accept(store(), newMessage(domain.id)));
        end.abort();
      })();
      const read: MessageId[] = [];
      let latest: MessageId | null = null;
      for (let more = true; more;) {
        more = !end.signal.aborted;
        let before: number | null | undefined;
        let first: MessageId | null | undefined;
        while (before !== null) {
          const page: Page = await store().mail.page('all', {
            ...{ filter: {}, limit: 200 },
            ...(latest === null ? {} : { newerThan: latest }),
            ...(before === undefined ? {} : { before }),
          });
          first ??= page.latest;
          before = page.next;
          read.push(...page.messages.map(({ id }) => id));
        }
        latest = first ?? latest;
      }
      await storing;
      expect(read.sort((a, b) => a - b)).toEqual(stored);
    });

    it('are refused beyond the limits', async () => {
      const page = (request: Partial<PageRequest>) =>
        store().mail.page('all', { filter: {}, limit: 5, ...request });
      for (const request of [{ limit: 0 }, { limit: 201 }, { limit: NaN }, { before: -1 }, { before: 1.5 }]) {
        await expect(page(request)).rejects.toBeInstanceOf(RangeError);
      }
      const terms = Array.from({ length: 21 }, () => ({ kind: 'text', text: 'a', negated: false }) as const);
      await expect(page({ filter: { search: terms } })).rejects.toBeInstanceOf(RangeError);
    });
  });

  describe('one message', () => {
    it('is shown with everything that is kept of it, only within its scope', async () => {
      const { a, b } = await twoDomains(store());
      const header = 'From: app@example.com\r\nSubject: x\r\n';
      const origin = { way: 'api', listener: '127.0.0.1:8025', hello: 'curl/8' } as const;
      const id = await accept(store(), newMessage(a.id, { origin }), Buffer.from(`${header}\r\nbody`));
      await reopen();
      for (const scope of ['all', { domainId: a.id }] as const) {
        expect(await store().mail.message(scope, id)).toMatchObject({ id, origin, owed: [], calls: [] });
        expect(Buffer.from((await store().mail.headerSection(scope, id)) ?? []).toString()).toBe(header);
        expect(await read(store().mail.content(scope, id))).toBe(`${header}\r\nbody`);
      }
      const foreign = { domainId: b.id };
      expect(await store().mail.message(foreign, id)).toBeNull();
      expect(await store().mail.headerSection(foreign, id)).toBeNull();
      expect(await read(store().mail.content(foreign, id))).toBe('');
      expect(await store().mail.message('all', 12345)).toBeNull();
    });

    it('has its header section whole, over chunks', async () => {
      const { a } = await twoDomains(store());
      for (const length of [975, 985, 986, 987, 988, 2500]) {
        const header = `X-Long: ${'x'.repeat(length)}\r\n`;
        const id = await accept(store(), newMessage(a.id), Buffer.from(`${header}\r\n${'b'.repeat(3000)}`));
        expect(Buffer.from((await store().mail.headerSection('all', id)) ?? []).toString()).toBe(header);
      }
    });
  });

  describe('operations on messages', () => {
    const step = (scope: Scope, operation: 'cancel' | 'delete' | 'release' | 'retry', ids: number[]) =>
      store().mail.operate(scope, { operation, selection: { ids }, now: RECEIVED + 5 });

    it('change what is in the scope and pass over the rest', async () => {
      const { a, b } = await twoDomains(store());
      const ofA = await accept(store(), newMessage(a.id));
      const ofB = await accept(store(), newMessage(b.id));
      const ids = [ofA, ofB, 999];
      expect(await step({ domainId: a.id }, 'release', ids)).toEqual({
        changed: [ofA],
        unchanged: 0,
        next: null,
      });
      expect(await step({ domainId: a.id }, 'delete', ids)).toEqual({
        changed: [],
        unchanged: 1,
        next: null,
      });
      expect(await step({ domainId: a.id }, 'retry', ids)).toMatchObject({ changed: [ofA] });
      expect(await step({ domainId: a.id }, 'cancel', ids)).toMatchObject({ changed: [ofA] });
      expect(await step({ domainId: a.id }, 'cancel', ids)).toMatchObject({ changed: [], unchanged: 1 });
      expect(await step({ domainId: b.id }, 'delete', [ofA])).toEqual({
        changed: [],
        unchanged: 0,
        next: null,
      });
      expect((await store().message(ofA))?.status).toBe('cancelled');
      expect((await store().message(ofB))?.status).toBe('held');
      expect(await step({ domainId: a.id }, 'delete', ids)).toMatchObject({ changed: [ofA] });
      expect(await store().message(ofA)).toBeNull();
      expect(await read(store().mail.content('all', ofA))).toBe('');
    });

    it('send a stored message again as a new one, within the scope', async () => {
      const { a, b } = await twoDomains(store());
      const content = Buffer.from('From: app@example.com\r\n\r\n'.padEnd(2500, 'x'));
      const id = await accept(
        store(),
        newMessage(a.id, { tags: ['x'], terms: { releaseAt: 5, priority: 3 } }),
        content,
      );
      const origin = { way: 'api', listener: null, hello: null } as const;
      const rest = { clientAddress: '192.0.2.9', tls: null, origin };
      const newTry = { receivedAt: RECEIVED + 9, status: 'queued', ...rest } as const;
      expect(await resendMessage(store(), { domainId: b.id }, id, newTry)).toBeNull();
      expect(await resendMessage(store(), 'all', 12345, newTry)).toBeNull();
      const copy = (await resendMessage(store(), { domainId: a.id }, id, newTry)) ?? 0;
      expect(copy).toBeGreaterThan(id);
      expect(await read(store().mail.content('all', copy))).toBe(content.toString());
      expect(await store().mail.message('all', copy)).toMatchObject({
        domainId: a.id,
        status: 'queued',
        tags: ['x'],
        receivedAt: RECEIVED + 9,
        terms: { releaseAt: null, priority: 3 },
        recipients: [{ status: 'queued', attempts: [] }],
        origin,
      });
    });

    it('go through all that match a filter, in steps', async () => {
      const { a, b } = await twoDomains(store());
      for (let index = 0; index < 230; index++) {
        await accept(store(), newMessage(index % 10 === 0 ? b.id : a.id));
      }
      let [changed, steps, before]: [number, number, number | null] = [0, 0, Number.MAX_SAFE_INTEGER];
      while (before !== null) {
        const done = await store().mail.operate('all', {
          operation: 'release',
          selection: { filter: { domains: ['a.example'], statuses: ['held'] } },
          before,
          now: RECEIVED,
        });
        changed += done.changed.length;
        before = done.next;
        steps++;
      }
      expect([changed, steps > 1]).toEqual([207, true]);
      expect(await idsOf(store(), 'all', { statuses: ['held'] })).toHaveLength(23);
    });

    it('put tags on and take them off', async () => {
      const { a, b } = await twoDomains(store());
      const id = await accept(store(), newMessage(a.id, { tags: ['old', 'kept'] }));
      const retag = { add: ['new', 'kept', 'new'], remove: ['old'] };
      expect(await store().mail.retag({ domainId: b.id }, retag, { ids: [id] })).toMatchObject({
        changed: [],
      });
      expect(await store().mail.retag({ domainId: a.id }, retag, { ids: [id] })).toMatchObject({
        changed: [id],
      });
      expect(await store().mail.retag('all', retag, { ids: [id] })).toMatchObject({
        changed: [],
        unchanged: 1,
      });
      expect((await store().message(id))?.tags).toEqual(['kept', 'new']);
      expect(await idsOf(store(), 'all', { tags: ['new'] })).toEqual([id]);
      expect(await idsOf(store(), 'all', { tags: ['old'] })).toEqual([]);
    });
  });

  describe('watching messages', () => {
    it('reports to each scope its own changes', async () => {
      const { a, b } = await twoDomains(store());
      const seen: Record<string, MailChange[]> = { all: [], a: [], b: [] };
      const watch = (name: string, scope: Scope) =>
        store().mail.watch(scope, {
          changed: (changes) => seen[name]?.push(...changes),
          missed: () => undefined,
        });
      const ends = [watch('all', 'all'), watch('a', { domainId: a.id }), watch('b', { domainId: b.id })];
      const id = await accept(store(), newMessage(a.id, { status: 'queued' }));
      await vi.waitFor(() => expect(seen['a']).toHaveLength(1));
      await store().mail.operate('all', { operation: 'cancel', selection: { ids: [id] }, now: RECEIVED });
      await vi.waitFor(() => expect(seen['a']).toHaveLength(2));
      const expected = [
        { id, domainId: a.id, kind: 'accepted', status: 'queued' },
        { id, domainId: a.id, kind: 'status', status: null },
      ];
      expect(seen).toEqual({ all: expected, a: expected, b: [] });
      for (const end of ends) end();
      await accept(store(), newMessage(a.id));
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      expect(seen['a']).toHaveLength(2);
    });
  });
}

async function read(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
