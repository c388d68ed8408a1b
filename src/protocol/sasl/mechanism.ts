import type { Fault } from '../../base/fault.js';
import type { Link } from '../link.js';
import type { AnyCredentials, Credentials } from './credentials.js';

/**
 * The server's record of a password for SCRAM (RFC 5802 3). It does not suffice to log in, but it needs as much
 * protection as a password's hash: an attacker who has it can try passwords against it.
 */
export interface ScramKeys {
  readonly salt: Uint8Array;
  /** Rounds of PBKDF2: RFC 7677 4 asks for 4096 or more. */
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** The server has something to say; the text, a binary string, goes out in base64. */
export interface SaslChallenge {
  readonly kind: 'challenge';
  readonly text: string;
}

/** The result of one message of the client. */
export type SaslStep<C extends AnyCredentials = Credentials> =
  | SaslChallenge
  /** The client's message is not one of this mechanism. The reason is for the client and holds no secret. */
  | Fault
  /** The exchange goes on once the user's keys are there: {@link SaslExchange.found}. */
  | { readonly kind: 'lookup'; readonly user: string }
  /** The client has said all; the verifier decides. */
  | { readonly kind: 'credentials'; readonly credentials: C }
  /** The client has said all, and it proves nothing. */
  | { readonly kind: 'disproof' };

/** One exchange of one mechanism, from the AUTH command to its end. Octets are binary strings. */
export interface SaslExchange<C extends AnyCredentials = Credentials> {
  /** @param initial the decoded initial response, null where none was sent. */
  start(initial: string | null): SaslStep<C>;
  /** @param response the client's decoded answer to the last challenge. */
  respond(response: string): SaslStep<C>;
  /**
   * Continues after `lookup`. Only mechanisms that look up have it.
   * @param keys null if there is no such user; the client must not be able to notice.
   */
  found?(keys: ScramKeys | null): SaslChallenge;
  /** What the client must hear, and answer, before the reply that refuses its credentials (RFC 7628 3.2.3). */
  readonly refusal?: string;
}

/** A mechanism by its registered name, in capitals. */
export interface SaslMechanism<C extends AnyCredentials = Credentials> {
  readonly name: string;
  /** The only link it is offered on. Default: any. */
  readonly needs?: Link;
  begin(): SaslExchange<C>;
}

/** Those of the mechanisms that are on offer on a link. */
export function offeredOn(mechanisms: ReadonlyMap<string, SaslMechanism>, link: Link): string[] {
  return [...mechanisms.values()]
    .filter(({ needs }) => needs === undefined || needs === link)
    .map(({ name }) => name);
}
