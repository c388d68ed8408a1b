import type { DkimKey } from '../../store/dkim-keys.js';
import { type Finding, tagsOf } from './finding.js';
import { keyRecord } from '../dkim/new-key.js';

/** Checks the records that are published for a key (RFC 6376 3.6.1). */
export function checkKey(key: DkimKey, texts: readonly string[]): Finding {
  const record = keyRecord(key);
  const found = (ok: boolean, says: string): Finding => ({
    check: 'dkim',
    name: record.name,
    ok,
    says,
    record: ok ? null : record,
  });
  const [text, ...others] = texts;
  if (text === undefined) return found(false, 'the record of this key is missing');
  if (others.length > 0) return found(false, 'there are several records; receivers may take any one of them');
  const tags = tagsOf(text);
  const [wanted, published] = [tagsOf(record.value)?.get('p'), tags?.get('p')?.replace(/\s+/g, '')];
  if (tags === null || published === undefined) return found(false, 'the record is not that of a key');
  if (published === '') return found(false, 'the record says that the key is revoked');
  // RFC 6376 3.6.1: if there is a v tag, it comes first.
  const version = tags.get('v');
  if (version !== undefined && (version !== 'DKIM1' || !/^\s*v\s*=/.test(text))) {
    return found(false, 'the record must begin with v=DKIM1');
  }
  if (published !== wanted || (tags.get('k') ?? 'rsa') !== key.algorithm.split('-', 1)[0]) {
    return found(false, 'the record has another key than the one that messages are signed with');
  }
  const testing = tags.get('t')?.split(':').includes('y') === true;
  return found(true, testing ? 'the key is published, as a test (t=y)' : 'the key is published');
}
