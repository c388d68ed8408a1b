import { generateKeyPair, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';

/** The contents of a new certificate. */
interface CertificateRequest {
  /** Common name: only for people; clients look at `names`. */
  readonly commonName: string;
  /** Host names (also `*.example.com`) and IP addresses for the subjectAltName; empty for an authority. */
  readonly names: readonly string[];
  readonly use: 'server' | 'client' | 'authority';
  readonly validFrom: Date;
  readonly validTo: Date;
  /** The issuer that signs. Default: the certificate signs itself. */
  readonly issuer?: IssuedCertificate;
}

/** A certificate and its private key, both PEM. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
}

const generate = promisify(generateKeyPair);

/**
 * Makes an RSA 2048 key and a certificate for it. RSA, because it is the only kind of key that node-forge signs with.
 * OpenSSL makes the key: in JavaScript that takes seconds.
 */
export async function issueCertificate(request: CertificateRequest): Promise<IssuedCertificate> {
  // Loaded here and not above: loading takes a while, and most starts use the certificate of an earlier one.
  const [{ default: forge }, { privateKey: key, publicKey }] = await Promise.all([
    import('node-forge'),
    generate('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    }),
  ]);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = request.validFrom;
  certificate.validity.notAfter = request.validTo;
  // The common name has at most 64 characters (RFC 5280 appendix A, ub-common-name).
  certificate.setSubject([{ name: 'commonName', value: request.commonName.slice(0, 64) }]);
  const { issuer } = request;
  const signer = issuer === undefined ? certificate : forge.pki.certificateFromPem(issuer.cert);
  certificate.setIssuer(signer.subject.attributes);
  const keyIdentifier = signer.generateSubjectKeyIdentifier().getBytes();
  certificate.setExtensions(extensions(request, keyIdentifier));
  certificate.sign(forge.pki.privateKeyFromPem(issuer?.key ?? key), forge.md.sha256.create());
  return { cert: toUnixLines(forge.pki.certificateToPem(certificate)), key };
}

/** Returns 16 octets, positive and without a leading zero (RFC 5280 4.1.2.2: at most 20, unique for the issuer). */
function serialNumber(): string {
  const octets = randomBytes(16);
  octets.writeUInt8((octets.readUInt8(0) & 0x3f) | 0x40, 0);
  return octets.toString('hex');
}

function extensions({ use, names }: CertificateRequest, signerKeyIdentifier: string): object[] {
  const identifiers = [
    { name: 'subjectKeyIdentifier' },
    // Strict verifiers (Python's since 3.13) require it.
    { name: 'authorityKeyIdentifier', keyIdentifier: signerKeyIdentifier },
  ];
  if (use === 'authority') {
    return [
      { name: 'basicConstraints', critical: true, cA: true },
      { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
      ...identifiers,
    ];
  }
  return [
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: use === 'server', clientAuth: use === 'client' },
    ...(names.length === 0 ? [] : [{ name: 'subjectAltName', altNames: names.map(altName) }]),
    ...identifiers,
  ];
}

/** Returns a GeneralName (RFC 5280 4.2.1.6): 2 is dNSName, 7 is iPAddress. */
function altName(name: string): object {
  return isIP(name) ? { type: 7, ip: name } : { type: 2, value: name };
}

function toUnixLines(pem: string): string {
  return pem.replaceAll('\r\n', '\n');
}
