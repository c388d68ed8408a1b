import { createHash } from 'node:crypto';
import type { LeasedRecipient } from '../../../store/queue.js';
import type { NamedAddress } from './address.js';
import { formatAddress } from './address.js';

/** Addresses of one request, in all its fields. */
export const MAX_ADDRESSES = 50;
/** Characters of an Idempotency-Key. */
const MAX_KEY = 255;

/** Who one request goes to. */
export interface Addressees {
  readonly positions: readonly number[];
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
}

interface Placed {
  readonly position: number;
  readonly text: string;
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
  recipients: readonly LeasedRecipient[],
  fields: { readonly to: readonly NamedAddress[]; readonly cc: readonly NamedAddress[] },
): Addressees[] {
  const left = new Map<string, LeasedRecipient[]>();
  for (const recipient of recipients) {
    const address = recipient.forwardPath.toLowerCase();
    left.set(address, [...(left.get(address) ?? []), recipient]);
  }
  const to = placed(fields.to, left);
  const cc = placed(fields.cc, left);
  const bcc = [...left.values()].flat().map(({ position, forwardPath }) => ({ position, text: forwardPath }));
  const seen = [...to.map((one) => ({ ...one, to: true })), ...cc.map((one) => ({ ...one, to: false }))];
  const requests: Addressees[] = [];
  for (let at = 0; at < seen.length; at += MAX_ADDRESSES) {
    const part = seen.slice(at, at + MAX_ADDRESSES);
    const blind = bcc.splice(0, MAX_ADDRESSES - part.length);
    const first = part.filter((one) => one.to);
    const second = part.filter((one) => !one.to);
    requests.push(first.length > 0 ? addressees(first, second, blind) : addressees(second, [], blind));
  }
  return [...requests, ...bcc.map((one) => addressees([one], [], []))];
}

/** The same recipients in a request each. */
export function apart({ positions, to, cc, bcc }: Addressees): Addressees[] {
  return [...to, ...cc, ...bcc].map((text, index) => ({
    positions: positions.slice(index, index + 1),
    to: [text],
    cc: [],
    bcc: [],
  }));
}

/** The same for the same recipients of the same message, and else another one. */
export function requestKey(idempotencyKey: string, { positions }: Addressees): string {
  const members = [...positions].sort((a, b) => a - b).join(',');
  const key = `${idempotencyKey}-${createHash('sha256').update(members).digest('hex').slice(0, 16)}`;
  return key.length <= MAX_KEY ? key : createHash('sha256').update(key).digest('hex');
}

/** Takes those that a field names off those that are left, which are known by their addresses in lower case. */
function placed(addresses: readonly NamedAddress[], left: Map<string, LeasedRecipient[]>): Placed[] {
  return addresses.flatMap(({ name, address }) => {
    const found = left.get(address.toLowerCase())?.shift();
    if (found === undefined) return [];
    const { position, forwardPath } = found;
    return [{ position, text: formatAddress({ name, address: forwardPath }) }];
  });
}

function addressees(to: readonly Placed[], cc: readonly Placed[], bcc: readonly Placed[]): Addressees {
  const text = (list: readonly Placed[]): string[] => list.map((one) => one.text);
  return {
    positions: [...to, ...cc, ...bcc].map(({ position }) => position),
    to: text(to),
    cc: text(cc),
    bcc: text(bcc),
  };
}
