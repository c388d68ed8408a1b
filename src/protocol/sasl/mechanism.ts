import type { Secret } from '../secret.js';

/** What a client proves with a password (RFC 4616): all a verifier needs. */
export interface PasswordCredentials {
  /** Whose identity is proven. */
  readonly authcid: string;
  readonly password: Secret;
}

/** What follows from one message of the client. */
export type SaslStep =
  /** The server has something to say first; the text goes out in base64. */
  | { readonly kind: 'challenge'; readonly text: string }
  /** The client has said all; the verifier decides. */
  | { readonly kind: 'credentials'; readonly credentials: PasswordCredentials }
  /** The client's message is none of this mechanism. The reason is for the client and holds no secret. */
  | { readonly kind: 'fault'; readonly reason: string };

/** One exchange of one mechanism, from the AUTH command to its end. Octets are binary strings. */
export interface SaslExchange {
  /** @param initial the decoded initial response, null where none was sent. */
  start(initial: string | null): SaslStep;
  /** @param response the client's decoded answer to the last challenge. */
  respond(response: string): SaslStep;
}

/** A mechanism by its registered name, in capitals. */
export interface SaslMechanism {
  readonly name: string;
  begin(): SaslExchange;
}
