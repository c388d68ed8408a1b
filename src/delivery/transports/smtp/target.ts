import { Fault, type Parsed } from '../../../base/fault.js';
import { isLoopback } from '../../../base/networks.js';
import type { Secret } from '../../../base/secret.js';
import type { Mechanism } from '../../../client/index.js';
import { SMTP_CLIENT } from './limits.js';
import { type OptionRow, parseUrl, readOptions } from './url.js';

/** The content of one smarthost URL. */
export interface SmarthostTarget {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly credentials: {
    readonly user: Secret;
    /** The password; with OAUTHBEARER or XOAUTH2, the access token. */
    readonly password: Secret;
    readonly mechanism?: Mechanism;
  } | null;
  /**
   * - `implicit`: TLS from the first octet, verified (`smtps://`)
   * - `required`: STARTTLS, verified
   * - `optional`: STARTTLS if the server offers it and it works; the certificate is not verified
   * - `off`: plain
   */
  readonly tls: 'implicit' | 'required' | 'optional' | 'off';
  /** Whether the certificate must be valid, if TLS is implicit or required. */
  readonly verify: boolean;
  /** Path of a PEM file with the authorities to trust; null for those of the system. */
  readonly ca: string | null;
  /** Largest number of connections at one time. */
  readonly connections: number;
}

/** The query options: the values that each may have, the default first. */
const OPTIONS = {
  tls: ['optional', 'required', 'off'],
  verify: ['on', 'off'],
  ca: { pattern: /./, form: 'the path of a PEM file' },
  connections: { pattern: /^[1-9]\d{0,3}$/, form: 'a number from 1 to 9999' },
  auth: ['plain', 'login', 'oauthbearer', 'xoauth2'],
} as const satisfies Readonly<Record<string, OptionRow>>;

/**
 * Reads `smtp://user:password@host:587` or `smtps://…`. User and password are percent-decoded. Both may be left out.
 *
 * A password goes over verified TLS: if there is one and the host is another machine, `tls` is `required` by default.
 *
 * @returns the target, or a Fault without user and password
 */
export function parseSmarthost(text: string): Parsed<SmarthostTarget> {
  const url = parseUrl(text);
  if (url instanceof Fault) return url;
  const { scheme, credentials, host, port } = url;
  if (scheme !== 'smtp' && scheme !== 'smtps') return new Fault(`scheme "${scheme}" is not smtp or smtps`);
  if (host === '') return new Fault('it has no host');
  const options = readOptions(url.options, OPTIONS);
  if (options instanceof Fault) return options;
  if (scheme === 'smtps' && options.tls !== undefined && options.tls !== 'required') {
    return new Fault(`"tls=${options.tls}" contradicts smtps://, where TLS is always required`);
  }
  if (options.auth !== undefined && credentials === null) {
    return new Fault('"auth" needs USER:PASSWORD@ before the host');
  }
  const mechanism = options.auth?.toUpperCase() as Mechanism | undefined;
  const initial = credentials !== null && !isLoopback(host) ? 'required' : OPTIONS.tls[0];
  const tls =
    scheme === 'smtps' ? 'implicit' : ((options.tls as SmarthostTarget['tls'] | undefined) ?? initial);
  const verifies = tls === 'implicit' || tls === 'required';
  for (const name of ['verify', 'ca'] as const) {
    if (options[name] !== undefined && !verifies) return new Fault(`"${name}" needs "tls=required"`);
  }
  return {
    host: host.replace(/\.$/, '').toLowerCase(),
    port: port ?? (scheme === 'smtps' ? 465 : 587),
    credentials:
      credentials === null || mechanism === undefined ? credentials : { ...credentials, mechanism },
    tls,
    verify: options.verify !== 'off',
    ca: options.ca ?? null,
    connections: Number(options.connections ?? SMTP_CLIENT.connections.initial),
  };
}
