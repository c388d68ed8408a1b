import type { Link } from '../link.js';
import type { Credentials } from './credentials.js';

/**
 * What a server keeps of a password for SCRAM (RFC 5802 3). Nobody can log in with it, but it is worth as
 * much care as a password's hash: whoever has it can try passwords against it.
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

/** The client's message is none of this mechanism. The reason is for the client and holds no secret. */
export interface SaslFault {
  readonly kind: 'fault';
  readonly reason: string;
}

/** What follows from one message of the client. */
export type SaslStep<C extends Credentials = Credentials> =
  | SaslChallenge
  | SaslFault
  /** The exchange goes on once the user's keys are there: {@link SaslExchange.found}. */
  | { readonly kind: 'lookup'; readonly user: string }
  /** The client has said all; the verifier decides. */
  | { readonly kind: 'credentials'; readonly credentials: C }
  /** The client has said all, and it proves nothing. */
  | { readonly kind: 'disproof' };

/** One exchange of one mechanism, from the AUTH command to its end. Octets are binary strings. */
export interface SaslExchange<C extends Credentials = Credentials> {
  /** @param initial the decoded initial response, null where none was sent. */
  start(initial: string | null): SaslStep<C>;
  /** @param response the client's decoded answer to the last challenge. */
  respond(response: string): SaslStep<C>;
  /**
   * Goes on after `lookup`. Only mechanisms that look up have it.
   * @param keys null where nobody is called that; the client must not be able to tell.
   */
  found?(keys: ScramKeys | null): SaslChallenge;
  /** What the client must hear, and answer, before the reply that refuses its credentials (RFC 7628 3.2.3). */
  readonly refusal?: string;
}

/** A mechanism by its registered name, in capitals. */
export interface SaslMechanism<C extends Credentials = Credentials> {
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
