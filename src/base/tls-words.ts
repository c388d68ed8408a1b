import { ClientFault } from './client-fault.js';

const BROKEN = 'the client sent a TLS record that is broken';
const CONFUSED = 'the client does not understand what the server sent';

/** Texts by the OpenSSL codes that Node reports. `test/tls/failures.test.ts` provokes each of them. */
const REASONS: Readonly<Record<string, string>> = {
  // Input that is not TLS.
  ERR_SSL_WRONG_VERSION_NUMBER: 'the client sent something that is not TLS',
  ERR_SSL_HTTP_REQUEST: 'the client sent an HTTP request',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'the client sent a request for an HTTP proxy',
  ERR_SSL_LENGTH_TOO_SHORT: BROKEN,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: BROKEN,
  ERR_SSL_UNEXPECTED_MESSAGE: 'the client sent a TLS message out of place',
  // Client and server have no version, cipher or curve in common.
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the client offers only TLS versions older than the least that is served',
  ERR_SSL_NO_SHARED_CIPHER: 'no cipher suite in common with the client',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'no signature algorithm in common with the client',
  // Alerts of the client (RFC 5246 7.2, RFC 8446 6.2).
  ERR_SSL_SSLV3_ALERT_UNEXPECTED_MESSAGE: CONFUSED,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'the client finds nothing in common with the server',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'the client finds the certificate broken, or for another name',
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: 'the client cannot use a certificate of this kind',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: 'the client finds the certificate revoked',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'the client finds the certificate expired',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'the client does not accept the certificate',
  ERR_SSL_SSLV3_ALERT_ILLEGAL_PARAMETER: CONFUSED,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the client does not trust the issuer of the certificate',
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: 'the client has decided against it',
  ERR_SSL_TLSV1_ALERT_DECODE_ERROR: CONFUSED,
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: 'the client finds a signature of the server wrong',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the client does not speak the TLS version that the server chose',
  ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY: 'the client wants stronger ciphers than the server has',
  ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR: 'the client failed by itself',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'the client asked for a name that it does not find in the certificate',
  ECONNRESET: 'the client closed the connection in the TLS handshake',
};

const TRUST =
  "let the client trust the certificate's issuer, or serve a certificate of a public authority for the name that the client connects to";
const PLAIN = 'set the client to STARTTLS or to no encryption for this port, or use another port';

/** What helps, by the same codes. */
const HINTS: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: PLAIN,
  ERR_SSL_HTTP_REQUEST: 'this is a port for mail: the address of a web site leads here',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'update the client, or serve an older version of TLS',
  ERR_SSL_NO_SHARED_CIPHER: 'update the client, or serve more cipher suites',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'update the client, or serve more cipher suites',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: TRUST,
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: TRUST,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'renew the certificate',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: TRUST,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: TRUST,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'update the client, or serve an older version of TLS',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: TRUST,
};

/** Returns OpenSSL's reason without its file names and numbers. */
function reasonOf(error: NodeJS.ErrnoException & { readonly reason?: string }): string {
  return error.reason ?? withoutNumbers(error.message);
}

/** Describes a failed handshake for a person who does not know OpenSSL. */
export function handshakeFailure(error: NodeJS.ErrnoException): ClientFault {
  return faultOf('TLS handshake failed', error);
}

/** Describes an error of a connection after its greeting: an alert, a broken record, or a network that failed. */
export function connectionFailure(error: NodeJS.ErrnoException): ClientFault {
  const isTls = error.code?.startsWith('ERR_SSL_') === true;
  return faultOf(isTls ? 'TLS failed' : 'the connection failed', error);
}

function faultOf(what: string, error: NodeJS.ErrnoException): ClientFault {
  const code = error.code ?? '';
  const reason = REASONS[code] ?? reasonOf(error);
  const suffix = code === '' ? '' : ` (${code})`;
  return new ClientFault(`${what}: ${reason}${suffix}`, HINTS[code] ?? null, { cause: error });
}

const NOT_TRUSTED = 'no authority that is trusted here has issued its certificate';
const REMOTE_BROKEN = 'it sent a TLS record that is broken';
const REMOTE_CONFUSED = 'it does not understand what was sent to it';

/** The same from the client's side, and what else goes wrong with a connection, by the codes of OpenSSL and of Node. */
const REMOTE_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  CERT_UNTRUSTED: NOT_TRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_TRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_TRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it answered with something that is not TLS',
  ERR_SSL_HTTP_REQUEST: 'it answered with something that is not TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it answered with something that is not TLS',
  ERR_SSL_RECORD_LAYER_FAILURE: REMOTE_BROKEN,
  ERR_SSL_LENGTH_TOO_SHORT: REMOTE_BROKEN,
  ERR_SSL_BAD_RECORD_TYPE: REMOTE_BROKEN,
  ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: REMOTE_BROKEN,
  ERR_SSL_UNEXPECTED_MESSAGE: 'it sent a TLS message out of place',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it has only versions of TLS that are too old',
  ERR_SSL_DH_KEY_TOO_SMALL: 'its Diffie-Hellman key is too short',
  ERR_SSL_EE_KEY_TOO_SMALL: 'the key of its certificate is too short',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it has no version of TLS in common',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'it has no cipher in common',
  ERR_SSL_SSLV3_ALERT_UNEXPECTED_MESSAGE: REMOTE_CONFUSED,
  ERR_SSL_SSLV3_ALERT_ILLEGAL_PARAMETER: REMOTE_CONFUSED,
  ERR_SSL_TLSV1_ALERT_DECODE_ERROR: REMOTE_CONFUSED,
  ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR: 'it failed by itself in the handshake',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'it has no certificate for its name',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants a certificate of the client',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  ECONNREFUSED: 'the connection was refused',
  ECONNABORTED: 'the connection was given up',
  ENOTFOUND: 'there is no such host',
  ENOENT: 'there is no such socket',
  EACCES: 'this process may not connect to it',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to its network',
  ETIMEDOUT: 'it did not answer in time',
};

/**
 * Returns what went wrong with a remote server, to stand after its name and a colon: with the code in brackets, and
 * without the line of OpenSSL, whose numbers differ each time.
 */
export function remoteFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, errors, reason } = error as NodeJS.ErrnoException & {
    readonly errors?: readonly unknown[];
    readonly reason?: string;
  };
  // Several addresses were tried (RFC 8305): what the first one said.
  if (errors !== undefined && errors.length > 0) return remoteFailure(errors[0]);
  if (code === undefined) return error.message;
  const words = Object.hasOwn(REMOTE_REASONS, code)
    ? REMOTE_REASONS[code]
    : (reason ?? withoutNumbers(error.message));
  return `${words ?? ''} (${code})`;
}

/** `40C7...:error:0A000126:SSL routines::unexpected eof while reading:../deps/...` is `unexpected eof while reading`. */
function withoutNumbers(message: string): string {
  return /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]*)/i.exec(message.trim())?.[1] ?? message.trim();
}
