import { Fault, type Parsed } from '../../base/fault.js';
import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Target } from './plan.js';

/** The form of a target, for error messages. */
export const TARGET_FORM =
  'smtp://HOST:PORT, smtps://HOST:PORT or lmtp://HOST:PORT, with USER:PASSWORD@ before the host where AUTH is wanted; or ' +
  'smtp+unix:///PATH or lmtp+unix:///PATH';

/**
 * Parses `smtp://user:password@host:port`. User and password are percent-decoded. If the port is missing, it is 587,
 * or 465 for smtps (RFC 6409, RFC 8314), or 24 for lmtp (RFC 2033 has none; 24 is IANA's for private mail systems).
 * `smtp+unix:///path` and `lmtp+unix:///path` name a Unix socket.
 *
 * @returns the target, or a text that says what is wrong; it never contains the input, which may have a password
 */
export function parseTarget(text: string): Parsed<Target> {
  const socket = /^(smtp|lmtp)\+unix:\/\/(.*)$/is.exec(text);
  if (socket !== null) return unixTarget(socket[1] ?? '', socket[2] ?? '');
  const match = /^(?:(smtps?|lmtp)|[a-z][a-z0-9+.-]*):\/\/(?:([^/?#]*)@)?([^/?#@]*)(.*)$/is.exec(text);
  const [, scheme, credentials, authority = '', rest = ''] = match ?? [];
  if (scheme === undefined)
    return new Fault('it begins with none of smtp://, smtps://, lmtp://, smtp+unix:// and lmtp+unix://');
  if (!/^\/?$/.test(rest))
    return new Fault(
      'it has a path or a query; in a user or a password "/" is %2F, "?" %3F, "#" %23, "@" %40',
    );
  const place = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(authority);
  if (place === null)
    return new Fault('behind the scheme there is no HOST:PORT; an IPv6 address stands in brackets');
  const [, v6, name = '', port] = place;
  if (v6 !== undefined && !isIPv6(v6)) return new Fault('what stands in brackets is not an IPv6 address');
  const kind = scheme.toLowerCase();
  const number = port === undefined ? (DEFAULT_PORTS[kind] ?? 0) : Number(port);
  if (number < 1 || number > 65_535) return new Fault('the port is not a number from 1 to 65535');
  const decoded = decodeCredentials(credentials);
  if (decoded instanceof Fault) return decoded;
  const [implicitTls, lmtp] = [kind === 'smtps', kind === 'lmtp'];
  return { host: v6 ?? name, addresses: null, port: number, implicitTls, path: null, lmtp, ...decoded };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { smtp: 587, smtps: 465, lmtp: 24 };

function unixTarget(scheme: string, encoded: string): Parsed<Target> {
  const path = percentDecoded('the path', encoded);
  if (path instanceof Fault) return path;
  if (!path.startsWith('/') || path.includes('\0'))
    return new Fault('after +unix:// there is no whole path of a socket');
  const lmtp = scheme.toLowerCase() === 'lmtp';
  return {
    ...{ host: 'localhost', addresses: null, port: 0, implicitTls: false, path, lmtp },
    ...{ user: null, password: null },
  };
}

function decodeCredentials(text: string | undefined): Parsed<Pick<Target, 'user' | 'password'>> {
  if (text === undefined) return { user: null, password: null };
  const colon = text.indexOf(':');
  if (colon <= 0) return new Fault('before the @ there is no USER:PASSWORD');
  const user = percentDecoded('user or password', text.slice(0, colon));
  if (user instanceof Fault) return user;
  const password = percentDecoded('user or password', text.slice(colon + 1));
  return password instanceof Fault ? password : { user, password };
}

function percentDecoded(what: string, text: string): Parsed<string> {
  try {
    return decodeURIComponent(text);
  } catch {
    return new Fault(`${what} has a % that is followed by no two hexadecimal digits; a % itself is %25`);
  }
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** The addresses of a host. */
export interface Resolved {
  readonly addresses: readonly string[];
  /** True if all addresses are loopback addresses of this machine. */
  readonly loopback: boolean;
}

/** Resolves a host name. Rejects with Node's error if it has no address. */
export async function resolveHost(host: string): Promise<Resolved> {
  const addresses =
    isIP(host) === 0 ? (await lookup(host, { all: true })).map(({ address }) => address) : [host];
  const loopback = addresses.every((address) => LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'));
  return { addresses, loopback };
}
