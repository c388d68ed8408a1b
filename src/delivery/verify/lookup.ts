import { Resolver } from 'node:dns/promises';

/**
 * Returns the texts of the TXT records of a name; an empty list if the name has no such record. Rejects with {@link
 * LookupFailed}.
 */
export type TextLookup = (name: string) => Promise<string[]>;

/** The query got no answer, or an answer that is an error. */
export class LookupFailed extends Error {
  override readonly name = 'LookupFailed';
}

/** Time-out in milliseconds for each try of a query. */
const TIMEOUT_MS = 4_000;
const TRIES = 2;

/**
 * Makes a function that looks up TXT records.
 *
 * @param server `ADDR:PORT` of a name server; null for those of the system
 */
export function textLookup(server: string | null): TextLookup {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (server !== null) resolver.setServers([server]);
  return async (name) => {
    try {
      return (await resolver.resolveTxt(name)).map((strings) => strings.join(''));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
      if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
      throw new LookupFailed(`${name} cannot be looked up: ${code}`, { cause: error });
    }
  };
}
