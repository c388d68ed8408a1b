import { Fault, type Parsed } from '../../base/fault.js';
import { decodeBase64 } from '../grammar/base64.js';
import { decodeSaslName, parseGs2Header } from './gs2.js';

/** RFC 5802 7: client-first-message = gs2-header client-first-message-bare */
export interface ClientFirst {
  readonly user: string;
  readonly nonce: string;
  /** The gs2 header and the rest, as they were sent: both are signed. */
  readonly header: string;
  readonly bare: string;
}

/** RFC 5802 7: client-final-message = client-final-message-without-proof "," proof */
export interface ClientFinal {
  /** The value of `c=`, decoded. */
  readonly binding: string;
  readonly nonce: string;
  /** What `p=` holds, decoded: a binary string. */
  readonly proof: string;
  readonly withoutProof: string;
}

/**
 *     client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
 *     username = "n=" saslname
 *     nonce    = "r=" 1*(%x21-2B / %x2D-7E)
 */
export function parseClientFirst(message: string): Parsed<ClientFirst> {
  const header = parseGs2Header(message);
  if (header instanceof Fault) return header;
  const bare = message.slice(header.octets.length);
  // RFC 5802 5.1: a server that does not know a mandatory extension must fail, so the grammar has no such extension.
  const [, name, nonce] = /^n=([^,]*),r=([!-+--~]+)(?:,[A-Za-z]=[^,]*)*$/.exec(bare) ?? [];
  if (name === undefined || nonce === undefined) return new Fault('expected n=user and r=nonce');
  const user = decodeSaslName(name);
  if (user === null) return new Fault('the user is empty, or not written as RFC 5802 has it');
  // RFC 5802 5.1: acting as another user needs a permission that this server cannot give.
  if (header.authzid !== null && header.authzid !== user) {
    return new Fault('the authorization identity must be empty or the user');
  }
  return { user, nonce, header: header.octets, bare };
}

/**
 *     client-final-message-without-proof = "c=" base64 "," nonce ["," extensions]
 *     proof = "p=" base64
 */
export function parseClientFinal(message: string): Parsed<ClientFinal> {
  const match = /^(c=([^,]*),r=([!-+--~]+)(?:,[A-Za-z]=[^,]*)*),p=([^,]*)$/.exec(message);
  const [, withoutProof = '', binding = '', nonce = '', proof = ''] = match ?? [];
  if (match === null) return new Fault('expected c=, r=nonce and p=proof');
  const decoded = { binding: decodeBase64(binding), proof: decodeBase64(proof) };
  if (decoded.binding === null || decoded.proof === null) return new Fault('expected base64 in c= and p=');
  return { binding: decoded.binding, nonce, proof: decoded.proof, withoutProof };
}
