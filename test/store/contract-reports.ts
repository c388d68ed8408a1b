/** The part of the store's contract about the notifications that senders are owed. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { attempt, leaseOne, queued, RECEIVED, settlement } from './contract-queue.js';
import { accept, addDomain, contentOf, newMessage } from './fixtures.js';

/** @param store the open store of the test that runs */
export function describeReports(store: () => Store, reopen: () => Promise<void>): void {
  describe('owed notifications', () => {
    const owed = async () =>
      (await store().queue.owedReports(9)).map(({ id, recipients }) => ({
        id,
        recipients: recipients.map(({ position, report }) => ({ position, report })),
      }));

    it('are listed with everything that a notification needs, oldest first', async () => {
      const domain = await addDomain(store());
      const recipients = [
        { forwardPath: 'a@example.net' },
        {
          forwardPath: 'b@example.net',
          notify: ['FAILURE'] as const,
          originalRecipient: 'rfc822;x@example.net',
        },
        { forwardPath: 'c@example.net', notify: ['DELAY'] as const },
      ];
      const terms = { ret: 'FULL', envelopeId: 'QQ' } as const;
      const id = await queued(store(), domain, { recipients, terms });
      const settlements = [
        settlement(0, 'delivered'),
        settlement(1, 'bounced', { report: 'failed' }),
        settlement(2, 'deferred', { report: 'delayed' }),
      ];
      await store().queue.settle(await leaseOne(store()), settlements, true);
      const later = await queued(store(), domain);
      await store().queue.settle(
        await leaseOne(store()),
        [settlement(0, 'delivered', { report: 'relayed' })],
        true,
      );
      await reopen();
      const reports = await store().queue.owedReports(9);
      expect(reports.map(({ id }) => id)).toEqual([id, later]);
      expect(reports[0]).toEqual({
        id,
        domain,
        reversePath: 'bounces@example.com',
        messageId: '<1@example.com>',
        receivedAt: RECEIVED,
        terms: (await store().message(id))?.terms,
        recipients: [
          {
            position: 1,
            ...recipients[1],
            report: 'failed',
            attempt: attempt('bounced'),
            nextAttemptAt: null,
          },
          {
            position: 2,
            ...recipients[2],
            originalRecipient: null,
            report: 'delayed',
            attempt: attempt('deferred'),
            nextAttemptAt: RECEIVED + 60_000,
          },
        ],
      });
      expect(await store().queue.owedReports(1)).toEqual(reports.slice(0, 1));
      const [lease] = await store().queue.lease({
        now: RECEIVED + 60_000,
        until: RECEIVED + 70_000,
        limit: 1,
        perDomain: 1,
      });
      expect(lease?.recipients).toMatchObject([{ position: 2, delayReported: true }]);
    });

    it('do not exist for a message with the null reverse-path', async () => {
      await queued(store(), await addDomain(store()), { reversePath: '' });
      await store().queue.settle(
        await leaseOne(store()),
        [settlement(0, 'bounced', { report: 'failed' })],
        true,
      );
      expect(await owed()).toEqual([]);
    });

    it('are the newest: a failure takes the place of a delay, and a delivery ends it', async () => {
      const id = await queued(store(), await addDomain(store()), {}, 2);
      const delayed = [0, 1].map((position) => settlement(position, 'deferred', { report: 'delayed' }));
      const lease = await leaseOne(store());
      await store().queue.settle(lease, delayed, false);
      const positions = [0, 1].map((position) => ({ position, report: 'delayed' }));
      expect(await owed()).toEqual([{ id, recipients: positions }]);
      await store().queue.settle(
        lease,
        [settlement(0, 'bounced', { report: 'failed' }), settlement(1, 'delivered')],
        true,
      );
      expect(await owed()).toEqual([{ id, recipients: [{ position: 0, report: 'failed' }] }]);
    });

    it('are fulfilled by the commit of their message, both or neither', async () => {
      const domain = await addDomain(store());
      const id = await queued(store(), domain, {}, 3);
      const failed = [0, 1, 2].map((position) => settlement(position, 'bounced', { report: 'failed' }));
      await store().queue.settle(await leaseOne(store()), failed, true);
      const pay = (positions: number[], report: 'failed' | 'delayed' = 'failed') => {
        const fulfils = { id, recipients: positions.map((position) => ({ position, report })) };
        return accept(store(), newMessage(domain.id, { reversePath: '', status: 'queued', fulfils }));
      };
      const paid = await pay([0]);
      expect(await owed()).toMatchObject([{ recipients: [{ position: 1 }, { position: 2 }] }]);
      for (const refused of [pay([0]), pay([1, 0]), pay([1], 'delayed')]) {
        await expect(refused).rejects.toMatchObject({ code: 'fulfilled' });
      }
      expect(await owed()).toMatchObject([{ recipients: [{ position: 1 }, { position: 2 }] }]);
      // Two at once: one of them is stored.
      const results = await Promise.allSettled([pay([1, 2]), pay([1, 2])]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await owed()).toEqual([]);
      expect(await store().messages({ limit: 9 })).toHaveLength(3);
      expect(await contentOf(store(), paid)).toHaveLength(100);
    });

    it('can be dropped', async () => {
      const id = await queued(store(), await addDomain(store()), {}, 2);
      const failed = [0, 1].map((position) => settlement(position, 'bounced', { report: 'failed' }));
      await store().queue.settle(await leaseOne(store()), failed, true);
      const drop = {
        id,
        recipients: [
          { position: 0, report: 'failed' },
          { position: 1, report: 'delayed' },
        ],
      } as const;
      await store().queue.dropReports(drop);
      await store().queue.dropReports(drop);
      expect(await owed()).toEqual([{ id, recipients: [{ position: 1, report: 'failed' }] }]);
    });
  });
}
