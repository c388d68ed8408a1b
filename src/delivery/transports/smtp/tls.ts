import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Version and cipher, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`; null on a plain connection. */
export function tlsOf(socket: Socket | null): string | null {
  if (!(socket instanceof TLSSocket)) return null;
  return `${socket.getProtocol() ?? 'unknown'} ${socket.getCipher().standardName}`;
}

const NOT_TRUSTED = 'no authority that is trusted here has issued its certificate';

/** By the codes of OpenSSL and of Node. */
const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_TRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_TRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it answered with something that is not TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it has only versions of TLS that are too old',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it has no version of TLS in common',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'it has no cipher in common',
  ECONNRESET: 'it closed the connection in the handshake',
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to its network',
  ETIMEDOUT: 'it did not answer in time',
  EPIPE: 'it closed the connection',
};

/** What went wrong with a far side, to stand behind its name and a colon. */
export function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, originalCode, errors } = error as NodeJS.ErrnoException & {
    readonly originalCode?: string;
    readonly errors?: readonly unknown[];
  };
  // Several addresses were tried (RFC 8305): what the first one said.
  if (errors !== undefined && errors.length > 0) return inWords(errors[0]);
  const known = [originalCode, code].find((name) => name !== undefined && Object.hasOwn(REASONS, name));
  return known === undefined ? error.message : `${REASONS[known] ?? ''} (${known})`;
}
