import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Link } from '../../protocol/index.js';
import type { ClientCertificate, TlsFacts } from '../handler.js';
import { alternativeNames } from './names.js';

/** Returns the result of a socket's handshake; null if it is a plain socket. */
export function tlsFacts(socket: Socket): TlsFacts | null {
  if (!(socket instanceof TLSSocket)) return null;
  const { servername } = socket as TLSSocket & { servername?: string | false };
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    serverName: typeof servername === 'string' ? servername : null,
    clientCertificate: clientCertificate(socket),
  };
}

/** The link that a connection of these facts has. */
export function linkOf(tls: TlsFacts | null): Link {
  if (tls === null) return 'plain';
  return tls.clientCertificate?.authorized === true ? 'mutual' : 'tls';
}

/** Why a client may not go on where a certificate is required, in words; null where it may. */
export function certificateProblem({ clientCertificate }: TlsFacts): string | null {
  return clientCertificate === null ? 'none was shown' : clientCertificate.problem;
}

function clientCertificate(socket: TLSSocket): ClientCertificate | null {
  // Asked for first: OpenSSL calls a session that was resumed without any certificate verified, too.
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  const problem = socket.authorized ? null : inWords(socket.authorizationError);
  return { ...namesOf(certificate), authorized: problem === null, problem };
}

function namesOf(
  certificate: X509Certificate,
): Pick<ClientCertificate, 'subject' | 'issuer' | 'fingerprint256' | 'subjectAltNames'> {
  return {
    // Node escapes what could be taken for the end of a part: commas, and line ends.
    subject: certificate.subject.replaceAll('\n', ', '),
    issuer: certificate.issuer.replaceAll('\n', ', '),
    fingerprint256: certificate.fingerprint256,
    subjectAltNames: alternativeNames(certificate),
  };
}

const NOT_TRUSTED = 'no authority that is trusted here has issued it';

/** By the codes of OpenSSL's verification (openssl-verification-options(1)). */
const PROBLEMS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed, and not trusted here',
  INVALID_PURPOSE: 'it is not for TLS clients',
  SELF_SIGNED_CERT_IN_CHAIN: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_TRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_TRUSTED,
};

/** Node's types say Error, and it is a text. */
function inWords(error: unknown): string {
  const code = error instanceof Error ? error.message : String(error);
  return PROBLEMS[code] ?? `it cannot be verified (${code})`;
}
