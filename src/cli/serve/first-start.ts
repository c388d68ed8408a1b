import { rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config, Endpoint } from '../../config/index.js';
import { formatListener } from '../../config/index.js';
import type { Store } from '../../store/port.js';
import { digestToken, newToken } from '../../submission/token.js';
import type { LoadedCertificates } from './certificates.js';
import type { Bound } from './listening.js';

/** Returns what a person who starts the server wants to see first. */
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
    ...(http === null ? [] : [`  dashboard   ${httpUrl(config, http)}  (and the HTTP API)`]),
    ...(config.store.url === null ? [] : [`  store       ${config.store.url.shown}`]),
    `  data        ${config.data}`,
    `  delivery    ${ways.length === 0 ? 'none: messages are held; --deliver URL says where to' : ways.join(', ')}`,
  ];
  if (tls.selfSigned !== null) {
    lines.push(
      `  TLS         self-signed certificate${tls.selfSigned.created ? ', made now,' : ''} in ${tls.selfSigned.certFile}`,
      `              SHA-256 ${tls.selfSigned.fingerprint}`,
      '              clients must be configured to trust that file; for production, configure tls.cert and tls.key',
    );
  }
  for (const warning of tls.certificates.warnings) lines.push(`  warning     ${warning.message}`);
  return `${lines.join('\n')}\n\n`;
}

/** The domain that a first start adds, so that a first message can be sent at once. */
const FIRST_DOMAIN = 'example.com';

/** Name of the file in the data folder that has the first token if no terminal shows it. */
const TOKEN_FILE = 'first-token';

/**
 * Adds the first domain, and returns a text that shows how to send a message with it. If a terminal shows the text, it
 * has the token, which is never shown again. Otherwise the text ends in a log, and the token goes into a file that
 * only its owner can read.
 */
export async function firstMessage(
  config: Config,
  store: Store,
  bound: readonly Bound[],
  http: Endpoint | null,
  terminal: boolean,
): Promise<string> {
  const token = newToken();
  const file = resolve(config.data, TOKEN_FILE);
  // The file comes before the domain: a token that could not be written would be of no use.
  if (!terminal) await writePrivate(file, `${token.expose()}\n`);
  const added = await store.addDomain(FIRST_DOMAIN, digestToken(token.expose()), Date.now());
  if (added === null) {
    // Another server that started at the same time was first.
    if (!terminal) await rm(file, { force: true });
    return '';
  }
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

  ${ownCommand()} messages${placeOption(config)}${http === null ? '' : `\n  ${httpUrl(config, http)}/messages`}

`;
}

async function writePrivate(file: string, text: string): Promise<void> {
  // An existing file may have another mode and another owner.
  await rm(file, { force: true });
  await writeFile(file, text, { flag: 'wx', mode: 0o600 });
}

/** Returns what a command needs to find the store. The URL may have a password, so it is not written out. */
function placeOption({ data, store }: Config): string {
  if (store.url !== null) return ' --store URL';
  return data === './data' ? '' : ` --data ${data}`;
}

/** Quotes a text as one word of a shell. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns one line for a shell. curl makes the message from it, with the line ends that SMTP requires. */
function curlCommand(token: string, { listener, host, port }: Bound): string {
  const { tls } = listener;
  const sender = `app@${FIRST_DOMAIN}`;
  const recipient = 'you@example.net';
  return [
    `curl --url ${tls === 'implicit' ? 'smtps' : 'smtp'}://${reachable(host)}:${port}`,
    ...(tls === 'off' || tls === 'implicit' ? [] : ['--ssl-reqd']),
    // curl does not know the certificate; over loopback nothing is between client and server.
    ...(tls === 'off' ? [] : ['--insecure']),
    `--user "${token}:${token}" --mail-from ${sender} --mail-rcpt ${recipient}`,
    `-H 'From: ${sender}' -H 'To: ${recipient}' -H 'Subject: Hello' -H 'X-OMS-Tags: first' -F '=It works.'`,
  ].join(' ');
}

/** Returns how this program is called: through npm in a checkout, or else by its name. */
function ownCommand(): string {
  return process.env['npm_lifecycle_event'] === undefined ? 'postern' : 'npm run -s postern --';
}

function httpUrl({ http: { tls } }: Config, { address, port }: Endpoint): string {
  return `${tls ? 'https' : 'http'}://${reachable(address)}:${port}`;
}

/** Returns an address to connect to if the server listens on all addresses. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
