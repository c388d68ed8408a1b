import { Fault, type Parsed } from '../../../base/fault.js';
import { Secret } from '../../../base/secret.js';

/** The URL of an HTTPS mail API and the credentials for it. */
export interface ApiTarget {
  /** The URL without user and password. */
  readonly url: string;
  /** The token; null if the API needs no token. */
  readonly token: Secret | null;
  /** Name of the header field that carries the token. */
  readonly tokenHeader: string;
}

const DEFAULT_TOKEN_HEADER = 'OhMySMTP-Server-Token';

/** token of RFC 9110 5.6.2: the name of a header field. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Reads `https://TOKEN@HOST/PATH`, and `http://` if the host is this machine: a token never crosses a network in the
 * clear. `?token_header=NAME` names the field that carries the token.
 *
 * @returns the target, or a Fault, which never contains the token
 */
export function parseApiUrl(text: string): Parsed<ApiTarget> {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return new Fault('it is not a URL');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return new Fault('it begins with neither https: nor http:');
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    return new Fault('http: is allowed for this machine only (localhost, 127.0.0.1, [::1]); use https:');
  }
  const tokenHeader = url.searchParams.get('token_header') ?? DEFAULT_TOKEN_HEADER;
  if (!FIELD_NAME.test(tokenHeader)) return new Fault('token_header is not the name of a header field');
  url.searchParams.delete('token_header');
  const token = tokenOf(url);
  if (token === undefined) return new Fault('its token has characters that no header field can carry');
  url.username = '';
  url.password = '';
  url.hash = '';
  return { url: url.href, token, tokenHeader };
}

/**
 * Returns the token, given as user, as password, or as both, as with SMTP; null if there is no token. Returns
 * undefined if it cannot be sent.
 */
function tokenOf({ username, password }: URL): Secret | null | undefined {
  if (username === '' && password === '') return null;
  try {
    const token = decodeURIComponent(password === '' ? username : password);
    return /^[!-~]+$/.test(token) ? new Secret(token) : undefined;
  } catch {
    return undefined;
  }
}
