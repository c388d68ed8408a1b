import type { Shipment } from '../../../src/delivery/transports/transport.js';
import type { LeasedRecipient } from '../../../src/store/queue.js';
import { NO_TERMS } from '../../store/fixtures.js';

export function recipient(position: number, forwardPath: string): LeasedRecipient {
  return {
    position,
    forwardPath,
    notify: null,
    originalRecipient: null,
    attempts: 0,
    delayReported: false,
  };
}

/** Returns a shipment of this content, from the first day of 2026; `changes` replaces other values. */
export function shipment(
  content: string | Uint8Array | readonly Uint8Array[],
  { to = ['you@example.net'], ...changes }: Partial<Shipment> & { readonly to?: readonly string[] } = {},
): Shipment {
  const pieces =
    typeof content === 'string'
      ? [Buffer.from(content)]
      : content instanceof Uint8Array
        ? [content]
        : content;
  return {
    id: 244572499505152,
    domain: { id: 1, name: 'example.com', createdAt: 0 },
    reversePath: 'bounces@example.com',
    recipients: to.map((forwardPath, position) => recipient(position, forwardPath)),
    from: 'app@example.com',
    tags: [],
    messageId: '<1@example.com>',
    receivedAt: Date.UTC(2026, 0, 1),
    terms: NO_TERMS,
    needs: null,
    idempotencyKey: 'store-244572499505152',
    size: pieces.reduce((sum, { length }) => sum + length, 0),
    async *content() {
      yield* pieces;
    },
    ...changes,
  };
}

/** The signal of a server that does not stop. */
export const RUNNING: AbortSignal = new AbortController().signal;
