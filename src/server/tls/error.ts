/** The faults of a certificate source; stable, for programs. */
export type CertificateErrorCode =
  /** No source was given at all. */
  | 'no-source'
  /** The file cannot be opened or read. */
  | 'cannot-read'
  /** The text holds no PEM block of the kind that was asked for. */
  | 'not-pem'
  /** The PEM block is there, but what is in it cannot be parsed. */
  | 'malformed'
  /** The key is protected by a passphrase. */
  | 'key-encrypted'
  /** Certificate and key are not a pair. */
  | 'key-mismatch'
  /** The certificate's end lies before its beginning. */
  | 'bad-dates'
  /** OpenSSL will not serve with it (a key that is too short, a cipher list that names nothing, ...). */
  | 'refused';

/**
 * A certificate or key that cannot be used. The message names the file (or `cert`/`key` of a source given
 * as text), what was expected and what came; it never holds any of the file's text.
 */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code: CertificateErrorCode;
  /** The file, or a description of the source that was given as text. */
  readonly where: string;

  constructor(code: CertificateErrorCode, where: string, problem: string, options?: ErrorOptions) {
    super(`${where}: ${problem}`, options);
    this.code = code;
    this.where = where;
  }
}

/** Something that the operator should hear of and that does not keep the certificate from being used. */
export interface CertificateWarning {
  readonly code: 'expired' | 'not-yet-valid';
  /** The certificate's file, or a description of the source. */
  readonly where: string;
  /** One line for people, `where` included. */
  readonly message: string;
}
