/** What an operator does with sending domains and their tokens, from the command line or by the HTTP API. */
import type { Secret } from '../base/secret.js';
import type { Domain, Store } from '../store/port.js';
import { digestToken, newToken } from './token.js';

/** A domain with its token: the only time that the token can be shown, since the store has its digest alone. */
interface NewDomain {
  readonly domain: Domain;
  readonly token: Secret;
}

/**
 * Adds a domain, or brings a removed one back, with a new token. Resolves to null if the name is in use.
 *
 * @param name as {@link parseDomainName} returns it
 */
export async function addDomain(
  store: Pick<Store, 'addDomain'>,
  name: string,
  now: number,
): Promise<NewDomain | null> {
  const token = newToken();
  const domain = await store.addDomain(name, digestToken(token.expose()), now);
  return domain === null ? null : { domain, token };
}

/**
 * Gives a domain a new token. The earlier ones work until `oldUntil`. The sessions of the domain end, since who has
 * an old token may have signed in with it.
 *
 * Resolves to the new token, or to null if there is no such domain.
 *
 * @param kept the digest of a session that goes on: that of the request; null for none
 */
export async function rotateToken(
  store: Pick<Store, 'rotateToken' | 'domainRecords' | 'sessions'>,
  name: string,
  {
    oldUntil,
    now,
    kept,
  }: { readonly oldUntil: number; readonly now: number; readonly kept: Uint8Array | null },
): Promise<Secret | null> {
  const token = newToken();
  if (!(await store.rotateToken(name, digestToken(token.expose()), oldUntil, now))) return null;
  const domain = await store.domainRecords.find('all', name, now);
  if (domain !== null) await store.sessions.revokeAll({ kind: 'domain', domainId: domain.id }, kept);
  return token;
}
