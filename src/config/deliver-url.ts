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

/** Up to the last @, but in a path: a password may have an @, or a slash that nobody encoded. */
function withoutSecrets(url: string): string {
  return url.replace(/^(?!maildir:|file:)([a-z][a-z0-9+.-]*:(?:\/\/)?).*@/is, '$1[secret]@');
}
