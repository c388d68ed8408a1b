import { Fault } from '../../base/fault.js';
import { decodeUtf8 } from '../../base/octets.js';
import { hasControl } from './text.js';
import type { ExternalCredentials } from './credentials.js';
import type { SaslExchange, SaslMechanism, SaslStep } from './mechanism.js';

/**
 * EXTERNAL (RFC 4422 appendix A). The client has proven outside who it is, here with its TLS certificate, and says at
 * most as whom it wants to act. On offer only where there is such a proof.
 *
 *     external-initial-response = authzid-string      ; may be empty
 */
export const EXTERNAL: SaslMechanism<ExternalCredentials> = {
  name: 'EXTERNAL',
  needs: 'mutual',
  begin: () => new ExternalExchange(),
};

class ExternalExchange implements SaslExchange<ExternalCredentials> {
  start(initial: string | null): SaslStep<ExternalCredentials> {
    return initial === null ? { kind: 'challenge', text: '' } : this.respond(initial);
  }

  respond(response: string): SaslStep<ExternalCredentials> {
    const authzid = decodeUtf8(response);
    if (authzid === null) return new Fault('expected UTF-8');
    // RFC 4422 A.1: UTF8-char-no-nul; other controls have no business in a name either.
    if (hasControl(authzid)) return new Fault('control characters');
    return {
      kind: 'credentials',
      credentials: { mechanism: 'EXTERNAL', authzid: authzid === '' ? null : authzid },
    };
  }
}
