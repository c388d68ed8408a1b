import { Fault, type Parsed } from '../../base/fault.js';
import { decodeUtf8 } from '../../base/octets.js';
import { hasControl } from './text.js';

/** The head of a client's first message in the mechanisms that came over from GSS-API. */
export interface Gs2Header {
  /** As it was sent, its last comma included; a binary string. */
  readonly octets: string;
  /** As whom the client wants to act, or null. */
  readonly authzid: string | null;
}

/**
 * Reads the header that a message begins with.
 *
 *     gs2-header    = gs2-cbind-flag "," [ "a=" saslname ] ","     ; RFC 5802 7, RFC 5801 4
 *     gs2-cbind-flag = ("p=" cb-name) / "n" / "y"
 *
 * `n`: the client binds to no channel. `y`: it would, but thinks that the server cannot; which is so.
 */
export function parseGs2Header(message: string): Parsed<Gs2Header> {
  const match = /^([^,]*),(?:a=([^,]*))?,/.exec(message);
  if (match === null) return new Fault('expected it to begin with n,, or n,a=user,');
  const [octets, flag, name] = match;
  if (flag?.startsWith('p=') === true) return new Fault('channel binding is not offered here');
  if (flag !== 'n' && flag !== 'y') return new Fault('expected it to begin with n or y');
  if (name === undefined) return { octets, authzid: null };
  const authzid = decodeSaslName(name);
  return authzid === null ? new Fault('the authorization identity is no name') : { octets, authzid };
}

/**
 * Decodes a name: UTF-8, with `=2C` for a comma and `=3D` for an equals sign (RFC 5802 5.1).
 *
 * @returns null if it is malformed.
 */
export function decodeSaslName(binary: string): string | null {
  if (binary === '' || /=(?!2C|3D)/.test(binary)) return null;
  const name = decodeUtf8(binary.replaceAll('=2C', ',').replaceAll('=3D', '='));
  return name === null || hasControl(name) ? null : name;
}
