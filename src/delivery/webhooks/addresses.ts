import { lookup as systemLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from '../../base/public-address.js';

/** Thrown for a name that has no public address. */
class PrivateAddress extends Error {
  override readonly name = 'PrivateAddress';
  constructor(name: string) {
    super(`${name} has no public address; delivery.webhook_private allows others`);
  }
}

type LookupAll = (
  name: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Returns a lookup that gives only public addresses. A connection made with it goes to an address that was checked: if
 * the name resolves to another address a moment later, that does not matter, because it is not looked up again.
 */
export function publicLookup(lookup: LookupAll = systemLookup): LookupFunction {
  return (name, options, done) => {
    lookup(name, { ...options, all: true }, (error, addresses) => {
      // After a failure, some callers give no list at all.
      const allowed = (error === null ? addresses : []).filter(({ address }) => isPublicAddress(address));
      const [first] = allowed;
      if (error !== null) done(error, []);
      else if (first === undefined) done(new PrivateAddress(name), []);
      else if (options.all === true) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
}
