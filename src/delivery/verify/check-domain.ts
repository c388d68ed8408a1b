import type { DkimKey } from '../../store/dkim-keys.js';
import { keyRecord } from '../dkim/new-key.js';
import { checkKey } from './check-dkim.js';
import { checkDmarc } from './check-dmarc.js';
import { checkMtaSts } from './check-mta-sts.js';
import { checkSpf } from './check-spf.js';
import type { Finding } from './finding.js';
import { LookupFailed, type Lookups } from './lookup.js';

/** Milliseconds after which a check that is not done counts as failed. */
const TIME_MS = 20_000;

/**
 * Looks up the records of a domain that receivers and senders ask for: DKIM, SPF, DMARC, MTA-STS, in this order. If a
 * lookup fails, or is not done in time, that is a finding, too. Cancels the lookups at the end.
 *
 * @param sender name of the host that sends
 * @param time milliseconds for all checks together
 */
export async function checkDomain(
  domain: string,
  keys: readonly DkimKey[],
  sender: string,
  lookups: Lookups,
  time = TIME_MS,
): Promise<Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new LookupFailed(`there was no answer within ${time / 1000} s`)), time);
  });
  const asked = (check: Finding['check'], name: string, judge: () => Promise<Finding>): Promise<Finding> =>
    Promise.race([judge(), late]).catch((error: unknown) => {
      if (!(error instanceof LookupFailed)) throw error;
      return { check, name, ok: false, says: error.message, record: null };
    });
  const { texts } = lookups;
  try {
    const findings = await Promise.all([
      ...keys.map((key) => {
        const { name } = keyRecord(key);
        return asked('dkim', name, async () => checkKey(key, await texts(name)));
      }),
      asked('spf', domain, async () => checkSpf(domain, await texts(domain), sender)),
      asked('dmarc', `_dmarc.${domain}`, () => checkDmarc(domain, texts)),
      asked('mta-sts', `_mta-sts.${domain}`, () => checkMtaSts(domain, lookups)),
    ]);
    return keys.length > 0 ? findings : [noKey(domain), ...findings];
  } finally {
    clearTimeout(timer);
    lookups.cancel();
  }
}

function noKey(domain: string): Finding {
  const says = 'the domain has no key, so nothing is signed';
  return { check: 'dkim', name: `_domainkey.${domain}`, ok: false, says, record: null };
}
