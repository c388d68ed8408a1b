import { Fault, type Parsed } from '../../base/fault.js';
import { isPublicAddress } from '../../base/public-address.js';

/** Longest URL, in characters. */
const MAX_URL = 2048;

/**
 * Reads the URL of a webhook: `https:`, without user and password, with a host that is a name or a public address. URL
 * parsers accept addresses in every spelling (decimal, octal, hexadecimal), and this one checks all of them.
 *
 * @param allowPrivate allows any address, and `http:`
 * @returns the URL, or a Fault
 */
export function parseWebhookUrl(text: string, allowPrivate: boolean): Parsed<URL> {
  if (text.length > MAX_URL) return new Fault(`it is longer than ${MAX_URL} characters`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return new Fault('it is not a URL');
  }
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:'))
    return new Fault('it does not begin with https:');
  if (url.username !== '' || url.password !== '')
    return new Fault(
      'it has a user or a password; remove them, because receivers check the signature instead',
    );
  if (allowPrivate) return url;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const literal = host.includes(':') || /(^|\.)\d+$/.test(host);
  if (literal && !isPublicAddress(host)) return new Fault(`${host} is not a public address`);
  if (host === 'localhost' || host.endsWith('.localhost')) return new Fault('localhost is not a public host');
  return url;
}
