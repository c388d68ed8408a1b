/** The messages that a caller may see; every query of the API takes this value. Part of `port.ts`. */

/**
 * `all`: the administrator, who sees every domain, also removed ones. Otherwise one domain, by
 * {@link Domain.id}: nothing of another domain is returned, counted, changed or reported, and an id of
 * another domain is treated as an id that does not exist.
 */
export type Scope = 'all' | { readonly domainId: number };
