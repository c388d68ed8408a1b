import type { Config } from '../config/index.js';
import { formatListener } from '../config/index.js';
import type { Store } from '../store/port.js';
import { digestToken, newToken } from '../submission/token.js';
import type { LoadedCertificates } from './certificates.js';
import type { Bound } from './listening.js';

/** What a person who started the server wants to see first. */
export function banner(config: Config, bound: readonly Bound[], tls: LoadedCertificates): string {
  const lines = [
    `Postern, as ${config.hostname}`,
    '',
    ...bound.map(
      ({ listener, host, port }) => `  listening   ${formatListener({ ...listener, address: host, port })}`,
    ),
    `  data        ${config.data}`,
  ];
  if (tls.selfSigned !== null) {
    lines.push(
      `  TLS         self-signed certificate${tls.selfSigned.created ? ', made now,' : ''} in ${tls.selfSigned.certFile}`,
      `              SHA-256 ${tls.selfSigned.fingerprint}`,
      '              clients cannot verify it: configure tls.cert and tls.key for production',
    );
  }
  for (const warning of tls.certificates.warnings) lines.push(`  warning     ${warning.message}`);
  return `${lines.join('\n')}\n\n`;
}

/** The domain that a first start makes, so that a first message can be sent at once. */
const FIRST_DOMAIN = 'example.com';

/** Adds the first domain, and tells how to send a message with it. The token is shown here, and never again. */
export async function firstMessage(store: Store, bound: readonly Bound[]): Promise<string> {
  const token = newToken();
  await store.addDomain(FIRST_DOMAIN, digestToken(token.expose()), Date.now());
  const listener = bound[0];
  if (listener === undefined) return '';
  const { tls } = listener.listener;
  const host = reachable(listener.host);
  const scheme = tls === 'implicit' ? 'smtps' : 'smtp';
  // The certificate is not one that curl knows; over loopback nobody is in between.
  const encryption = tls === 'off' ? '' : tls === 'implicit' ? ' --insecure' : ' --ssl-reqd --insecure';
  return `This is the first start, so the domain ${FIRST_DOMAIN} was added. Its API token is both user and password,
and is shown this once:

  ${token.expose()}

Paste this to send a first message, then look at it with "postern messages":

  printf 'From: app@${FIRST_DOMAIN}\\r\\nTo: you@example.net\\r\\nSubject: Hello\\r\\nX-OMS-Tags: first\\r\\n\\r\\nIt works.\\r\\n' |
    curl --url ${scheme}://${host}:${listener.port}${encryption} --user '${token.expose()}:${token.expose()}' \\
      --mail-from app@${FIRST_DOMAIN} --mail-rcpt you@example.net --upload-file -

`;
}

/** An address to send to, where the server listens on all of them. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
