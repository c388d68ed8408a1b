import { domainToASCII, domainToUnicode } from 'node:url';

/**
 * Returns the one form in which domain names are compared: lower case, A-labels, no dot at the end (RFC 5890 2.3.2.4).
 * Returns null if a name has characters beyond ASCII and is not made of U-labels.
 *
 * A name in ASCII is only put in lower case. `domainToASCII` is not used for it: that is a URL host parser, which
 * undoes percent-encoding and stops at `/`, `?` and `#`. All of these are legal in an atom, so `ours.example/theirs`
 * would come out as `ours.example`. A name beyond ASCII has to be exactly what its A-labels stand for. A name that
 * merely maps to them (full-width letters, soft hyphens, other dots) is rejected: a reader without that mapping must
 * see the same domain.
 */
export function normalizeDomain(domain: string): string | null {
  const name = (domain.endsWith('.') ? domain.slice(0, -1) : domain).toLowerCase();
  if (!/[^\0-\x7f]/.test(name)) return name;
  const ascii = domainToASCII(name);
  return ascii !== '' && domainToUnicode(ascii) === name.normalize('NFC') ? ascii : null;
}
