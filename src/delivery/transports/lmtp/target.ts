import { Fault, type Parsed } from '../../../base/fault.js';
import { type OptionRow, parseUrl, readOptions } from '../smtp/url.js';
import type { SmarthostTarget } from '../smtp/target.js';
import { SMTP_CLIENT } from '../smtp/limits.js';

/** The parts of one LMTP URL. */
export interface LmtpTarget extends SmarthostTarget {
  /** A Unix socket, in place of host and port; null if the server listens on a port. */
  readonly path: string | null;
}

/** The query options: what each may be, the default first. */
const CONNECTIONS = { pattern: /^[1-9]\d{0,3}$/, form: 'a number from 1 to 9999' };
const OPTIONS = {
  tls: ['off', 'optional', 'required'],
  verify: ['on', 'off'],
  ca: { pattern: /./, form: 'the path of a PEM file' },
  connections: CONNECTIONS,
} as const satisfies Readonly<Record<string, OptionRow>>;
const SOCKET_OPTIONS = { connections: CONNECTIONS } as const;

/** IANA's port for any private mail system, which Dovecot and Cyrus use. RFC 2033 5: not 25. */
const PORT = 24;

/**
 * Reads `lmtp://host:port` or `lmtp+unix:///path/of/a/socket`.
 *
 * @returns the target, or a Fault without user and password
 */
export function parseLmtp(text: string): Parsed<LmtpTarget> {
  return /^lmtp\+unix:/i.test(text) ? parseSocket(text) : parseHost(text);
}

function parseHost(text: string): Parsed<LmtpTarget> {
  const url = parseUrl(text);
  if (url instanceof Fault) return url;
  const { credentials, host, port } = url;
  if (url.scheme !== 'lmtp') return new Fault(`scheme "${url.scheme}" is not lmtp or lmtp+unix`);
  if (host === '') return new Fault('it has no host; a Unix socket is written lmtp+unix:///PATH');
  if (port === 25) return new Fault('port 25 is for SMTP (RFC 2033 5)');
  const options = readOptions(url.options, OPTIONS);
  if (options instanceof Fault) return options;
  const tls = (options.tls as LmtpTarget['tls'] | undefined) ?? OPTIONS.tls[0];
  for (const name of ['verify', 'ca'] as const) {
    if (options[name] !== undefined && tls !== 'required') return new Fault(`"${name}" needs "tls=required"`);
  }
  return {
    host: host.replace(/\.$/, '').toLowerCase(),
    port: port ?? PORT,
    path: null,
    credentials,
    tls,
    verify: options.verify !== 'off',
    ca: options.ca ?? null,
    connections: connectionsOf(options.connections),
  };
}

function parseSocket(text: string): Parsed<LmtpTarget> {
  const [, written, query = ''] = /^lmtp\+unix:\/\/(\/[^?#]*)(?:\?([^#]*))?$/i.exec(text) ?? [];
  if (written === undefined) return new Fault('it is not lmtp+unix:///PATH, with the whole path of a socket');
  // The rest of a URL without a host: the options are read as those of any other one.
  const url = parseUrl(`lmtp://localhost?${query}`);
  if (url instanceof Fault) return url;
  const options = readOptions(url.options, SOCKET_OPTIONS);
  if (options instanceof Fault) return options;
  const path = decoded(written);
  if (path === null || path.includes('\0'))
    return new Fault('a "%" in the path that is not a percent-encoding must be written %25');
  if (path.endsWith('/')) return new Fault(`"${path}" is a folder, and no socket`);
  return {
    host: 'localhost',
    port: 0,
    path,
    credentials: null,
    tls: 'off',
    verify: true,
    ca: null,
    connections: connectionsOf(options.connections),
  };
}

function connectionsOf(text: string | undefined): number {
  return text === undefined ? SMTP_CLIENT.connections.initial : Number(text);
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
