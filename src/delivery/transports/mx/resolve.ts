import type { Resolver } from 'node:dns/promises';
import type { MxRecord } from 'node:dns';
import { isPublicAddress } from '../../../base/public-address.js';
import { DestinationError } from '../smtp/errors.js';
import { literalAddress } from './destination.js';

/** A mail server of a domain. */
export interface MailHost {
  readonly name: string;
  /** Null if it has not been looked up yet. */
  readonly address: string | null;
}

/**
 * Largest number of mail servers that are tried for one connection, and of addresses of each. A domain may name any
 * number.
 */
const HOSTS = 5;
const ADDRESSES = 3;

/**
 * Returns the mail servers of a domain, in the order in which they are to be tried (RFC 5321 5.1): by preference,
 * equal ones in random order. If the domain names no mail server, returns the domain itself. If this server is among
 * them, returns only those with a better preference, so that mail does not loop.
 *
 * @param self the name of this server
 * @throws DestinationError if the domain takes no mail, or if DNS does not answer
 */
export async function mailHosts(
  domain: string,
  resolver: Resolver,
  self: string,
): Promise<readonly MailHost[]> {
  if (domain.startsWith('[')) {
    const address = literalAddress(domain);
    if (address === null) throw bounced('5.1.3', `${domain} is not the address of a host`);
    return [{ name: domain, address }];
  }
  if (domain === '') throw bounced('5.1.3', 'the address has no domain');
  const records = await lookUp(domain, () => resolver.resolveMx(domain));
  if (records === 'no such name') {
    throw new DestinationError({
      ...BOUNCED,
      reply: `5.1.2 there is no domain ${domain}`,
      enhancedCode: '5.1.2',
      hard: true,
    });
  }
  if (records.length === 0) return [{ name: domain, address: null }];
  // RFC 7505 3: a record without a host says that the domain takes no mail.
  const named = records.filter(({ exchange }) => exchange !== '' && exchange !== '.');
  if (named.length === 0) {
    throw new DestinationError({
      ...BOUNCED,
      reply: `5.1.10 ${domain} takes no mail`,
      enhancedCode: '5.1.10',
      hard: true,
    });
  }
  const hosts = named.map(({ exchange, priority }) => ({ name: hostName(exchange), priority }));
  const own = Math.min(
    ...hosts.filter(({ name }) => name === hostName(self)).map(({ priority }) => priority),
  );
  const others = hosts.filter(({ priority }) => priority < own);
  if (others.length === 0) {
    throw bounced('5.4.6', `mail for ${domain} would loop: DNS says that this server is its mail server`);
  }
  return byPreference(others)
    .slice(0, HOSTS)
    .map(({ name }) => ({ name, address: null }));
}

function hostName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/**
 * Returns the addresses of a mail server, IPv6 first.
 *
 * @throws DestinationError if it has no address, or no address that may be connected to
 */
export async function addressesOf(
  { name, address }: MailHost,
  resolver: Resolver,
  allowsPrivate: boolean,
): Promise<readonly string[]> {
  const all = address === null ? await lookUpAddresses(name, resolver) : [address];
  if (all.length === 0) throw bounced('5.4.4', `${name} has no address`);
  const allowed = allowsPrivate ? all : all.filter(isPublicAddress);
  if (allowed.length === 0) throw bounced('5.4.4', `${name} has no address on the public Internet`);
  return allowed.slice(0, ADDRESSES);
}

async function lookUpAddresses(name: string, resolver: Resolver): Promise<readonly string[]> {
  const [ipv6, ipv4] = await Promise.allSettled([
    lookUp(name, () => resolver.resolve6(name)),
    lookUp(name, () => resolver.resolve4(name)),
  ]);
  const found = [ipv6, ipv4].flatMap((answer) =>
    answer.status === 'fulfilled' && answer.value !== 'no such name' ? answer.value : [],
  );
  const failed = [ipv6, ipv4].find((answer) => answer.status === 'rejected');
  if (found.length === 0 && failed !== undefined) throw failed.reason;
  return found;
}

/** Asks DNS for records of a name. Returns the records, which may be empty, or that there is no such name. */
async function lookUp<Item>(name: string, ask: () => Promise<Item[]>): Promise<Item[] | 'no such name'> {
  try {
    return await ask();
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    if (code === 'ENODATA') return [];
    if (code === 'ENOTFOUND') return 'no such name';
    const reply = `4.4.3 DNS does not say where mail for ${name} goes: ${FAILURES[code] ?? 'it failed'} (${code})`;
    throw new DestinationError({ outcome: 'deferred', reply, enhancedCode: '4.4.3', general: true });
  }
}

const FAILURES: Readonly<Record<string, string>> = {
  ESERVFAIL: 'the name server failed',
  EREFUSED: 'the name server refused to answer',
  ETIMEOUT: 'the name server did not answer in time',
  ECONNREFUSED: 'the name server cannot be reached',
};

/** Sorts by preference. Equal preferences come in random order, so that the hosts share the load. */
function byPreference<Record extends Pick<MxRecord, 'priority'>>(
  records: readonly Record[],
): readonly Record[] {
  return records
    .map((record) => ({ record, chance: Math.random() }))
    .sort((a, b) => a.record.priority - b.record.priority || a.chance - b.chance)
    .map(({ record }) => record);
}

const BOUNCED = { outcome: 'bounced' } as const;

function bounced(enhancedCode: string, reason: string): DestinationError {
  return new DestinationError({ ...BOUNCED, reply: `${enhancedCode} ${reason}`, enhancedCode });
}
