/** The URL of a database: `postgres://user:password@host1,host2:5433/name?sslmode=require`. */
import { StoreError } from '../port.js';

/** One server that may have the database. */
export interface Host {
  readonly host: string;
  readonly port: number;
}

export interface DatabaseAddress {
  /** In the order in which they are tried first. */
  readonly hosts: readonly Host[];
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  /** Parameters of the connection, such as `sslmode` and `options`. */
  readonly parameters: Readonly<Record<string, string>>;
}

const URL_FORM =
  /^postgres(?:ql)?:\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const PORT = 5432;
const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];
const KNOWN = ['sslmode', 'options', 'application_name', 'connect_timeout'];

/**
 * Parses the URL of a database. Names and the password are percent-encoded, as in any URL.
 *
 * @throws StoreError `unreadable`; its message does not have the password
 */
export function parseAddress(url: string): DatabaseAddress {
  const parts = URL_FORM.exec(url);
  if (parts === null) {
    throw url.includes('#') ? notEncoded() : invalid('it is not postgres://USER:PASSWORD@HOST/DATABASE');
  }
  const [, user, password, hosts = '', database, query = ''] = parts;
  // What follows the first @, / or ? of a password would be shown as a host, a database or a parameter.
  if (hosts.includes('@') || database?.includes('@')) throw notEncoded();
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (name.includes('@')) throw notEncoded();
    if (!KNOWN.includes(name))
      throw invalid(`unknown parameter ${name}; expected one of ${KNOWN.join(', ')}`);
    if (name === 'connect_timeout' && !/^[1-9]\d{0,3}$/.test(value)) {
      throw invalid('connect_timeout is not a number of seconds');
    }
    if (name === 'sslmode' && !SSL_MODES.includes(value)) {
      throw invalid(`sslmode is not one of ${SSL_MODES.join(', ')}`);
    }
    parameters[name] = value;
  }
  return {
    hosts: (hosts === '' ? 'localhost' : hosts).split(',').map(hostOf),
    user: decoded(user),
    password: decoded(password),
    database: decoded(database),
    parameters,
  };
}

function hostOf(text: string): Host {
  const parts = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(text);
  const host = decoded(parts?.[1])?.replace(/^\[|\]$/g, '');
  const port = Number(parts?.[2] ?? PORT);
  if (host === undefined || port < 1 || port > 65_535)
    throw invalid('a host is NAME, NAME:PORT or [IPV6]:PORT');
  return { host, port };
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('a % is not followed by two hexadecimal digits');
  }
}

function notEncoded(): StoreError {
  return invalid('percent-encode @, /, ?, # and % in its user name and password, @ as %40');
}

function invalid(problem: string): StoreError {
  return new StoreError('unreadable', `the URL of the database cannot be read: ${problem}`);
}

/** Returns the address as people may see it: without the user's password. */
export function placeOf({ hosts, database }: DatabaseAddress): string {
  const names = hosts.map(({ host, port }) => (port === PORT ? host : `${host}:${port}`));
  return `${names.join(',')}/${database ?? ''}`;
}
