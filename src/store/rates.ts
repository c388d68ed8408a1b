/** The contract of rates. Part of `port.ts`. */

/** The things that are counted. */
export type RateKind = 'messages' | 'recipients';

/**
 * Limits how often a domain does something per minute, over all servers that share the store. A domain may use the number
 * of a whole minute at once; after that, it regains its share as time passes.
 */
export interface Rates {
  /**
   * Takes one if it is available.
   *
   * @param perMinute at least 1; the same on all servers
   * @returns 0 if it was taken; else the milliseconds until one is available. A promise only if the other servers must be
   * asked; it rejects with a {@link StoreError} if they cannot be.
   */
  take(kind: RateKind, domainId: number, perMinute: number): number | Promise<number>;
}
