import { Resolver } from 'node:dns/promises';
import { fetchPolicy } from '../transports/mx/fetch-policy.js';

/**
 * Returns the texts of the TXT records of a name; an empty list if the name has no such record. Rejects with {@link
 * LookupFailed}.
 */
export type TextLookup = (name: string) => Promise<string[]>;

/** The look-ups that the checks of a domain need. */
export interface Lookups {
  readonly texts: TextLookup;
  /** Returns the names of the mail servers of a domain, in lower case; empty if it has no MX record. Rejects with {@link LookupFailed}. */
  mailServers(domain: string): Promise<string[]>;
  /** Fetches the MTA-STS policy of a domain (RFC 8461 3.3). Rejects with {@link LookupFailed}. */
  policy(domain: string): Promise<string>;
  /** Ends all queries under way: they reject. */
  cancel(): void;
}

/** The query got no answer, or an answer that is an error. */
export class LookupFailed extends Error {
  override readonly name = 'LookupFailed';
}

/** Time-out in milliseconds for each try of a query. */
const TIMEOUT_MS = 4_000;
const TRIES = 2;
/** Characters of an error that are shown. */
const SHOWN = 200;

/**
 * Makes the lookups for one check of a domain.
 *
 * @param server `ADDR:PORT` of a name server; null for those of the system
 */
export function openLookups(server: string | null): Lookups {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (server !== null) resolver.setServers([server]);
  const ask = async <Record>(name: string, query: () => Promise<Record[]>): Promise<Record[]> => {
    try {
      return await query();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
      if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
      throw new LookupFailed(`${name} cannot be looked up: ${code}`, { cause: error });
    }
  };
  return {
    texts: async (name) =>
      (await ask(name, () => resolver.resolveTxt(name))).map((strings) => strings.join('')),
    mailServers: async (domain) => {
      const records = await ask(domain, () => resolver.resolveMx(domain));
      return records.map(({ exchange }) => exchange.toLowerCase()).filter((name) => name !== '');
    },
    policy: async (domain) => {
      try {
        return await fetchPolicy(domain, { resolver, allowsPrivate: false, port: 443, ca: undefined });
      } catch (error) {
        const why = error instanceof Error ? error.message.slice(0, SHOWN) : 'no answer';
        throw new LookupFailed(`the policy cannot be fetched: ${why}`, { cause: error });
      }
    },
    cancel: () => resolver.cancel(),
  };
}
