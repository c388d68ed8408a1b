import { isIP } from 'node:net';
import type { X509Certificate } from 'node:crypto';

/** Returns the host names of a certificate: its DNS subjectAltNames or, without any, its common name. */
export function certificateNames(leaf: X509Certificate): string[] {
  if (leaf.subjectAltName !== undefined) return dnsNames(leaf.subjectAltName);
  // RFC 6125 6.4.4: the common name counts only without any subjectAltName. It may stand several times.
  const commonName = /^CN=(.+)$/m.exec(leaf.subject)?.[1];
  return commonName === undefined || isIP(commonName) ? [] : [commonName];
}

/** The entries of a certificate's subjectAltName, each as `DNS:a.example` or `email:someone@example.com`. */
export function alternativeNames({ subjectAltName = '' }: X509Certificate): string[] {
  return entriesOf(subjectAltName).map(([entry]) => entry.replace(/^, /, ''));
}

/** Reads `DNS:a.example, IP Address:127.0.0.1, DNS:"quoted, as JSON"`. */
function entriesOf(subjectAltName: string): RegExpMatchArray[] {
  return [...subjectAltName.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)];
}

function dnsNames(subjectAltName: string): string[] {
  // A quoted value has characters that no host name has: quoting is how node shows an attempt to smuggle
  // one entry inside another.
  return entriesOf(subjectAltName).flatMap(([, kind, value]) =>
    kind === 'DNS' && value !== undefined && value !== '' && !value.startsWith('"') ? [value] : [],
  );
}

/**
 * Finds by server name (RFC 6066 SNI): the exact name, else the wildcard of the name's parent (RFC 6125
 * 6.4.3: `*` stands for exactly one label, the leftmost). Of two entries for one name the first wins.
 */
export class NameIndex<T> {
  readonly #exact = new Map<string, T>();
  /** `*.example.com` under `example.com`. */
  readonly #wildcard = new Map<string, T>();

  add(name: string, value: T): void {
    const [map, key] = name.startsWith('*.')
      ? [this.#wildcard, normal(name.slice(2))]
      : [this.#exact, normal(name)];
    if (!map.has(key)) map.set(key, value);
  }

  find(serverName: string): T | undefined {
    const name = normal(serverName);
    const dot = name.indexOf('.');
    return this.#exact.get(name) ?? (dot > 0 ? this.#wildcard.get(name.slice(dot + 1)) : undefined);
  }
}

function normal(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}
