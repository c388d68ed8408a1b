import { promises } from 'node:dns';
import { isDomain } from '../protocol/index.js';
import { FIXED } from './limits.js';

/**
 * Looks up the name of a client's address.
 *
 * @param address of IPv4 or IPv6.
 * @param signal aborted when the client is not waited for any more.
 * @returns the name; null if there is no name, if it is not a domain, or after an error.
 */
export type ReverseLookup = (address: string, signal: AbortSignal) => Promise<string | null> | string | null;

/** The first PTR record, by Node's resolver. */
export const reverseByDns: ReverseLookup = async (address, signal) => {
  const resolver = new promises.Resolver();
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const [name = null] = await resolver.reverse(address);
  return name;
};

/**
 * Looks a name up, for no longer than the limit. The owner of the address chooses the name: only a domain,
 * which may have underscores, is returned, without a dot at its end.
 */
export async function nameOf(
  lookUp: ReverseLookup,
  address: string,
  gone: AbortSignal,
): Promise<string | null> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), FIXED.reverseLookup.initial).unref();
  const signal = AbortSignal.any([gone, late.signal]);
  try {
    const aborted = new Promise<null>((resolve) => {
      signal.addEventListener('abort', () => resolve(null), { once: true });
    });
    const name: unknown = await Promise.race([lookUp(address, signal), aborted]);
    const text = typeof name === 'string' ? name.replace(/\.$/, '') : '';
    // Underscores are no letters of a host name, and some providers publish them.
    return isDomain(text.replaceAll('_', 'x')) ? text : null;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    // Ends the look-up if it is still under way.
    late.abort();
  }
}
