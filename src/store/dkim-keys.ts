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
  /** Whether messages are signed with it. A key can be off until its record is published. */
  readonly active: boolean;
}

export interface DkimKeys {
  /** Returns the keys of a domain, oldest first. */
  list(domain: string): Promise<DkimKey[]>;

  /** Adds a key. Resolves to false, with nothing changed, if the domain does not exist or the selector is in use. */
  add(key: DkimKey): Promise<boolean>;

  /** Switches a key on or off. Resolves to false if it does not exist. */
  setActive(domain: string, selector: string, active: boolean): Promise<boolean>;

  /** Removes a key. Resolves to false if it did not exist. */
  remove(domain: string, selector: string): Promise<boolean>;
}
