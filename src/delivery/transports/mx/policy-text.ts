/**
 * Reads the two texts of MTA-STS: the record that says that a domain has a policy (RFC 8461 3.1), and the policy
 * (RFC 8461 3.2). mailauth has functions for this; to load their modules when a domain is first checked kept the event
 * loop busy for 30 ms of processor time.
 */

/** How strict a policy is (RFC 8461 3.2). */
export type PolicyMode = 'enforce' | 'testing' | 'none';

export interface ReadPolicy {
  readonly mode: PolicyMode;
  /** Seconds. */
  readonly maxAge: number;
  /** Host names, or patterns such as `*.example.com`, in lower case. At least one, except with the mode `none`. */
  readonly mx: readonly string[];
}

const MODES: readonly string[] = ['enforce', 'testing', 'none'] satisfies PolicyMode[];

/** RFC 8461 3.2: about a year, in seconds. */
const LONGEST_AGE = 31_557_600;

/**
 * Returns the id in the TXT records of `_mta-sts.DOMAIN`. Returns null if the domain has no policy, and if there are
 * several records: then senders act as if the domain had no policy.
 */
export function policyIdOf(texts: readonly string[]): string | null {
  const [record, ...others] = texts.filter((text) => /^v=STSv1\s*;/.test(text));
  if (record === undefined || others.length > 0) return null;
  for (const field of record.split(';').slice(1)) {
    const id = /^\s*id\s*=\s*([A-Za-z0-9]{1,32})\s*$/.exec(field)?.[1];
    if (id !== undefined) return id;
  }
  return null;
}

/**
 * Parses a policy. If a field occurs more than once, all but the first are ignored; only `mx` may be repeated. Unknown
 * fields are ignored.
 *
 * @throws Error if the text is not a policy
 */
export function readPolicy(text: string): ReadPolicy {
  const fields = new Map<string, string>();
  const mx = new Set<string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'mx') mx.add(value.toLowerCase());
    else if (!fields.has(name)) fields.set(name, value);
  }
  const mode = fields.get('mode')?.toLowerCase() ?? '';
  const age = fields.get('max_age') ?? '';
  if (fields.get('version') !== 'STSv1') throw new Error('a policy begins with version: STSv1');
  if (!isMode(mode)) throw new Error(`a policy has no mode ${JSON.stringify(mode.slice(0, 40))}`);
  if (!/^\d{1,10}$/.test(age) || Number(age) > LONGEST_AGE) throw new Error('a policy needs a max_age');
  if (mode !== 'none' && mx.size === 0) throw new Error('a policy names at least one mail server');
  return { mode, maxAge: Number(age), mx: [...mx] };
}

/** Returns whether a pattern of a policy names a host (RFC 8461 4.1): a wildcard stands for the leftmost label. */
export function matches(host: string, pattern: string): boolean {
  return pattern === (pattern.startsWith('*.') ? host.replace(/^[^.]*/, '*') : host);
}

function isMode(text: string): text is PolicyMode {
  return MODES.includes(text);
}
