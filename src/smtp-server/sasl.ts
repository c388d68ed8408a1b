import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AnyCredentials, SaslExchange, SaslMechanism, SaslStep } from '../protocol/index.js';
import { Fault } from '../base/fault.js';
import { decodeUtf8 } from '../base/octets.js';
import { Secret } from '../base/secret.js';

/** What an exchange gives `onAuth`. */
export interface AdapterCredentials extends AnyCredentials {
  readonly username: Secret;
  readonly password?: Secret;
  readonly authcid?: Secret;
  readonly authzid?: Secret;
  readonly accessToken?: Secret;
  readonly challenge?: string;
  readonly challengeResponse?: string;
  /** XOAUTH2: sets what the client gets before it is refused. */
  readonly explain?: (text: string) => void;
}

type Step = SaslStep<AdapterCredentials>;

/** An exchange of one message of the client's, after an empty challenge if it sent none at once. */
class OneMessage implements SaslExchange<AdapterCredentials> {
  refusal?: string;

  constructor(private readonly read: (message: string, explain: (text: string) => void) => Step) {}

  start(initial: string | null): Step {
    return initial === null ? { kind: 'challenge', text: '' } : this.respond(initial);
  }

  respond(response: string): Step {
    const message = decodeUtf8(response);
    if (message === null) return new Fault('expected UTF-8');
    return this.read(message, (text) => {
      this.refusal = Buffer.from(text).toString('latin1');
    });
  }
}

/** RFC 4616: [authzid] NUL authcid NUL passwd. `onAuth` decides whether a user may act for another one. */
const plain: SaslMechanism<AdapterCredentials> = {
  name: 'PLAIN',
  begin: () =>
    new OneMessage((message) => {
      const [authzid, authcid, password, ...rest] = message.split('\0');
      if (authzid === undefined || authcid === undefined || password === undefined || rest.length > 0) {
        return new Fault('expected [authzid] NUL authcid NUL password');
      }
      // Some clients send their user as the identity to act for, and none to log in with.
      const username = authcid === '' ? authzid : authcid;
      const fault = userFault(username);
      if (fault !== null) return fault;
      const credentials = {
        mechanism: 'PLAIN',
        username: new Secret(username),
        authcid: new Secret(authcid),
        authzid: new Secret(authzid),
        password: new Secret(password),
      };
      return { kind: 'credentials', credentials };
    }),
};

/** LOGIN: the user, which may be the initial response, then the password, which may be empty. */
class Login implements SaslExchange<AdapterCredentials> {
  #username: Secret | null = null;

  start(initial: string | null): Step {
    return initial === null ? { kind: 'challenge', text: 'Username:' } : this.respond(initial);
  }

  respond(response: string): Step {
    const text = decodeUtf8(response);
    if (text === null) return new Fault('expected UTF-8');
    if (this.#username !== null) {
      const credentials = { mechanism: 'LOGIN', username: this.#username, password: new Secret(text) };
      return { kind: 'credentials', credentials };
    }
    const fault = userFault(text);
    if (fault !== null) return fault;
    this.#username = new Secret(text);
    return { kind: 'challenge', text: 'Password:' };
  }
}

const login: SaslMechanism<AdapterCredentials> = { name: 'LOGIN', begin: () => new Login() };

//     user=someuser@example.com^Aauth=Bearer token^A^A
const xoauth2: SaslMechanism<AdapterCredentials> = {
  name: 'XOAUTH2',
  begin: () =>
    new OneMessage((message, explain) => {
      const pairs = new Map(message.split('\x01').map((pair) => splitAt(pair, '=')));
      const username = pairs.get('user') ?? '';
      const accessToken = /^Bearer +(\S+)$/i.exec(pairs.get('auth') ?? '')?.[1];
      if (accessToken === undefined) return new Fault('expected user=, ^A, auth=Bearer, a token, ^A and ^A');
      const fault = userFault(username);
      if (fault !== null) return fault;
      const credentials = {
        mechanism: 'XOAUTH2',
        username: new Secret(username),
        accessToken: new Secret(accessToken),
        explain,
      };
      return { kind: 'credentials', credentials };
    }),
};

/** RFC 2195: the server gives a challenge, the client its user and the HMAC-MD5 of the challenge by its password. */
const cramMd5 = (hostname: string): SaslMechanism<AdapterCredentials> => ({
  name: 'CRAM-MD5',
  begin: () => {
    const challenge = `<${randomBytes(8).toString('hex')}.${Date.now()}@${hostname}>`;
    const respond = (response: string): Step => {
      const message = decodeUtf8(response) ?? '';
      const [username, challengeResponse] = splitAt(message, ' ');
      const fault = userFault(username);
      if (fault !== null) return fault;
      const credentials = {
        mechanism: 'CRAM-MD5',
        username: new Secret(username),
        challenge,
        // An answer without a digest proves nothing, whatever the password is.
        challengeResponse: challengeResponse.toLowerCase(),
      };
      return { kind: 'credentials', credentials };
    };
    return {
      start: (initial) =>
        initial === null ? { kind: 'challenge', text: challenge } : new Fault('takes no initial response'),
      respond,
    };
  },
});

/** Returns whether a digest of CRAM-MD5 was made with this password. */
export function isDigestOf(password: string, challenge: string, digest: string): boolean {
  const expected = createHmac('md5', password).update(challenge).digest();
  const given = Buffer.from(/^[0-9a-f]{32}$/.test(digest) ? digest : '', 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The mechanisms of these names, in their order; a name without a mechanism is left out. */
export function mechanismsOf(
  names: readonly string[],
  hostname: string,
): SaslMechanism<AdapterCredentials>[] {
  const known = [plain, login, xoauth2, cramMd5(hostname)];
  return names.flatMap((name) => known.find((mechanism) => mechanism.name === name) ?? []);
}

/** Returns why a user name is refused, or null: it goes on into logs and `Received` fields. */
function userFault(username: string): Fault | null {
  if (username === '') return new Fault('the user is empty');
  // eslint-disable-next-line no-control-regex -- these are what it must not have
  return /[\0-\x1f\x7f]/.test(username) ? new Fault('the user has control characters') : null;
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
