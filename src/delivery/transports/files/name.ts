import { createHash } from 'node:crypto';
import type { Shipment } from '../transport.js';

type Named = Pick<Shipment, 'id' | 'idempotencyKey' | 'receivedAt' | 'recipients'>;

/** Returns a text that is unique to this shipment. The shipments of one message share no recipient. */
function fingerprint({ idempotencyKey, recipients }: Named, length: number): string {
  const first = Math.min(...recipients.map(({ position }) => position));
  return createHash('sha256').update(`${idempotencyKey}\0${first}`).digest('hex').slice(0, length);
}

/**
 * Returns the name of a file in a maildir: seconds, a unique part, the host. The seconds are those of the arrival and
 * the unique part comes from the idempotency key. So a second attempt after a crash has the same name and finds the
 * first.
 */
export function maildirName(shipment: Named, hostname: string): string {
  const host = hostname.replace(/[^\w.-]/g, (character) => `\\${octal(character)}`);
  return `${Math.floor(shipment.receivedAt / 1000)}.R${fingerprint(shipment, 32)}.${host}`;
}

/** Returns the name of an `.eml` file: the id that `postern messages` shows, and a unique part. */
export function emlName(shipment: Named): string {
  return `${shipment.id}-${fingerprint(shipment, 8)}.eml`;
}

function octal(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(8).padStart(3, '0');
}
