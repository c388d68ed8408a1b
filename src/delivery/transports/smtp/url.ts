import { Fault, type Parsed } from '../../../base/fault.js';
import { isIPv6 } from 'node:net';
import { Secret } from '../../../base/secret.js';

/** The parts of a URL of a transport. */
interface UrlParts {
  readonly scheme: string;
  readonly credentials: { readonly user: Secret; readonly password: Secret } | null;
  /** A name, an IPv4 address, or an IPv6 address without brackets; empty if the URL has no host. */
  readonly host: string;
  readonly port: number | null;
  /** In the order in which they were written. */
  readonly options: readonly (readonly [name: string, value: string])[];
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*\.?$/i;

/**
 * Splits a URL into its parts. It does not use the URL class, which drops, decodes and repairs parts. No error text
 * repeats what stands before the `@`.
 *
 * @returns the parts, or a Fault
 */
export function parseUrl(text: string): Parsed<UrlParts> {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)\/?(?:\?([^#]*))?$/i.exec(text);
  if (match === null)
    return new Fault(
      'it is not SCHEME://HOST:PORT; a "/", "?" or "#" in a password is written %2F, %3F, %23',
    );
  const [, scheme = '', authority = '', query = ''] = match;
  const at = authority.lastIndexOf('@');
  const credentials = at < 0 ? null : parseCredentials(authority.slice(0, at));
  if (credentials instanceof Fault) return credentials;
  const place = parseHostPort(authority.slice(at + 1));
  if (place instanceof Fault) return place;
  const options = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', value = ''] = pair.split(/=(.*)/s, 2);
      return [name, decoded(value) ?? value] as const;
    });
  const [twice] = options.filter(([name], i) => options.findIndex(([other]) => other === name) < i);
  if (twice !== undefined) return new Fault(`option "${twice[0]}" is given twice`);
  return { scheme: scheme.toLowerCase(), credentials, ...place, options };
}

function parseCredentials(text: string): Parsed<UrlParts['credentials']> {
  const colon = text.indexOf(':');
  if (colon < 1) return new Fault('it has a user name or a password, but not both: USER:PASSWORD@HOST');
  const user = decoded(text.slice(0, colon));
  const password = decoded(text.slice(colon + 1));
  if (user === null || password === null) {
    return new Fault(
      'a "%" in the user name or the password that is not a percent-encoding must be written %25',
    );
  }
  if (password === '') return new Fault('its password is empty');
  if (/\0/.test(user + password)) return new Fault('the user name or the password has a NUL');
  return { user: new Secret(user), password: new Secret(password) };
}

function parseHostPort(text: string): Parsed<Pick<UrlParts, 'host' | 'port'>> {
  const [, v6, name = '', digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(text) ?? [];
  const host = v6 ?? name;
  if (v6 !== undefined && !isIPv6(v6)) return new Fault(`"${v6}" is not an IPv6 address`);
  if (host === '' && text !== '') return new Fault('it is not HOST:PORT; an IPv6 address stands in brackets');
  if (v6 === undefined && host !== '' && !HOST_NAME.test(host))
    return new Fault(`"${host}" is not a host name`);
  if (digits === undefined) return { host, port: null };
  const port = Number(digits);
  return port >= 1 && port <= 65_535 ? { host, port } : new Fault('its port is not a number from 1 to 65535');
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** An option of a URL: its possible values, the default first; or a pattern that every value matches. */
export type OptionRow = readonly string[] | { readonly pattern: RegExp; readonly form: string };

/**
 * Checks options against a table.
 *
 * @returns the options that were given, or a Fault
 */
export function readOptions<Table extends Readonly<Record<string, OptionRow>>>(
  options: UrlParts['options'],
  table: Table,
): Parsed<Partial<Record<keyof Table, string>>> {
  for (const [name, value] of options) {
    const row = Object.hasOwn(table, name) ? table[name] : undefined;
    if (row === undefined)
      return new Fault(`option "${name}" is unknown; the options are ${Object.keys(table).join(', ')}`);
    if ('pattern' in row) {
      if (!row.pattern.test(value)) return new Fault(`option "${name}" is "${value}"; it is ${row.form}`);
    } else if (!row.includes(value)) {
      return new Fault(`option "${name}" is "${value}"; it may be ${row.join(', ')}`);
    }
  }
  return Object.fromEntries(options) as Partial<Record<keyof Table, string>>;
}

/** Formats a host and a port as a URL has them. */
export function formatHostPort(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
