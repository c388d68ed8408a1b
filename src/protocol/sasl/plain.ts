import { Fault } from '../../base/fault.js';
import { decodeUtf8 } from '../../base/octets.js';
import { Secret } from '../../base/secret.js';
import { hasControl } from './text.js';
import type { PasswordCredentials } from './credentials.js';
import type { SaslExchange, SaslMechanism, SaslStep } from './mechanism.js';

/**
 * PLAIN, RFC 4616.
 *
 *     message   = [authzid] UTF8NUL authcid UTF8NUL passwd
 */
export const PLAIN: SaslMechanism<PasswordCredentials> = { name: 'PLAIN', begin: () => new PlainExchange() };

class PlainExchange implements SaslExchange<PasswordCredentials> {
  start(initial: string | null): SaslStep<PasswordCredentials> {
    return initial === null ? { kind: 'challenge', text: '' } : this.respond(initial);
  }

  respond(response: string): SaslStep<PasswordCredentials> {
    const message = decodeUtf8(response);
    if (message === null) return new Fault('expected UTF-8');
    const [authzid, authcid, password, ...rest] = message.split('\0');
    if (authzid === undefined || authcid === undefined || password === undefined || rest.length > 0) {
      return new Fault('expected [authzid] NUL authcid NUL password');
    }
    if (authcid === '' || password === '') return new Fault('the user or the password is empty');
    if (hasControl(message.replaceAll('\0', ''))) return new Fault('control characters');
    // RFC 4616 2: acting as another user needs a permission that this server cannot give.
    if (authzid !== '' && authzid !== authcid)
      return new Fault('the authorization identity must be empty or the user');
    return {
      kind: 'credentials',
      credentials: { mechanism: 'PLAIN', authcid: new Secret(authcid), password: new Secret(password) },
    };
  }
}
