import { checkShape, isText } from '../../base/check-shape.js';
import { Fault } from '../../base/fault.js';
import { decodeUtf8 } from '../../base/octets.js';
import { Secret } from '../../base/secret.js';
import type { TokenCredentials } from './credentials.js';
import { parseGs2Header } from './gs2.js';
import type { SaslExchange, SaslMechanism, SaslStep } from './mechanism.js';
import { hasControl } from './text.js';

/** Sent to the client when its token is refused, so that it can get a valid one. */
export interface TokenHelp {
  /** The scope that a token must have. */
  readonly scope?: string;
  /** URL of the authorization server's OpenID configuration document. */
  readonly openidConfiguration?: string;
}

/**
 * OAUTHBEARER (RFC 7628 3.1). It is a gs2 header, then pairs, each followed by ^A, then one more ^A.
 *
 *     n,a=user@example.com,^Ahost=server.example.com^Aport=587^Aauth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRh^A^A
 */
export function oauthBearer(help: TokenHelp = {}): SaslMechanism<TokenCredentials> {
  checkShape('oauthBearer', help, { scope: isText, openidConfiguration: isText });
  const { scope, openidConfiguration } = help;
  // RFC 7628 3.2.2, with the keys in its order.
  const refusal = JSON.stringify({
    status: 'invalid_token',
    scope,
    'openid-configuration': openidConfiguration,
  });
  return { name: 'OAUTHBEARER', begin: () => new BearerExchange(readOauthBearer, refusal) };
}

/**
 * XOAUTH2, Google's own before there was a standard, and still what most clients have.
 *
 *     user=someuser@example.com^Aauth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg^A^A
 */
export function xoauth2(help: Omit<TokenHelp, 'openidConfiguration'> = {}): SaslMechanism<TokenCredentials> {
  checkShape('xoauth2', help, { scope: isText });
  const refusal = JSON.stringify({ status: '401', schemes: 'bearer', scope: help.scope });
  return { name: 'XOAUTH2', begin: () => new BearerExchange(readXoauth2, refusal) };
}

export const OAUTHBEARER = oauthBearer();
export const XOAUTH2 = xoauth2();

type Step = SaslStep<TokenCredentials>;

const SEPARATOR = '\x01';

/** One message of the client. A refusal is preceded by a challenge, which the client answers with anything. */
class BearerExchange implements SaslExchange<TokenCredentials> {
  constructor(
    private readonly read: (message: string) => Step,
    readonly refusal: string,
  ) {}

  start(initial: string | null): Step {
    return initial === null ? { kind: 'challenge', text: '' } : this.read(initial);
  }

  respond(response: string): Step {
    return this.read(response);
  }
}

function readOauthBearer(message: string): Step {
  const header = parseGs2Header(message);
  if (header instanceof Fault) return header;
  const rest = message.slice(header.octets.length);
  const pairs = rest.startsWith(SEPARATOR) ? parsePairs(rest.slice(1)) : null;
  if (pairs === null) return new Fault('expected pairs of key=value, each with ^A behind it');
  return credentialsOf('OAUTHBEARER', header.authzid, pairs.get('auth'));
}

function readXoauth2(message: string): Step {
  const pairs = parsePairs(message);
  const user = decodeUtf8(pairs?.get('user') ?? '');
  if (pairs === null || user === null || user === '' || hasControl(user)) {
    return new Fault('expected user=, ^A, auth=Bearer, a token, ^A and ^A');
  }
  return credentialsOf('XOAUTH2', user, pairs.get('auth'));
}

function credentialsOf(
  mechanism: TokenCredentials['mechanism'],
  user: string | null,
  auth: string | undefined,
): Step {
  if (auth === undefined) return new Fault('the key auth is missing');
  // RFC 7628 3.1: a client without a token asks in this way for the kind it needs, and the refusal has the answer.
  if (auth === '') return { kind: 'disproof' };
  // RFC 6750 2.1 has fewer characters than this; the verifier knows its own tokens.
  const token = /^Bearer +([!-~]+)$/i.exec(auth)?.[1];
  if (token === undefined) return new Fault('expected "Bearer" and a token in the key auth');
  return { kind: 'credentials', credentials: { mechanism, user, token: new Secret(token) } };
}

/**
 *     kvpair = key "=" value kvsep          ; RFC 7628 3.1
 *     key    = 1*(ALPHA)
 *     value  = *(VCHAR / SP / HTAB / CR / LF)
 *
 * Octets beyond ASCII are let into a value, since XOAUTH2 has the user in one.
 *
 * @returns null where it is anything else, or a key comes twice.
 */
function parsePairs(text: string): Map<string, string> | null {
  if (!text.endsWith(SEPARATOR)) return null;
  const pairs = new Map<string, string>();
  const list = text.slice(0, -1);
  if (list === '') return pairs;
  if (!list.endsWith(SEPARATOR)) return null;
  for (const pair of list.slice(0, -1).split(SEPARATOR)) {
    const [, key, value] = /^([A-Za-z]+)=([\t\n\r -~\x80-\xff]*)$/.exec(pair) ?? [];
    if (key === undefined || value === undefined || pairs.has(key)) return null;
    pairs.set(key, value);
  }
  return pairs;
}
