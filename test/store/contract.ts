/** The store's contract as tests: every adapter runs them. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError, type MessageQuery, type Status, type Store } from '../../src/store/port.js';
import { describeBlockList, describeDkimKeys } from './contract-block-list.js';
import { describeDomains } from './contract-domains.js';
import { describeDueEvents, describeDueTimes } from './contract-due-times.js';
import { describeMail } from './contract-mail.js';
import { describeBlockLists, describeDomainRecords, describeWebhookCalls } from './contract-management.js';
import { describeNodes } from './contract-nodes.js';
import { describeOperator } from './contract-operator.js';
import { describeChangedMessages } from './contract-changed.js';
import { describeQueue } from './contract-queue.js';
import { describeReports } from './contract-reports.js';
import { describeRetention } from './contract-retention.js';
import { describeShared } from './contract-shared.js';
import { describeSignIn } from './contract-sign-in.js';
import { describeStatistics } from './contract-statistics.js';
import { describeNeeds, describeTerms } from './contract-terms.js';
import { describeWebhooks } from './contract-webhooks.js';
import { accept, addDomain, contentOf, newMessage, NO_TERMS, octets, writeAll } from './fixtures.js';

/** Limits that the suite sets, small, so that it reaches the borders with few octets. */
export interface Tuning {
  readonly chunkOctets: number;
  readonly inFlightOctets: number;
  readonly now: () => number;
}

/** A place to keep a store, which outlives the stores that are opened on it. */
export interface Place {
  open(tuning: Tuning): Promise<Store>;
  /** Removes everything in the place. Its stores are closed by then. */
  remove(): Promise<void>;
}

const CHUNK = 1000;

export function runStoreContract(name: string, makePlace: () => Promise<Place>): void {
  describe(`store contract: ${name}`, () => {
    let place: Place;
    let store: Store;
    let clock = Date.UTC(2026, 0, 1);
    const tuning: Tuning = { chunkOctets: CHUNK, inFlightOctets: 8 * CHUNK, now: () => clock };
    const reopen = async () => {
      await store.close();
      store = await place.open(tuning);
    };

    beforeEach(async () => {
      clock = Date.UTC(2026, 0, 1);
      place = await makePlace();
      store = await place.open(tuning);
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    describe('messages', () => {
      it('gives back all that was given, also after it was opened again', async () => {
        const domain = await addDomain(store);
        const recipients = ['z@example.net', 'a@example.net', '"odd one"@example.org'];
        const id = await accept(
          store,
          newMessage(domain.id, {
            recipients: recipients.map((forwardPath) => ({ forwardPath })),
            tags: ['zeta', 'alpha', 'ä b'],
            status: 'queued',
          }),
          octets(1234),
        );
        await reopen();
        const summary = {
          id,
          domain: 'example.com',
          status: 'queued',
          from: 'app@example.com',
          to: recipients,
          subject: 'Grüße',
          tags: ['zeta', 'alpha', 'ä b'],
          listUnsubscribe: '<https://example.com/u/1>, <mailto:u@example.com>',
          size: 1234,
          receivedAt: 1_760_000_000_000,
          tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
        };
        expect(await store.messages({ limit: 10 })).toEqual([summary]);
        expect(await store.message(id)).toEqual({
          ...summary,
          reversePath: 'bounces@example.com',
          messageId: '<1@example.com>',
          clientAddress: '192.0.2.7',
          recipients: recipients.map((forwardPath) => ({
            forwardPath,
            status: 'queued',
            notify: null,
            originalRecipient: null,
            attempts: [],
            nextAttemptAt: 1_760_000_000_000,
          })),
          terms: NO_TERMS,
          needs: null,
          contentRemoved: false,
        });
      });

      it('keeps what a message does not have as null or empty', async () => {
        const domain = await addDomain(store);
        const none = { subject: null, listUnsubscribe: null, messageId: null, tls: null };
        const id = await accept(store, newMessage(domain.id, { ...none, reversePath: '' }), octets(0));
        expect(await store.message(id)).toMatchObject({ ...none, reversePath: '', tags: [], size: 0 });
        expect(await contentOf(store, id)).toHaveLength(0);
      });

      it('knows nothing of a message that is not there', async () => {
        expect(await store.message(12345)).toBeNull();
        expect(await contentOf(store, 12345)).toHaveLength(0);
        expect(await store.messages({ limit: 10 })).toEqual([]);
      });

      it('refuses a message of an unknown domain and leaves nothing of it', async () => {
        const draft = store.open();
        await writeAll(draft, octets(3 * CHUNK));
        await expect(draft.commit(newMessage(77))).rejects.toMatchObject({ code: 'failed' });
        expect(await store.message(draft.id)).toBeNull();
        expect(await contentOf(store, draft.id)).toHaveLength(0);
      });

      it('does not let one refused message take down those committed with it', async () => {
        const domain = await addDomain(store);
        const drafts = Array.from({ length: 9 }, () => store.open());
        const results = await Promise.allSettled(
          drafts.map((draft, index) => {
            void draft.write(octets(50, index));
            return draft.commit(newMessage(index === 4 ? 77 : domain.id));
          }),
        );
        expect(results.map(({ status }) => status)).toEqual(
          drafts.map((_, index) => (index === 4 ? 'rejected' : 'fulfilled')),
        );
        for (const [index, draft] of drafts.entries()) {
          const expected = index === 4 ? Buffer.alloc(0) : Buffer.from(octets(50, index));
          expect(await contentOf(store, draft.id)).toEqual(expected);
        }
      });
    });

    describe('ids', () => {
      it('are positive safe integers that rise, also when many are asked for at once', () => {
        let last = 0;
        for (let count = 0; count < 10_000; count++) {
          const draft = store.open();
          expect(Number.isSafeInteger(draft.id)).toBe(true);
          expect(draft.id).toBeGreaterThan(last);
          last = draft.id;
          draft.discard();
        }
      });

      it('rise over a restart, even when the clock has gone back', async () => {
        const domain = await addDomain(store);
        const first = await accept(store, newMessage(domain.id));
        clock -= 3_600_000;
        await reopen();
        const second = await accept(store, newMessage(domain.id));
        expect(second).toBeGreaterThan(first);
        expect((await store.messages({ limit: 2 })).map(({ id }) => id)).toEqual([second, first]);
      });
    });

    describe('drafts', () => {
      // Invariant: for any size and any split, the octets that come out are those that went in.
      it('keep content octet for octet around the borders of chunks', async () => {
        const domain = await addDomain(store);
        const near = fc
          .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: -2, max: 2 }))
          .map(([chunks, off]) => Math.max(0, chunks * CHUNK + off));
        const piece = fc.oneof(
          fc.integer({ min: 1, max: 3 * CHUNK }),
          fc.constantFrom(CHUNK - 1, CHUNK, CHUNK + 1),
        );
        await fc.assert(
          fc.asyncProperty(near, piece, fc.integer(), async (size, cut, seed) => {
            const content = octets(size, seed);
            const draft = store.open();
            await writeAll(draft, content, cut);
            await draft.commit(newMessage(domain.id));
            const got = await contentOf(store, draft.id);
            expect(got.equals(content)).toBe(true);
            expect((await store.message(draft.id))?.size).toBe(size);
          }),
          {
            numRuns: 100,
            examples: [
              [CHUNK, CHUNK, 1],
              [CHUNK + 1, 1, 1],
              [0, 1, 1],
            ],
          },
        );
      });

      it('leave the caller its buffer', async () => {
        const domain = await addDomain(store);
        const draft = store.open();
        const buffer = new Uint8Array(700);
        for (let round = 1; round <= 5; round++) {
          await draft.write(buffer.fill(round));
          buffer.fill(0xff);
        }
        await draft.commit(newMessage(domain.id));
        const expected = Buffer.concat([1, 2, 3, 4, 5].map((round) => Buffer.alloc(700, round)));
        expect(await contentOf(store, draft.id)).toEqual(expected);
      });

      it('show nothing before they commit and nothing once discarded', async () => {
        const domain = await addDomain(store);
        for (const size of [10, 5 * CHUNK]) {
          const draft = store.open();
          await writeAll(draft, octets(size));
          expect(await contentOf(store, draft.id)).toHaveLength(0);
          draft.discard();
          draft.discard();
          await expect(draft.commit(newMessage(domain.id))).rejects.toBeInstanceOf(StoreError);
          expect(await store.message(draft.id)).toBeNull();
          expect(await contentOf(store, draft.id)).toHaveLength(0);
        }
        expect(await store.messages({ limit: 10 })).toEqual([]);
      });

      it('commit once; a discard after that changes nothing', async () => {
        const domain = await addDomain(store);
        const draft = store.open();
        await writeAll(draft, octets(3 * CHUNK));
        const commit = draft.commit(newMessage(domain.id));
        draft.discard();
        await expect(draft.commit(newMessage(domain.id))).rejects.toBeInstanceOf(StoreError);
        await commit;
        draft.discard();
        expect(await contentOf(store, draft.id)).toEqual(Buffer.from(octets(3 * CHUNK)));
        expect(await store.messages({ limit: 10 })).toHaveLength(1);
      });

      it('ask a fast writer to wait, and all get through', async () => {
        const domain = await addDomain(store);
        let waits = 0;
        const ids = await Promise.all(
          Array.from({ length: 20 }, async (_, index) => {
            const draft = store.open();
            const content = octets(40 * CHUNK, index);
            for (let at = 0; at < content.length; at += 300) {
              const wait = draft.write(content.subarray(at, at + 300));
              if (wait === undefined) continue;
              waits++;
              await wait;
            }
            await draft.commit(newMessage(domain.id));
            return draft.id;
          }),
        );
        expect(waits).toBeGreaterThan(0);
        for (const [index, id] of ids.entries()) {
          expect((await contentOf(store, id)).equals(octets(40 * CHUNK, index))).toBe(true);
        }
      });

      it('do not wait for others that hold half a chunk each and stay silent', async () => {
        const domain = await addDomain(store);
        const silent = Array.from({ length: 40 }, () => store.open());
        for (const [index, draft] of silent.entries()) void draft.write(octets(CHUNK / 2, index));
        const content = octets(30 * CHUNK, 99);
        const draft = store.open();
        await writeAll(draft, content, 100);
        await draft.commit(newMessage(domain.id));
        expect((await contentOf(store, draft.id)).equals(content)).toBe(true);
        // The silent drafts go on where they stopped.
        for (const [index, other] of silent.entries()) {
          await other.write(octets(CHUNK, index + 100));
          await other.commit(newMessage(domain.id));
          const whole = Buffer.concat([octets(CHUNK / 2, index), octets(CHUNK, index + 100)]);
          expect((await contentOf(store, other.id)).equals(whole)).toBe(true);
        }
      });
    });

    describe('lists', () => {
      interface Listed {
        readonly id: number;
        readonly domain: string;
        readonly tags: readonly string[];
        readonly status: Status;
      }

      // Invariant: any query gives what filtering all messages by hand gives, newest first, cut at the limit.
      it('give exactly the messages asked for, newest first', async () => {
        const names = ['example.com', 'example.org', 'example.net'];
        const domains = new Map<string, number>();
        for (const name of names) domains.set(name, (await addDomain(store, name)).id);
        const all: Listed[] = [];
        for (let index = 0; index < 240; index++) {
          const domain = names[index % 7 === 0 ? 1 : index % 31 === 0 ? 2 : 0] ?? '';
          const tags = ['even', 'third', 'rare'].filter((_, place) => index % ([2, 3, 50][place] ?? 1) === 0);
          const status = index % 5 === 0 ? 'queued' : 'held';
          const draft = store.open();
          await draft.commit(newMessage(domains.get(domain) ?? 0, { tags, status }));
          all.unshift({ id: draft.id, domain, tags, status });
        }
        const query = fc.record(
          {
            domain: fc.constantFrom(...names, 'unknown.example'),
            tag: fc.constantFrom('even', 'third', 'rare', 'unknown'),
            status: fc.constantFrom<Status>('held', 'queued', 'bounced'),
            before: fc.constantFrom(...all.map(({ id }) => id)),
            limit: fc.constantFrom(0, 1, 7, 99, 100, 101, 1000),
          },
          { requiredKeys: ['limit'] },
        );
        await fc.assert(
          fc.asyncProperty(query, async (asked: MessageQuery) => {
            const expected = all.filter(
              (message) =>
                (asked.domain === undefined || message.domain === asked.domain) &&
                (asked.tag === undefined || message.tags.includes(asked.tag)) &&
                (asked.status === undefined || message.status === asked.status) &&
                (asked.before === undefined || message.id < asked.before),
            );
            const got = await store.messages(asked);
            expect(got.map(({ id }) => id)).toEqual(expected.slice(0, asked.limit).map(({ id }) => id));
          }),
          { numRuns: 200 },
        );
      });
    });

    describeDomains(() => store);
    describeTerms(() => store, reopen);
    describeNeeds(() => store);
    describeQueue(() => store, reopen);
    describeChangedMessages(() => store);
    describeOperator(() => store);
    describeReports(() => store, reopen);
    describeDkimKeys(() => store);
    describeWebhooks(() => store, reopen);
    describeDueTimes(() => store);
    describeDueEvents(() => store);
    describeRetention(() => store, reopen);
    describeBlockList(() => store);
    describeBlockLists(() => store);
    describeNodes(() => store);
    describeShared(() => store);
    describeSignIn(() => store, reopen);
    describeMail(() => store, reopen);
    describeDomainRecords(() => store, reopen);
    describeWebhookCalls(() => store);
    describeStatistics(() => store, reopen);

    describe('closing', () => {
      it('commits what was given to it first, and refuses what comes later', async () => {
        const domain = await addDomain(store);
        const given = store.open();
        await writeAll(given, octets(5 * CHUNK));
        const late = store.open();
        await writeAll(late, octets(5 * CHUNK));
        const commit = given.commit(newMessage(domain.id));
        const closing = store.close();
        await Promise.all([commit, closing, store.close()]);

        expect(() => store.open()).toThrow(expect.objectContaining({ code: 'closed' }) as Error);
        await late.write(octets(5 * CHUNK));
        await expect(late.commit(newMessage(domain.id))).rejects.toMatchObject({ code: 'closed' });
        await expect(store.messages({ limit: 1 })).rejects.toMatchObject({ code: 'closed' });
        await expect(store.domains()).rejects.toMatchObject({ code: 'closed' });

        store = await place.open(tuning);
        expect((await store.messages({ limit: 10 })).map(({ id }) => id)).toEqual([given.id]);
        expect((await contentOf(store, given.id)).equals(octets(5 * CHUNK))).toBe(true);
      });
    });
  });
}
