/** The part of the store's contract about what senders ask of the delivery. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContentNeeds, DeliveryTerms, NewRecipient, NotifyEvent, Store } from '../../src/store/port.js';
import { accept, addDomain, newMessage, NO_TERMS } from './fixtures.js';

const time = fc.integer({ min: -1, max: Date.UTC(9999, 0, 1) });
const terms: fc.Arbitrary<Partial<DeliveryTerms>> = fc.record(
  {
    ret: fc.constantFrom('FULL', 'HDRS', null),
    envelopeId: fc.option(fc.string({ minLength: 1, maxLength: 100 })),
    releaseAt: fc.option(time),
    deliverBy: fc.option(
      fc.record({
        time,
        otherwise: fc.constantFrom('return' as const, 'notify' as const),
        trace: fc.boolean(),
      }),
    ),
    priority: fc.integer({ min: -9, max: 9 }),
    requireTls: fc.boolean(),
    body: fc.constantFrom('7BIT', '8BITMIME', 'BINARYMIME', null),
    smtputf8: fc.boolean(),
  },
  { requiredKeys: [] },
);
const needs: fc.Arbitrary<ContentNeeds | null> = fc.option(
  fc.record({
    eightBit: fc.boolean(),
    utf8Header: fc.boolean(),
    binary: fc.boolean(),
    longLines: fc.boolean(),
  }),
);
const recipient: fc.Arbitrary<Required<NewRecipient>> = fc.record({
  forwardPath: fc.constant('someone@example.net'),
  notify: fc.option(fc.subarray<NotifyEvent>(['SUCCESS', 'FAILURE', 'DELAY'])),
  originalRecipient: fc.option(fc.constantFrom('rfc822;a;b@example.net', 'utf-8;"é x"@example.net')),
});

/** @param store the open store of the test that runs */
export function describeTerms(store: () => Store, reopen: () => Promise<void>): void {
  describe('terms of delivery', () => {
    // Invariant: what was asked is given back, each recipient's own with him; the rest is as if nothing was.
    it('are kept with the message and its recipients, also when the store was opened again', async () => {
      const domain = await addDomain(store());
      const given: { id: number; terms: Partial<DeliveryTerms>; recipients: NewRecipient[] }[] = [];
      await fc.assert(
        fc.asyncProperty(
          terms,
          fc.array(recipient, { minLength: 1, maxLength: 4 }),
          async (terms, recipients) => {
            const id = await accept(store(), newMessage(domain.id, { terms, recipients }));
            given.push({ id, terms, recipients });
          },
        ),
        { numRuns: 50 },
      );
      await reopen();
      for (const { id, terms, recipients } of given) {
        expect(await store().message(id)).toMatchObject({
          terms: { ...NO_TERMS, ...terms },
          recipients: recipients.map((each) => ({ ...each, status: 'held' })),
        });
      }
    });
  });
}

/** @param store the open store of the test that runs */
export function describeNeeds(store: () => Store): void {
  describe('the needs of the content', () => {
    // Invariant: what a content needs is given back as it was, with the message and with its lease.
    it('are kept with the message and with its lease', async () => {
      const domain = await addDomain(store());
      await fc.assert(
        fc.asyncProperty(needs, terms, async (needs, terms) => {
          const queued = { terms: { ...terms, releaseAt: null }, status: 'queued' as const, receivedAt: 1 };
          const id = await accept(store(), newMessage(domain.id, { ...queued, needs }));
          expect((await store().message(id))?.needs).toEqual(needs);
          const leases = await store().queue.lease({ now: 2, until: 9, limit: 100, perDomain: 1000 });
          expect(leases.find((lease) => lease.id === id)?.needs).toEqual(needs);
        }),
        { numRuns: 20 },
      );
      const unknown = await accept(store(), newMessage(domain.id));
      expect((await store().message(unknown))?.needs).toBeNull();
    });
  });
}
