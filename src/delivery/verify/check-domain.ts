import type { DkimKey } from '../../store/dkim-keys.js';
import { checkKey } from './check-dkim.js';
import { checkDmarc } from './check-dmarc.js';
import { checkSpf } from './check-spf.js';
import type { Finding } from './finding.js';
import { keyRecord } from '../dkim/new-key.js';
import { LookupFailed, type TextLookup } from './lookup.js';

/**
 * Looks up the records of a domain that receivers ask for: DKIM, SPF, DMARC, in this order. If a lookup fails, that is
 * a finding, too.
 *
 * @param sender name of the host that sends
 */
export async function checkDomain(
  domain: string,
  keys: readonly DkimKey[],
  sender: string,
  lookup: TextLookup,
): Promise<Finding[]> {
  const asked = (check: Finding['check'], name: string, judge: () => Promise<Finding>): Promise<Finding> =>
    judge().catch((error: unknown) => {
      if (!(error instanceof LookupFailed)) throw error;
      return { check, name, ok: false, says: error.message, record: null };
    });
  const findings = await Promise.all([
    ...keys.map((key) => {
      const { name } = keyRecord(key);
      return asked('dkim', name, async () => checkKey(key, await lookup(name)));
    }),
    asked('spf', domain, async () => checkSpf(domain, await lookup(domain), sender)),
    asked('dmarc', `_dmarc.${domain}`, () => checkDmarc(domain, lookup)),
  ]);
  return keys.length > 0 ? findings : [noKey(domain), ...findings];
}

function noKey(domain: string): Finding {
  const says = `the domain has no key, so nothing is signed; "postern domain dkim ${domain}" makes them`;
  return { check: 'dkim', name: `_domainkey.${domain}`, ok: false, says, record: null };
}
