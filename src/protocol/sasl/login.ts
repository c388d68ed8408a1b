import { Fault } from '../../base/fault.js';
import { decodeUtf8 } from '../../base/octets.js';
import { Secret } from '../../base/secret.js';
import { hasControl } from './text.js';
import type { PasswordCredentials } from './credentials.js';
import type { SaslExchange, SaslMechanism, SaslStep } from './mechanism.js';

/**
 * LOGIN, what half the clients try first. It was never standardized (draft-murchison-sasl-login). The server
 * asks for the user name, then for the password; the prompts are the ones every client expects. An initial
 * response is the user name.
 */
export const LOGIN: SaslMechanism<PasswordCredentials> = { name: 'LOGIN', begin: () => new LoginExchange() };

class LoginExchange implements SaslExchange<PasswordCredentials> {
  #user: Secret | null = null;

  start(initial: string | null): SaslStep<PasswordCredentials> {
    return initial === null ? { kind: 'challenge', text: 'Username:' } : this.respond(initial);
  }

  respond(response: string): SaslStep<PasswordCredentials> {
    const text = decodeUtf8(response);
    if (text === null) return new Fault('expected UTF-8');
    if (hasControl(text)) return new Fault('control characters');
    if (text === '') return new Fault('the user or the password is empty');
    if (this.#user === null) {
      this.#user = new Secret(text);
      return { kind: 'challenge', text: 'Password:' };
    }
    const credentials = { mechanism: 'LOGIN', authcid: this.#user, password: new Secret(text) } as const;
    return { kind: 'credentials', credentials };
  }
}
