import { Fault, type Parsed } from '../base/fault.js';
import { type Endpoint, formatEndpoint, parseEndpoint } from './endpoint.js';

/** The settings of one `listen` URL. */
export interface ListenerConfig extends Endpoint {
  /** The protocol: SMTP, or LMTP (`lmtp://`, RFC 2033) for software that delivers by it. */
  readonly protocol: 'smtp' | 'lmtp';
  /**
   * - `implicit`: TLS from the first octet, nothing else (`smtps://`)
   * - `required`: STARTTLS or implicit TLS on one port; no mail and no AUTH before it
   * - `optional`: STARTTLS, implicit TLS and plain on one port
   * - `off`: plain only, STARTTLS is not offered
   */
  readonly tls: 'implicit' | 'required' | 'optional' | 'off';
  /** Whether MAIL needs AUTH first. */
  readonly auth: 'required' | 'optional';
  /**
   * Whether `smtp.trusted_proxies` use PROXY headers here. The server never guesses whether a PROXY header comes: a
   * trusted proxy must send one, and no other client may.
   * - `trusted`: connections from trusted proxies begin with a PROXY header; other clients connect directly
   * - `required`: other clients are refused
   * - `off`: connections from trusted proxies are like any others
   */
  readonly proxy: 'trusted' | 'required' | 'off';
  /** Whether clients are asked for a TLS certificate, which must be issued by `tls.client_ca`. */
  readonly clientCert: 'off' | 'optional' | 'required';
}

/**
 * The query options of a listener URL, each with its values, the default first. A new option is a row here, a field
 * above and a line in `parseListener`.
 *
 * Submission without TLS stays possible by default, because some apps can do nothing else; submission without AUTH
 * does not.
 */
const OPTIONS = {
  tls: ['optional', 'required', 'off'],
  auth: ['required', 'optional'],
  proxy: ['trusted', 'required', 'off'],
  client_cert: ['off', 'optional', 'required'],
} as const;

type Options = { [Name in keyof typeof OPTIONS]?: (typeof OPTIONS)[Name][number] };

/** The form of a listener, for error messages. */
export const LISTENER_FORM =
  'smtp://ADDR:PORT (STARTTLS, implicit TLS and plain on one port) or smtps://ADDR:PORT (implicit TLS only) or lmtp://ADDR:PORT (as smtp, by LMTP), ' +
  `with ${Object.entries(OPTIONS)
    .map(([name, values]) => `?${name}=${values.join('|')}`)
    .join(' and ')}`;

/**
 * Reads a listener URL. Does not use the URL class, which drops, decodes and repairs parts of a URL: here each
 * character must mean something.
 *
 * @returns the listener, or a Fault
 */
export function parseListener(url: string): Parsed<ListenerConfig> {
  const match = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/?#]*)(\/?)(?:\?([^#]*))?(#.*)?$/i.exec(url);
  if (match === null) return new Fault('it has a path; a listener is an address and a port');
  const [, scheme, authority = '', , query = '', fragment] = match;
  if (scheme === undefined) {
    const guess = parseEndpoint(authority) instanceof Fault ? '' : `; did you mean smtp://${url}?`;
    return new Fault(`it does not start with smtp://, smtps:// or lmtp://${guess}`);
  }
  if (scheme !== 'smtp' && scheme !== 'smtps' && scheme !== 'lmtp') {
    return new Fault(`scheme "${scheme}" is not one of smtp, smtps, lmtp`);
  }
  if (fragment !== undefined) return new Fault('it has a fragment (#)');
  if (authority.includes('@'))
    return new Fault('it has a user name; tokens are made with "postern domain add"');
  const endpoint = parseEndpoint(authority);
  if (endpoint instanceof Fault) return endpoint;
  if (scheme === 'lmtp' && endpoint.port === 25)
    return new Fault('LMTP must not be spoken on port 25 (RFC 2033 1)');
  const options = parseOptions(query);
  if (options instanceof Fault) return options;
  if (scheme === 'smtps' && options.tls !== undefined && options.tls !== 'required') {
    return new Fault(`"tls=${options.tls}" contradicts smtps://, where TLS is always required`);
  }
  const { client_cert: clientCert = OPTIONS.client_cert[0] } = options;
  if (clientCert !== 'off' && options.tls === 'off') {
    return new Fault(`"client_cert=${clientCert}" contradicts "tls=off": the certificate comes with TLS`);
  }
  if (clientCert === 'required' && options.tls === 'optional') {
    return new Fault(
      '"client_cert=required" contradicts "tls=optional": without TLS a client has no certificate',
    );
  }
  const tls = clientCert === 'required' ? 'required' : OPTIONS.tls[0];
  return {
    ...endpoint,
    protocol: scheme === 'lmtp' ? 'lmtp' : 'smtp',
    tls: scheme === 'smtps' ? 'implicit' : (options.tls ?? tls),
    auth: options.auth ?? OPTIONS.auth[0],
    proxy: options.proxy ?? OPTIONS.proxy[0],
    clientCert,
  };
}

/** Writes a listener in the form that {@link parseListener} reads, without options that have their default. */
export function formatListener(listener: ListenerConfig): string {
  const { auth, proxy, clientCert } = listener;
  const implicit = listener.tls === 'implicit';
  const options = Object.entries({
    tls: implicit ? OPTIONS.tls[0] : listener.tls,
    auth,
    proxy,
    client_cert: clientCert,
  })
    .filter(([name, value]) => isOption(name) && value !== OPTIONS[name][0])
    .map(([name, value]) => `${name}=${value}`);
  const query = options.length === 0 ? '' : `?${options.join('&')}`;
  return `${implicit ? 'smtps' : listener.protocol}://${formatEndpoint(listener)}${query}`;
}

function parseOptions(query: string): Parsed<Options> {
  const options: Record<string, string> = {};
  for (const pair of query.split('&').filter((pair) => pair !== '')) {
    const [name = '', value = ''] = pair.split(/=(.*)/s, 2);
    if (!isOption(name))
      return new Fault(`option "${name}" is unknown; there is ${Object.keys(OPTIONS).join(', ')}`);
    if (!OPTIONS[name].some((allowed) => allowed === value)) {
      return new Fault(`option "${name}" is "${value}"; it may be ${OPTIONS[name].join(', ')}`);
    }
    if (name in options) return new Fault(`option "${name}" is given twice`);
    options[name] = value;
  }
  return options;
}

function isOption(name: string): name is keyof typeof OPTIONS {
  return Object.hasOwn(OPTIONS, name);
}
