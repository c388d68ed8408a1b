import type { DkimKey, DkimKeys } from '../../store/dkim-keys.js';
import {
  type Algorithm,
  keyRecord,
  newPrivateKey,
  textStrings,
  type TextRecord,
  zoneLine,
} from './new-key.js';

/** The selector of new keys, unless another one is given. */
export const DEFAULT_SELECTOR = 'postern';

/** Matches labels that can be a selector (RFC 6376 3.1), so that `selector._domainkey.domain` is a name. */
const SELECTOR = /^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

interface NewKeys {
  /** With `both`, it gets `-rsa` and `-ed25519` at its end. */
  readonly selector: string;
  readonly algorithm: 'rsa' | 'ed25519' | 'both';
  /** Whether messages are signed with the keys from now on. */
  readonly active: boolean;
  /** Returns milliseconds since the epoch. */
  readonly now: () => number;
}

/** The selector cannot be used: it is not one, or the domain has a key with it, or the domain does not exist. */
export class SelectorRefused extends Error {
  override readonly name = 'SelectorRefused';
  constructor(
    readonly reason: 'malformed' | 'in-use',
    readonly selector: string,
  ) {
    super(`the selector ${selector} is ${reason}`);
  }
}

/**
 * Makes keys for a domain and stores them.
 *
 * @throws SelectorRefused before any key is made, unless another one was added meanwhile
 */
export async function makeKeys(
  keys: DkimKeys,
  domain: string,
  { selector, algorithm, active, now }: NewKeys,
): Promise<DkimKey[]> {
  const wanted: [string, Algorithm][] = [];
  if (algorithm !== 'ed25519')
    wanted.push([algorithm === 'both' ? `${selector}-rsa` : selector, 'rsa-sha256']);
  if (algorithm !== 'rsa') {
    wanted.push([algorithm === 'both' ? `${selector}-ed25519` : selector, 'ed25519-sha256']);
  }
  const used = new Set((await keys.list(domain)).map((key) => key.selector));
  for (const [name] of wanted) {
    if (!SELECTOR.test(name)) throw new SelectorRefused('malformed', name);
    if (used.has(name)) throw new SelectorRefused('in-use', name);
  }
  const made: DkimKey[] = [];
  for (const [name, kind] of wanted) {
    const privateKey = await newPrivateKey(kind);
    const key = { domain, selector: name, algorithm: kind, privateKey, createdAt: now(), active };
    if (!(await keys.add(key))) throw new SelectorRefused('in-use', name);
    made.push(key);
  }
  return made;
}

/** A key as it is shown: without its secret part, with the record to publish. */
interface ShownKey extends Omit<DkimKey, 'privateKey' | 'createdAt'> {
  readonly createdAt: string;
  readonly record: ShownRecord;
}

/** A TXT record in the forms that people paste. */
interface ShownRecord extends TextRecord {
  readonly type: 'TXT';
  /** The value in pieces of 255 octets at most, for servers that want them apart. */
  readonly strings: readonly string[];
  /** A line of a zone file. */
  readonly zone: string;
}

export function shownKey(key: DkimKey): ShownKey {
  const { domain, selector, algorithm, createdAt, active } = key;
  const record = shownRecord(keyRecord(key));
  return { domain, selector, algorithm, createdAt: new Date(createdAt).toISOString(), active, record };
}

export function shownRecord({ name, value }: TextRecord): ShownRecord {
  return { name, type: 'TXT', value, strings: textStrings(value), zone: zoneLine({ name, value }) };
}
