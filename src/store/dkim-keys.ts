/** The contract of DKIM keys (RFC 6376, RFC 8463). Part of `port.ts`. */

export interface DkimKey {
  /** Name of the domain. */
  readonly domain: string;
  /** Lower case; with the domain it names the record: `selector._domainkey.domain`. */
  readonly selector: string;
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256';
  /** PKCS #8, DER. */
  readonly privateKey: Uint8Array;
  readonly createdAt: number;
}

export interface DkimKeys {
  /** The keys of a domain in the order in which they were made. */
  list(domain: string): Promise<DkimKey[]>;

  /** Resolves to false, with nothing changed, where there is no such domain or the selector is in use. */
  add(key: DkimKey): Promise<boolean>;

  /** Resolves to false where there was no such key. */
  remove(domain: string, selector: string): Promise<boolean>;
}
