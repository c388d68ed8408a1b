import { isIP } from 'node:net';
import {
  type Check,
  checkPresent,
  checkShape,
  hasMethods,
  isBoolean,
  isCount,
  isFunction,
  isList,
  isName,
  isDeadline,
  isObject,
  isTextOrOctets,
  isSignal,
  isString,
  isText,
  oneOf,
} from '../base/check-shape.js';
import { isLoopback } from '../base/networks.js';
import type { Secret } from '../base/secret.js';
import { type ClientCredentials, MECHANISMS, TOKEN_MECHANISMS } from './auth.js';
import type { TlsTerms } from './channel-options.js';
import type { ConnectionOptions } from './connection.js';
import { DEFAULT_CLIENT_TIMEOUTS } from './limits.js';
import type { Transcript } from './transcript.js';

/** An object of options whose names are those of a table; with `needs`, every one must be there. */
const options =
  (of: string, table: Readonly<Record<string, Check>>, needs: readonly string[] = []): Check =>
  (value) => {
    const where = `connect: ${of}`;
    // Not shown: it may be a password.
    if (isObject(value) !== null) throw new TypeError(`${where}: expected an object, got a ${typeof value}`);
    checkShape(where, value, table);
    checkPresent(where, value, needs);
    return null;
  };

const isSecret = (value: unknown): boolean => {
  const { expose } = Object(value) as Partial<Secret>;
  return typeof expose === 'function' && typeof expose.call(value) === 'string';
};

const CREDENTIALS = {
  user: (value) => (isSecret(value) ? null : isString(value)),
  password: (value) => {
    if (isSecret(value)) return null;
    // Not shown: it may be the password itself.
    throw new TypeError(`connect: credentials: password: expected new Secret('...'), got a ${typeof value}`);
  },
  mechanism: oneOf(...MECHANISMS, ...TOKEN_MECHANISMS),
} satisfies Record<keyof ClientCredentials, Check>;

const TLS = {
  verify: isBoolean,
  ca: isTextOrOctets,
  sessions: isObject,
} satisfies Record<keyof TlsTerms, Check>;

const PHASES = Object.keys(DEFAULT_CLIENT_TIMEOUTS);

const TRANSCRIPT = ['sent', 'received', 'secured'] satisfies (keyof Transcript)[];

const OPTIONS = {
  host: isText,
  port: isCount(1, 65_535),
  path: isText,
  addresses: (value) =>
    // An empty list is what a look-up without a result gives: connecting rejects with ConnectionError then.
    Array.isArray(value) && value.every((one) => typeof one === 'string' && isIP(one) !== 0)
      ? null
      : 'a list of IP addresses',
  implicitTls: isBoolean,
  startTls: (value) =>
    value === 'optional' || typeof value === 'boolean' ? null : "true, false or 'optional'",
  tls: options('tls', TLS),
  timeout: isDeadline,
  timeouts: options('timeouts', Object.fromEntries(PHASES.map((name) => [name, isDeadline])), PHASES),
  transcript: (value) =>
    hasMethods(value, ...TRANSCRIPT) ? null : `an object with ${TRANSCRIPT.join(', ')}`,
  hello: isName,
  credentials: options('credentials', CREDENTIALS, ['user', 'password']),
  required: isList,
  lmtp: isBoolean,
  signal: isSignal,
  messages: (value) => (typeof value === 'number' && value >= 1 ? null : 'a number, 1 or more'),
  messageTimeout: isDeadline,
  onCut: isFunction,
  allowInsecureAuth: isBoolean,
} satisfies Record<keyof ConnectionOptions | 'allowInsecureAuth', Check>;

/**
 * Checks what `connect` is given, so that TLS that is misspelt is not TLS that is left out.
 *
 * @throws TypeError naming the option, what came and what is allowed; it never shows a password.
 */
export function checkConnect(
  given: Partial<ConnectionOptions> & { readonly allowInsecureAuth?: boolean },
): void {
  checkShape('connect', given, OPTIONS);
  if (given.implicitTls === true && given.startTls !== undefined && given.startTls !== false) {
    throw new TypeError('connect: startTls cannot be had with implicitTls');
  }
  // Terms of TLS without a word on when it begins look as if there were TLS.
  if (given.tls !== undefined && given.implicitTls !== true && given.startTls === undefined) {
    throw new TypeError('connect: tls needs startTls: true, or implicitTls: true');
  }
  if (given.path !== undefined && given.addresses !== undefined) {
    throw new TypeError('connect: addresses cannot be had with path');
  }
  const { credentials, host = 'localhost', path, implicitTls, startTls, allowInsecureAuth } = given;
  const mayBeClear = implicitTls !== true && startTls !== true && allowInsecureAuth !== true;
  if (credentials !== undefined && mayBeClear && path === undefined && !isLoopback(host)) {
    throw new TypeError(
      `connect: the password may go to ${host} in the clear: give startTls: true, implicitTls: true or allowInsecureAuth: true`,
    );
  }
}
