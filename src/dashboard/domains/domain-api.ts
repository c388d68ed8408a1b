/** Returns the address of something of a domain in the API. */
export function domainPath(name: string, below = ''): string {
  return `/api/v1/domains/${encodeURIComponent(name)}${below}`;
}

/** Returns the address of a page of a domain. */
export function domainUrl(name: string, section: SectionName = 'tokens'): string {
  return `/domains/${encodeURIComponent(name)}/${section}`;
}

export type SectionName = 'tokens' | 'dns' | 'block-list' | 'webhook' | 'retention';
