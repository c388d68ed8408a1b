import type { AnyCredentials } from '../protocol/index.js';
import { type AdapterCredentials, isDigestOf } from './sasl.js';
import type { SMTPServerAuthentication } from './types.js';

/** Returns what `onAuth` gets for the credentials of an exchange. */
export function authenticationOf(credentials: AnyCredentials): SMTPServerAuthentication {
  const { mechanism } = credentials;
  if (!isAdapters(credentials)) return { method: mechanism, credentials, validatePassword: () => false };
  const { username, password, authcid, authzid, accessToken, challenge, challengeResponse } = credentials;
  return {
    method: mechanism,
    username: username.expose(),
    ...(authcid === undefined ? {} : { authcid: authcid.expose() }),
    ...(authzid === undefined ? {} : { authzid: authzid.expose() }),
    ...(password === undefined ? {} : { password: password.expose() }),
    ...(accessToken === undefined ? {} : { accessToken: accessToken.expose() }),
    ...(challenge === undefined ? {} : { challenge }),
    ...(challengeResponse === undefined ? {} : { challengeResponse }),
    validatePassword: (given) =>
      challenge !== undefined &&
      challengeResponse !== undefined &&
      isDigestOf(given, challenge, challengeResponse),
  };
}

function isAdapters(credentials: AnyCredentials): credentials is AdapterCredentials {
  return 'username' in credentials;
}
