import { DELIVER_FORM } from '../delivery/transports/schemes.js';
import { Secret } from '../base/secret.js';

/** The URL of a way of delivery. What it means is for delivery to say; here it is known what of it is secret. */
export interface DeliverUrl {
  readonly url: Secret;
  /** The same with `[secret]` where user and password stood. */
  readonly shown: string;
}

/** How ways of delivery are written, in words for an error message. */
export const DELIVER_LIST_FORM = `a list of URLs in the order in which they are tried: ${DELIVER_FORM}`;

/** @returns the URL, or in words what is wrong */
export function parseDeliverUrl(text: string): DeliverUrl | string {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(text)) return 'it does not begin with a scheme, such as smtp:';
  return { url: new Secret(text), shown: withoutSecrets(text) };
}

/**
 * Matches options of these URLs whose value is shown. The value of any other, such as a token, is hidden; so is a value
 * of `auth` that names no mechanism, since it may be a password.
 */
const SHOWN_OPTION =
  /^(?:(?:tls|verify|ca|connections|port|resolver|private|sts|sts_port|token_header)=|auth=(?:plain|login|oauthbearer|xoauth2)$)/;

/**
 * Hides all that may be a secret, also in a URL that is wrong: all up to the last @, since a password may have an @ or
 * a slash that is not encoded; what stands where a port should, if the host was forgotten; values in the query.
 */
function withoutSecrets(url: string): string {
  if (/^(?:maildir|file):/i.test(url)) return url;
  return url
    .replace(/^([a-z][a-z0-9+.-]*:(?:\/\/)?).*@/is, '$1[secret]@')
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#:[\]@]*):(?!\d{1,5}(?:[/?#]|$))[^@]*$/is, '$1:[secret]')
    .replace(/([?&#])([^=&#]*)=([^&#]*)/g, (whole: string, mark: string, name: string) =>
      SHOWN_OPTION.test(whole.slice(1)) ? whole : `${mark}${name}=[secret]`,
    );
}
