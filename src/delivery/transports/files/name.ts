import { createHash } from 'node:crypto';
import type { Shipment } from '../transport.js';

type Named = Pick<Shipment, 'id' | 'idempotencyKey' | 'receivedAt' | 'recipients'>;

/** What tells this shipment from all others: shipments of one message share no recipient. */
function fingerprint({ idempotencyKey, recipients }: Named, length: number): string {
  const first = Math.min(...recipients.map(({ position }) => position));
  return createHash('sha256').update(`${idempotencyKey}\0${first}`).digest('hex').slice(0, length);
}

/**
 * The name of a file in a maildir: seconds, what makes it unique, the host. The seconds are those of the
 * arrival and the rest comes of the idempotency key, so that a second try after a crash meets the first.
 */
export function maildirName(shipment: Named, hostname: string): string {
  const host = hostname.replace(/[^\w.-]/g, (character) => `\\${octal(character)}`);
  return `${Math.floor(shipment.receivedAt / 1000)}.R${fingerprint(shipment, 32)}.${host}`;
}

/** The name of an `.eml` file: the id that `postern messages` shows, and what makes it unique. */
export function emlName(shipment: Named): string {
  return `${shipment.id}-${fingerprint(shipment, 8)}.eml`;
}

function octal(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(8).padStart(3, '0');
}
