/** Fetches MTA-STS policies (RFC 8461). */
import type { Resolver } from 'node:dns/promises';
import { get } from 'node:https';
import { addressesOf } from './resolve.js';

export interface FetchOptions {
  readonly resolver: Resolver;
  /** Whether policies may be fetched from addresses that are not on the public Internet. */
  readonly allowsPrivate: boolean;
  /** The port of HTTPS. The protocol's own is 443. */
  readonly port: number;
  /** PEM; undefined for the system's authorities. */
  readonly ca: Buffer | undefined;
}

/** Limits for a fetch. RFC 8461 3.3: at most a minute; a policy is short. */
const FETCH_MS = 15_000;
const POLICY_OCTETS = 64 * 1024;

/** Fetches a policy. RFC 8461 3.3: by HTTPS with a valid certificate, no redirects, plain text. */
export async function fetchPolicy(
  domain: string,
  { resolver, allowsPrivate, port, ca }: FetchOptions,
): Promise<string> {
  const host = `mta-sts.${domain}`;
  const [address] = await addressesOf({ name: host, address: null }, resolver, allowsPrivate);
  return new Promise((resolve, reject) => {
    const request = get({
      host: address,
      port,
      servername: host,
      path: '/.well-known/mta-sts.txt',
      headers: { host, accept: 'text/plain' },
      signal: AbortSignal.timeout(FETCH_MS),
      agent: false,
      ...(ca === undefined ? {} : { ca }),
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const { statusCode, headers } = response;
      if (statusCode !== 200 || !/^text\/plain\s*(?:;|$)/i.test(headers['content-type'] ?? '')) {
        request.destroy(new Error(`not a policy: ${statusCode ?? ''} ${headers['content-type'] ?? ''}`));
        return;
      }
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
        if (text.length > POLICY_OCTETS) request.destroy(new Error('too long for a policy'));
      });
      response.once('error', reject);
      response.once('end', () => resolve(text));
    });
  });
}
