import type { Domain, Scope } from '../store/port.js';

/** Who makes a request, and by what they are known. */
export type Principal =
  | { readonly kind: 'administrator'; readonly session: Uint8Array }
  /** `session` is the digest of the session; null for a request with the token of the domain. */
  | { readonly kind: 'domain'; readonly domain: Domain; readonly session: Uint8Array | null };

/** Returns what a principal may see, as every query of the store takes it. */
export function scopeOf(principal: Principal): Scope {
  return principal.kind === 'administrator' ? 'all' : { domainId: principal.domain.id };
}

/**
 * Who may use a route. Every route says it; a route that does not cannot be registered.
 *
 * - `open`: anyone who can reach the server
 * - `page`: the same, for the document and the files of the dashboard, which hold no data
 * - `local`: clients on this machine
 * - `token`: a request with the API token of a domain
 * - `domain`: the administrator, and a domain within its own scope
 * - `administrator`: the administrator
 */
export type Access = 'open' | 'page' | 'local' | 'token' | 'domain' | 'administrator';
