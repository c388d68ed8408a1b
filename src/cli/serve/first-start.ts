import { rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config, Endpoint } from '../../config/index.js';
import { formatListener } from '../../config/index.js';
import type { Store } from '../../store/port.js';
import { digestToken, newToken } from '../../submission/token.js';
import type { LoadedCertificates } from './certificates.js';
import type { Bound } from './listening.js';

/** What a person who started the server wants to see first. */
export function banner(
  config: Config,
  bound: readonly Bound[],
  http: Endpoint | null,
  tls: LoadedCertificates,
  ways: readonly string[],
): string {
  const lines = [
    `Postern, as ${config.hostname}`,
    '',
    ...bound.map(
      ({ listener, host, port }) => `  listening   ${formatListener({ ...listener, address: host, port })}`,
    ),
    ...(http === null
      ? []
      : [`  HTTP API    ${config.http.tls ? 'https' : 'http'}://${reachable(http.address)}:${http.port}`]),
    `  data        ${config.data}`,
    `  delivery    ${ways.length === 0 ? 'none: messages are held; --deliver URL says where to' : ways.join(', ')}`,
  ];
  if (tls.selfSigned !== null) {
    lines.push(
      `  TLS         self-signed certificate${tls.selfSigned.created ? ', made now,' : ''} in ${tls.selfSigned.certFile}`,
      `              SHA-256 ${tls.selfSigned.fingerprint}`,
      '              clients must be told to trust that file; for production, configure tls.cert and tls.key',
    );
  }
  for (const warning of tls.certificates.warnings) lines.push(`  warning     ${warning.message}`);
  return `${lines.join('\n')}\n\n`;
}

/** The domain that a first start makes, so that a first message can be sent at once. */
const FIRST_DOMAIN = 'example.com';

/** The file in the data folder that has the first token, if no terminal shows it. */
const TOKEN_FILE = 'first-token';

/**
 * Adds the first domain, and tells how to send a message with it. On a terminal its token is shown here, and never
 * again. Elsewhere this text ends in a log, so the token goes into a file that only its owner can read.
 */
export async function firstMessage(
  config: Config,
  store: Store,
  bound: readonly Bound[],
  terminal: boolean,
): Promise<string> {
  const token = newToken();
  const file = resolve(config.data, TOKEN_FILE);
  // Before the domain: a token that could not be written down would be of no use.
  if (!terminal) await writePrivate(file, `${token.expose()}\n`);
  await store.addDomain(FIRST_DOMAIN, digestToken(token.expose()), Date.now());
  const listener = bound.find(({ listener: { protocol } }) => protocol === 'smtp');
  const shown = terminal ? token.expose() : `$(cat ${quoted(file)})`;
  const where = terminal
    ? `is shown this once:\n\n  ${token.expose()}`
    : `is in a file that only its owner can read. Remove the file when you have the token:\n\n  ${file}`;
  return `This is the first start, so the domain ${FIRST_DOMAIN} was added. Its API token, both user and password,
${where}

Paste this to send a first message:

  ${listener === undefined ? '' : curlCommand(shown, listener)}

Then look at it:

  ${ownCommand()} messages${config.data === './data' ? '' : ` --data ${config.data}`}

`;
}

async function writePrivate(file: string, text: string): Promise<void> {
  // What is there may have another mode, and another owner.
  await rm(file, { force: true });
  await writeFile(file, text, { flag: 'wx', mode: 0o600 });
}

/** As one word of a shell. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** One line that a shell takes as it is. curl makes the message of it, with the line ends that SMTP wants. */
function curlCommand(token: string, { listener, host, port }: Bound): string {
  const { tls } = listener;
  const sender = `app@${FIRST_DOMAIN}`;
  const recipient = 'you@example.net';
  return [
    `curl --url ${tls === 'implicit' ? 'smtps' : 'smtp'}://${reachable(host)}:${port}`,
    ...(tls === 'off' || tls === 'implicit' ? [] : ['--ssl-reqd']),
    // The certificate is not one that curl knows; over loopback nobody is in between.
    ...(tls === 'off' ? [] : ['--insecure']),
    `--user "${token}:${token}" --mail-from ${sender} --mail-rcpt ${recipient}`,
    `-H 'From: ${sender}' -H 'To: ${recipient}' -H 'Subject: Hello' -H 'X-OMS-Tags: first' -F '=It works.'`,
  ].join(' ');
}

/** How this program is called where it runs: from a checkout through npm, else by its name. */
function ownCommand(): string {
  return process.env['npm_lifecycle_event'] === undefined ? 'postern' : 'npm run -s postern --';
}

/** An address to send to, where the server listens on all of them. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
