import { Fault, type Parsed } from '../base/fault.js';
import { DELIVER_FORM } from '../delivery/transports/schemes.js';
import { Secret } from '../base/secret.js';

/** The URL of a transport. Delivery parses it; this module only knows which parts of it are secret. */
export interface DeliverUrl {
  readonly url: Secret;
  /** The same URL with `[secret]` in place of user and password. */
  readonly shown: string;
}

/** The form of the URLs of transports, for error messages. */
export const DELIVER_LIST_FORM = `a list of URLs in the order in which they are tried: ${DELIVER_FORM}`;

/**
 * Reads the URL of a transport.
 *
 * @returns the URL, or in words what is wrong
 */
export function parseDeliverUrl(text: string): Parsed<DeliverUrl> {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(text)) return new Fault('it does not begin with a scheme, such as smtp:');
  return { url: new Secret(text), shown: withoutSecrets(text) };
}

/**
 * Matches options of these URLs whose value is shown. The value of any other, such as a token, is hidden; so is a value
 * of `auth` that names no mechanism, since it may be a password.
 */
const SHOWN_OPTION =
  /^(?:(?:tls|verify|ca|connections|port|resolver|private|sts|sts_port|token_header)=|auth=(?:plain|login|oauthbearer|xoauth2)$)/;

/**
 * Hides everything that may be a secret, also if the URL is wrong: everything up to the last @, since a password may
 * have an
 * @ or a slash that is not encoded; the text in the place of a port, if the host was forgotten; values in the query.
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
