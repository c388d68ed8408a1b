import { domainToASCII, domainToUnicode } from 'node:url';

/**
 * The one form in which domain names are compared: lower case, A-labels, no dot at the end (RFC 5890
 * 2.3.2.4). Null for a name with characters beyond ASCII that is not made of U-labels.
 *
 * A name in ASCII is only put in lower case: `domainToASCII` is a URL host parser, which undoes
 * percent-encoding and stops at `/`, `?` and `#`, all of them legal in an atom, so that
 * `ours.example/theirs` would come out as `ours.example`. A name beyond ASCII has to be what its A-labels
 * stand for, and not something that merely maps there (full-width letters, soft hyphens, other dots): who
 * reads it without that mapping must see the same domain.
 */
export function normalizeDomain(domain: string): string | null {
  const name = (domain.endsWith('.') ? domain.slice(0, -1) : domain).toLowerCase();
  if (!/[^\0-\x7f]/.test(name)) return name;
  const ascii = domainToASCII(name);
  return ascii !== '' && domainToUnicode(ascii) === name.normalize('NFC') ? ascii : null;
}
