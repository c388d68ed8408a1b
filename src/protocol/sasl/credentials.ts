import type { Secret } from '../../base/secret.js';

/** The least that credentials have. A mechanism of an embedder's own gives whatever else its verifier needs. */
export interface AnyCredentials {
  /** The name of the mechanism, in capitals. */
  readonly mechanism: string;
}

/** PLAIN (RFC 4616) and LOGIN: the password itself. */
export interface PasswordCredentials {
  readonly mechanism: 'PLAIN' | 'LOGIN';
  /** Whose identity is to be proven. A secret, too: there are servers where the user is the API token. */
  readonly authcid: Secret;
  readonly password: Secret;
}

/** OAUTHBEARER (RFC 7628) and XOAUTH2: a token that an authorization server gave out. */
export interface TokenCredentials {
  readonly mechanism: 'OAUTHBEARER' | 'XOAUTH2';
  /** As whom the client wants to act: a claim, to be held against the token. Null where it does not say. */
  readonly user: string | null;
  readonly token: Secret;
}

/** SCRAM (RFC 5802): the client has proven that it knows the password of this user. */
export interface ScramCredentials {
  readonly mechanism: 'SCRAM-SHA-256';
  readonly authcid: string;
}

/** EXTERNAL (RFC 4422 appendix A): the proof is outside, in the TLS client certificate. */
export interface ExternalCredentials {
  readonly mechanism: 'EXTERNAL';
  /** As whom the client wants to act: a claim. Null: as whomever the certificate is for. */
  readonly authzid: string | null;
}

/** All that a verifier needs, by mechanism. */
export type Credentials = PasswordCredentials | TokenCredentials | ScramCredentials | ExternalCredentials;
