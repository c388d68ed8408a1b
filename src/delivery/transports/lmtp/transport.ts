import type { SmtpEnvironment } from '../smtp/environment.js';
import { openRelay } from '../smtp/smarthost.js';
import { formatHostPort } from '../smtp/url.js';
import type { Transport } from '../transport.js';
import type { LmtpTarget } from './target.js';

/**
 * Delivers everything to one LMTP server, which answers for each recipient by itself once it has the content
 * (RFC 2033 4.2).
 *
 * @throws if the file of `ca` cannot be read
 */
export function openLmtp(target: LmtpTarget, environment: SmtpEnvironment): Transport {
  const { host, port, path } = target;
  const name = path === null ? `lmtp://${formatHostPort(host, port)}` : `lmtp+unix://${path}`;
  return openRelay(target, environment, { name, lmtp: true, path });
}
