import { Resolver } from 'node:dns/promises';

/** The texts of the TXT records of a name, none where there are none; rejects with {@link LookupFailed}. */
export type TextLookup = (name: string) => Promise<string[]>;

/** Nobody knows: the question got no answer, or one that is none. */
export class LookupFailed extends Error {
  override readonly name = 'LookupFailed';
}

/** Milliseconds that a name server has for an answer, each time. */
const PATIENCE = 4_000;
const TRIES = 2;

/**
 * Looks TXT records up.
 *
 * @param server `ADDR:PORT` of a name server; null takes those of the system
 */
export function textLookup(server: string | null): TextLookup {
  const resolver = new Resolver({ timeout: PATIENCE, tries: TRIES });
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
