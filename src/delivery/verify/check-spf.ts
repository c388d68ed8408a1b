import type { Finding } from './finding.js';
import { isPublicName } from './public-name.js';

/** The terms that cost a lookup, and the largest number of them (RFC 7208 4.6.4). */
const COSTS = /^[+?~-]?(?:include|a|mx|ptr|exists)(?:[:/]|$)|^redirect=/i;
const MAX_LOOKUPS = 10;

/**
 * Checks the SPF record of a domain (RFC 7208).
 *
 * @param texts all TXT records of the domain
 * @param sender name of the host that sends, for the suggested record if there is no record. If it is not a public name,
 * no record is suggested: receivers could not look it up, so that all mail would fail
 */
export function checkSpf(domain: string, texts: readonly string[], sender: string): Finding {
  const found = (ok: boolean, says: string, value: string | null = null): Finding => ({
    check: 'spf',
    name: domain,
    ok,
    says,
    record: value === null ? null : { name: domain, value },
  });
  // RFC 7208 4.5: the version is followed by a space or by the end of the record.
  const [record, ...others] = texts.filter((text) => /^v=spf1(?: |$)/i.test(text));
  if (record === undefined) {
    const missing = 'no SPF record says which hosts send for the domain';
    const smarthost = 'with include: for a smarthost that has addresses of its own';
    return isPublicName(sender)
      ? found(
          false,
          `${missing}; list all that do, ${smarthost}. ~all becomes -all when the list is complete`,
          `v=spf1 a:${sender} ~all`,
        )
      : found(
          false,
          `${missing}. This server calls itself ${sender}, which others cannot look up: if it delivers by itself, set its public name first (hostname, or --hostname); otherwise publish the record that the smarthost names`,
        );
  }
  if (others.length > 0)
    return found(false, 'there are several SPF records, so receivers ignore all of them; make them one');
  const terms = record.trim().split(/ +/).slice(1);
  const lookups = terms.filter((term) => COSTS.test(term)).length;
  if (lookups > MAX_LOOKUPS) {
    return found(false, `the SPF record asks for ${lookups} lookups; receivers stop at ${MAX_LOOKUPS}`);
  }
  const all = terms.find((term) => /^[+?~-]?all$/i.test(term));
  const redirected = terms.some((term) => /^redirect=/i.test(term));
  if (all === undefined && redirected) return found(true, `the SPF record is ${record}`);
  if (all === undefined)
    return found(
      false,
      'the SPF record does not end in -all or ~all, so it forbids no host',
      `${record.trim()} -all`,
    );
  if (!/^[~-]/.test(all)) {
    const value = [terms.length > 0 ? 'v=spf1' : '', ...terms.map((term) => (term === all ? '~all' : term))];
    return found(false, `the SPF record ends in ${all}, which forbids no host`, value.join(' '));
  }
  return found(true, `the SPF record is ${record}`);
}
