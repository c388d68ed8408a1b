import { type Finding, tagsOf } from './finding.js';
import type { TextLookup } from './lookup.js';

/**
 * Looks for the DMARC policy of a domain (RFC 7489 6.6.3): its own record, or that of the nearest parent domain that
 * has one. Rejects if the lookup rejects.
 */
export async function checkDmarc(domain: string, lookup: TextLookup): Promise<Finding> {
  const own = `_dmarc.${domain}`;
  const found = (ok: boolean, says: string): Finding => ({
    check: 'dmarc',
    name: own,
    ok,
    says,
    record: ok ? null : { name: own, value: 'v=DMARC1; p=none' },
  });
  const labels = domain.split('.');
  // A top-level domain has no policy for other domains.
  for (let above = 0; above === 0 || above < labels.length - 1; above += 1) {
    const name = labels.slice(above).join('.');
    const [record, ...others] = (await lookup(`_dmarc.${name}`)).filter((text) =>
      /^v=DMARC1\s*(?:;|$)/.test(text),
    );
    if (record === undefined) continue;
    if (others.length > 0)
      return found(false, `${name} has several DMARC records, so receivers ignore all of them`);
    const tags = tagsOf(record);
    const policy = (above > 0 ? tags?.get('sp') : undefined) ?? tags?.get('p');
    if (policy === undefined || !/^(?:none|quarantine|reject)$/i.test(policy)) {
      return found(false, `the DMARC record of ${name} has no policy: p is none, quarantine or reject`);
    }
    return found(true, `the DMARC policy${above > 0 ? `, that of ${name},` : ''} is ${policy.toLowerCase()}`);
  }
  return found(
    false,
    'no DMARC record says what receivers should do with mail that passes neither SPF nor DKIM',
  );
}
