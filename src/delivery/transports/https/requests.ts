import { createHash } from 'node:crypto';
import type { LeasedRecipient } from '../../../store/queue.js';
import type { NamedAddress } from '../../../message/address-list.js';
import { formatAddress } from './address.js';

/** Addresses of one request, in all its fields. */
export const MAX_ADDRESSES = 50;
/** Characters of an Idempotency-Key. */
const MAX_KEY = 255;

/** Who a message goes to: all that is needed of a recipient here. */
export type Recipient = Pick<LeasedRecipient, 'position' | 'forwardPath'>;

/** One address, and the recipients that it stands for. */
export interface Addressee {
  /** At least one; more if the envelope has an address several times. */
  readonly positions: readonly number[];
  /** The address, with its name if a field gives it one. */
  readonly text: string;
}

/** Who one request goes to. */
export interface Addressees {
  readonly to: readonly Addressee[];
  readonly cc: readonly Addressee[];
  readonly bcc: readonly Addressee[];
}

/**
 * Spreads recipients over requests, each recipient in one.
 *
 * A recipient that stands in To or Cc goes there, under the name that the field has for him; one that stands
 * in neither is blind. Addresses of the fields that are no recipients are left out: the API would mail them.
 *
 * The API demands a `to`. Where nobody of To is left, those of Cc stand in it: they see each other anyhow.
 * Blind recipients for whom no request with a `to` has room get one each, with nobody else in it: in one
 * together, the address in its `to` would be seen by all the others.
 */
export function spread(
  recipients: readonly Recipient[],
  fields: { readonly to: readonly NamedAddress[]; readonly cc: readonly NamedAddress[] },
): Addressees[] {
  const left = new Left(recipients);
  const to = left.take(fields.to);
  const cc = left.take(fields.cc);
  const bcc = left.rest();
  const inTo = new Set(to);
  const seen = [...to, ...cc];
  const requests: Addressees[] = [];
  for (let at = 0; at < seen.length; at += MAX_ADDRESSES) {
    const part = seen.slice(at, at + MAX_ADDRESSES);
    const blind = bcc.splice(0, MAX_ADDRESSES - part.length);
    const first = part.filter((one) => inTo.has(one));
    const second = part.filter((one) => !inTo.has(one));
    requests.push(
      first.length > 0 ? { to: first, cc: second, bcc: blind } : { to: second, cc: [], bcc: blind },
    );
  }
  return [...requests, ...bcc.map(alone)];
}

/** The same addresses in a request each. */
export function apart(addressees: Addressees): Addressees[] {
  return allOf(addressees).map(alone);
}

function alone(addressee: Addressee): Addressees {
  return { to: [addressee], cc: [], bcc: [] };
}

function allOf({ to, cc, bcc }: Addressees): Addressee[] {
  return [...to, ...cc, ...bcc];
}

/** The recipients that a request is for. */
export function positionsOf(addressees: Addressees): number[] {
  return allOf(addressees).flatMap(({ positions }) => positions);
}

/** The same for the same recipients of the same message, and else another one. */
export function requestKey(idempotencyKey: string, addressees: Addressees): string {
  const members = positionsOf(addressees)
    .sort((a, b) => a - b)
    .join(',');
  const key = `${idempotencyKey}-${createHash('sha256').update(members).digest('hex').slice(0, 16)}`;
  return key.length <= MAX_KEY ? key : createHash('sha256').update(key).digest('hex');
}

/** The recipients that have no place yet. Those with the same forward-path are one (RFC 5321 2.4: the domain in any case). */
class Left {
  /** By forward-path. */
  readonly #addresses = new Map<string, { readonly forwardPath: string; readonly positions: number[] }>();
  /** The forward-paths of each address as a field may write it: in lower case. */
  readonly #written = new Map<string, string[]>();

  constructor(recipients: readonly Recipient[]) {
    for (const { position, forwardPath } of recipients) {
      const domain = forwardPath.lastIndexOf('@') + 1;
      const path = forwardPath.slice(0, domain) + forwardPath.slice(domain).toLowerCase();
      const known = this.#addresses.get(path);
      if (known !== undefined) {
        known.positions.push(position);
        continue;
      }
      this.#addresses.set(path, { forwardPath, positions: [position] });
      const written = path.toLowerCase();
      this.#written.set(written, [...(this.#written.get(written) ?? []), path]);
    }
  }

  /** Takes those that a field names, under the names that it gives them. */
  take(named: readonly NamedAddress[]): Addressee[] {
    return named.flatMap(({ name, address }) => {
      const path = this.#written.get(address.toLowerCase())?.shift();
      const found = path === undefined ? undefined : this.#addresses.get(path);
      if (path === undefined || found === undefined) return [];
      this.#addresses.delete(path);
      const { positions, forwardPath } = found;
      return [{ positions, text: formatAddress({ name, address: forwardPath }) }];
    });
  }

  rest(): Addressee[] {
    return [...this.#addresses.values()].map(({ positions, forwardPath }) => ({
      positions,
      text: forwardPath,
    }));
  }
}
