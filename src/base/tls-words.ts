const BROKEN = 'the client sent a TLS record that is broken';
const CONFUSED = 'the client does not understand what the server sent';

/** By OpenSSL's codes, as Node gives them. Each was provoked; `test/tls/failures.test.ts` does it again. */
const REASONS: Readonly<Record<string, string>> = {
  // What is no TLS at all.
  ERR_SSL_WRONG_VERSION_NUMBER: 'the client sent something that is not TLS',
  ERR_SSL_HTTP_REQUEST: 'the client sent an HTTP request',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'the client sent a request for an HTTP proxy',
  ERR_SSL_LENGTH_TOO_SHORT: BROKEN,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: BROKEN,
  ERR_SSL_UNEXPECTED_MESSAGE: 'the client sent a TLS message out of place',
  // What the two cannot agree on.
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the client offers only TLS versions older than the least that is served',
  ERR_SSL_NO_SHARED_CIPHER: 'no cipher suite in common with the client',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'no signature algorithm in common with the client',
  // What the client says of it, in an alert (RFC 5246 7.2, RFC 8446 6.2).
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

/** What OpenSSL calls it, out of its line of file names and numbers. */
function reasonOf(error: NodeJS.ErrnoException & { readonly reason?: string }): string {
  return error.reason ?? error.message.trim();
}

/** A failed handshake, for somebody who does not know OpenSSL. */
export function handshakeFailure(error: NodeJS.ErrnoException): Error {
  const code = error.code ?? '';
  const reason = REASONS[code] ?? reasonOf(error);
  const suffix = code === '' ? '' : ` (${code})`;
  return new Error(`TLS handshake failed: ${reason}${suffix}`, { cause: error });
}
