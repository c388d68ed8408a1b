import { matches, type ReadPolicy, readPolicy } from '../transports/mx/policy-text.js';
import { type Finding, tagsOf } from './finding.js';
import type { Lookups } from './lookup.js';

/**
 * Checks the MTA-STS policy of a domain (RFC 8461), which says how others must send mail to it. A domain needs none, so
 * its absence is no fault. Rejects if a lookup rejects.
 */
export async function checkMtaSts(domain: string, lookups: Lookups): Promise<Finding> {
  const name = `_mta-sts.${domain}`;
  const found = (ok: boolean, says: string): Finding => ({ check: 'mta-sts', name, ok, says, record: null });
  // RFC 8461 3.1: records that do not begin with this are ignored.
  const [record, ...others] = (await lookups.texts(name)).filter((text) => /^v=STSv1\s*;/.test(text));
  if (record === undefined)
    return {
      ...found(true, 'the domain has no MTA-STS policy and needs none: it would be about mail to the domain'),
      optional: true,
    };
  if (others.length > 0)
    return found(false, 'there are several MTA-STS records, so senders act as if there were none');
  if (!/^[A-Za-z0-9]{1,32}$/.test(tagsOf(record)?.get('id') ?? ''))
    return found(false, 'the MTA-STS record has no id of 1 to 32 letters and digits');
  let policy: ReadPolicy;
  const text = await lookups.policy(domain);
  try {
    policy = readPolicy(text);
  } catch {
    return found(false, `https://mta-sts.${domain}/.well-known/mta-sts.txt is not an MTA-STS policy`);
  }
  const { mode, mx } = policy;
  if (mode === 'none') return found(true, 'the MTA-STS policy has the mode none, so it asks for nothing');
  const unnamed = (await lookups.mailServers(domain)).filter(
    (host) => !mx.some((pattern) => matches(host, pattern)),
  );
  if (unnamed.length > 0) {
    const hosts = unnamed.slice(0, 5).join(', ');
    return found(false, `the MTA-STS policy does not name mail servers of the domain: ${hosts}`);
  }
  return found(true, `the MTA-STS policy has the mode ${mode} and names all mail servers of the domain`);
}
