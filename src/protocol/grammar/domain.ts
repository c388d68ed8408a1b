import { DOMAIN_OCTETS, LABEL_OCTETS } from '../limits.js';
import { decodeUtf8, utf8Length } from '../../base/octets.js';

// RFC 5321 4.1.2
//   Domain         = sub-domain *("." sub-domain)
//   sub-domain     = Let-dig [Ldh-str]
//   Let-dig        = ALPHA / DIGIT
//   Ldh-str        = *( ALPHA / DIGIT / "-" ) Let-dig
// RFC 6531 3.3
//   sub-domain    =/ U-label
const SUB_DOMAIN = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;
const U_LABEL = /^(?:[A-Za-z0-9]|[^\0-\x7f])(?:(?:[A-Za-z0-9-]|[^\0-\x7f])*(?:[A-Za-z0-9]|[^\0-\x7f]))?$/u;

// Characters that a reader cannot see, or that change how he sees the rest: controls (C0, DEL, C1),
// formats (zero-width, bidirectional overrides), separators, surrogates, private and unassigned ones.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Z}]/u;

/** Whether the text has a character that is not seen as itself: no address may have one. */
export function hasInvisible(text: string): boolean {
  return UNSEEN.test(text);
}

/** Whether the text is a Domain, U-labels included. */
export function isDomain(text: string): boolean {
  if (text.length === 0 || utf8Length(text) > DOMAIN_OCTETS) return false;
  return text.split('.').every((label) => {
    if (SUB_DOMAIN.test(label)) return label.length <= LABEL_OCTETS;
    return U_LABEL.test(label) && !hasInvisible(label) && utf8Length(label) <= LABEL_OCTETS;
  });
}

// RFC 5321 4.1.3
//   IPv4-address-literal = Snum 3("." Snum)
//   Snum                 = 1*3DIGIT ; representing a decimal integer value in the range 0 through 255
const SNUM = /^(?:0|[1-9]\d{0,2})$/;

function isIPv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => SNUM.test(part) && Number(part) <= 255);
}

//   IPv6-addr = IPv6-full / IPv6-comp / IPv6v4-full / IPv6v4-comp
//   IPv6-hex  = 1*4HEXDIG
const IPV6_HEX = /^[0-9A-Fa-f]{1,4}$/;

function isIPv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const compressed = halves.length === 2;
  let groups = 0;
  for (const [h, half] of halves.entries()) {
    if (half === '') {
      if (!compressed) return false;
      continue;
    }
    const parts = half.split(':');
    for (const [i, part] of parts.entries()) {
      const last = h === halves.length - 1 && i === parts.length - 1;
      if (last && part.includes('.')) {
        if (!isIPv4(part)) return false;
        groups += 2;
      } else {
        if (!IPV6_HEX.test(part)) return false;
        groups += 1;
      }
    }
  }
  // "::" stands for at least two groups of zeroes.
  return compressed ? groups <= 6 : groups === 8;
}

/**
 * Whether the text, brackets included, is an address literal (RFC 5321 4.1.3). Of the general form,
 * `[tag:content]`, only the tag IPv6 has ever been registered.
 */
export function isAddressLiteral(text: string): boolean {
  if (!text.startsWith('[') || !text.endsWith(']')) return false;
  const inner = text.slice(1, -1);
  if (/^IPv6:/i.test(inner)) return isIPv6(inner.slice(5));
  return isIPv4(inner);
}

// Half the clients in the world have a host name with an underscore, so that is let through in a hello.
const HELLO_LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?$/;
// The form of nearly all hello names. If all of it is no longer than a label, no other check is needed.
const COMMON_HELLO = /^[A-Za-z0-9_]+(?:(?:\.|-+)[A-Za-z0-9_]+)*$/;

/** The argument of EHLO and HELO (RFC 5321 4.1.1.1): a domain or an address literal. */
export function isHelloName(text: string): boolean {
  if (text.length <= LABEL_OCTETS && COMMON_HELLO.test(text)) return true;
  if (text.startsWith('[')) return isAddressLiteral(text);
  if (text.length > DOMAIN_OCTETS) return false;
  return text.split('.').every((label) => HELLO_LABEL.test(label) && label.length <= LABEL_OCTETS);
}

const UNSEEN_BUT_SPACE = /[^ \P{Z}]|[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu;

/**
 * Reads the argument of EHLO and HELO as any client may write it: host names with spaces, brackets or octets beyond
 * ASCII are common on office machines, and RFC 5321 4.1.4 forbids to refuse a message for the name.
 *
 * @param binary the argument, each octet as the character of the same number.
 * @returns the name as text: UTF-8, or ISO 8859-1 if it is not UTF-8, with `?` for each character that cannot be
 * seen; null if it is empty or has an ASCII control.
 */
export function anyHelloName(binary: string): string | null {
  if (isHelloName(binary)) return binary;
  // eslint-disable-next-line no-control-regex -- controls are what is looked for
  if (binary === '' || /[\0-\x1f\x7f]/.test(binary)) return null;
  return (decodeUtf8(binary) ?? binary).replace(UNSEEN_BUT_SPACE, '?');
}
