import { createHash } from 'node:crypto';
import type { LeasedRecipient } from '../../../store/queue.js';
import type { NamedAddress } from '../../../message/address-list.js';
import { formatAddress } from './address.js';

/** The most addresses of one request, in all its fields. */
export const MAX_ADDRESSES = 50;
/** The most characters of an Idempotency-Key. */
const MAX_KEY = 255;

/** The properties of a recipient that are needed here. */
export type Recipient = Pick<LeasedRecipient, 'position' | 'forwardPath'>;

/** One address, and the recipients that it stands for. */
export interface Addressee {
  /** Positions of the recipients; more than one if the envelope has an address several times. */
  readonly positions: readonly number[];
  /** The address, with its display name if a field has one for it. */
  readonly text: string;
}

/** The addressees of one request. */
export interface Addressees {
  readonly to: readonly Addressee[];
  readonly cc: readonly Addressee[];
  readonly bcc: readonly Addressee[];
}

/**
 * Spreads recipients over requests, each recipient in one of them.
 *
 * If a recipient is in To or Cc, the request has it there, with the name from the field; if it is in neither, it
 * becomes a Bcc. Addresses in the fields that are not recipients are left out: the API would send mail to them.
 *
 * The API requires a `to`. If no recipient of To remains, those of Cc go there: they see each other anyway. If no
 * request with a `to` has room for a Bcc recipient, it gets a request of its own. In a shared request, all the others
 * would see the address in its `to`.
 */
export function spread(
  recipients: readonly Recipient[],
  fields: { readonly to: readonly NamedAddress[]; readonly cc: readonly NamedAddress[] },
): Addressees[] {
  const left = new RemainingRecipients(recipients);
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

/** Returns one request for each of the same addresses. */
export function oneByOne(addressees: Addressees): Addressees[] {
  return allOf(addressees).map(alone);
}

function alone(addressee: Addressee): Addressees {
  return { to: [addressee], cc: [], bcc: [] };
}

function allOf({ to, cc, bcc }: Addressees): Addressee[] {
  return [...to, ...cc, ...bcc];
}

/** Returns the positions of the recipients that a request is for. */
export function positionsOf(addressees: Addressees): number[] {
  return allOf(addressees).flatMap(({ positions }) => positions);
}

/** Returns the Idempotency-Key. It is the same for the same recipients of the same message, and differs otherwise. */
export function requestKey(idempotencyKey: string, addressees: Addressees): string {
  const members = positionsOf(addressees)
    .sort((a, b) => a - b)
    .join(',');
  const key = `${idempotencyKey}-${createHash('sha256').update(members).digest('hex').slice(0, 16)}`;
  return key.length <= MAX_KEY ? key : createHash('sha256').update(key).digest('hex');
}

/**
 * The recipients that are in no request yet. Recipients with the same forward-path are one (RFC 5321 2.4: the domain
 * in any case).
 */
class RemainingRecipients {
  /** Addresses by forward-path. */
  readonly #addresses = new Map<string, { readonly forwardPath: string; readonly positions: number[] }>();
  /** The forward-paths that belong to each address in lower case, which is how a field may write it. */
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

  /** Removes the recipients that a field names, and returns them with the names from the field. */
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
