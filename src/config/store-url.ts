import { z } from 'zod';
import { Fault, type Parsed } from '../base/fault.js';
import { Secret } from '../base/secret.js';
import { key } from './key.js';

/** The URL of a database. The store parses it; this module only knows which parts of it are secret. */
export interface StoreUrl {
  readonly url: Secret;
  /** Hosts and database, without user, password and parameters. */
  readonly shown: string;
}

const STORE_URL_FORM = 'postgres://USER:PASSWORD@HOST,HOST/DATABASE';

/**
 * Reads the URL of a database.
 *
 * @returns the URL, or in words what is wrong, without any of the URL
 */
export function parseStoreUrl(text: string): Parsed<StoreUrl> {
  const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text) ?? [];
  if (rest === undefined) return new Fault(`it is not ${STORE_URL_FORM}`);
  // A password may have an @ that is not encoded: what follows the last one is no secret, if it looks like hosts.
  const place = rest.slice(rest.lastIndexOf('@') + 1).replace(/[?#].*$/s, '');
  const isPlace =
    /^(?:[\w.-]+|\[[\da-f:.]+\])?(?::\d{1,5})?(?:,(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?)*(?:\/[\w.-]*)?$/i.test(
      place,
    );
  return { url: new Secret(text), shown: isPlace ? `postgres://${place}` : 'postgres://[secret]' };
}

const schema = z.codec(z.string().optional(), z.custom<StoreUrl | null>(), {
  decode: (written, context) => {
    if (written === undefined) return null;
    const outcome = parseStoreUrl(written);
    if (!(outcome instanceof Fault)) return outcome;
    context.issues.push({ code: 'custom', input: written, message: outcome.reason });
    return z.NEVER;
  },
  encode: (value) => value?.shown,
});

/** `store.url`: the database that several servers may share. */
export const storeUrlKey: z.ZodType<StoreUrl | null> = key(schema, {
  about:
    'PostgreSQL database of the messages, domains and tokens, in place of the data folder; several servers may share it. Certificates stay in the data folder. A password is better in the file or the variable than in a flag.',
  placeholder: 'URL',
  allowed: STORE_URL_FORM,
  holds: 'secret',
  flag: '--store',
  variable: 'POSTERN_STORE',
});
