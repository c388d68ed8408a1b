import { formatDuration } from '../../src/config/duration.js';
import { configSchema, type Key, keysOf } from '../../src/config/index.js';
import { formatSize } from '../../src/config/size.js';
import type { Limit } from '../../src/base/limit.js';
import { GRAMMAR_LIMITS, LIMITS } from '../../src/protocol/limits.js';
import { ADMISSION, DATA_RATE, FIXED, TIMEOUTS, DELAYS } from '../../src/server/limits.js';
import { DELIVERY } from '../../src/delivery/limits.js';
import { CLIENT } from '../../src/client/limits.js';
import { MIME } from '../../src/message/mime/limits.js';
import { SMTP_CLIENT } from '../../src/delivery/transports/smtp/limits.js';
import { API } from '../../src/api/limits.js';
import { STORE } from '../../src/store/limits.js';
import { SUBMISSION } from '../../src/submission/limits.js';
import { COMMANDS, LOG } from '../../src/cli/limits.js';

interface Section {
  readonly title: string;
  readonly text: string;
  readonly table: Readonly<Record<string, Limit>>;
  /** How an embedder names a limit of it; null where it cannot be changed by one. */
  readonly option: ((name: string) => string) | null;
}

const SECTIONS: readonly Section[] = [
  {
    title: 'A session',
    text: 'What one client may send. EHLO announces the size, the recipients and the messages (SIZE, LIMITS).',
    table: LIMITS,
    option: (name) => `limits.${name}`,
  },
  {
    title: 'Admission',
    text:
      'Who may come in, and how often. A client network is counted as one client. Connections are refused before ' +
      'any work on TLS. A right password is never locked out by wrong ones of somebody else: failures only make the ' +
      'answers to further failures slower, for the whole network and across its connections.',
    table: ADMISSION,
    option: (name) => `admission.${name}`,
  },
  {
    title: 'Deadlines',
    text:
      'A client that is late gets `421 4.4.2` if it can still read it, and the connection closes. Each is one overall deadline: an octet here and there does not move ' +
      "it. The server's own time, in which a client is held back, does not count.",
    table: TIMEOUTS,
    option: (name) => `timeouts.${name}`,
  },
  {
    title: 'The least speed of content',
    text: 'Without one, an octet a minute holds a transaction for years.',
    table: DATA_RATE,
    option: (name) => `dataRate.${name}`,
  },
  {
    title: 'Waits',
    text: 'Embedders give them to `listen` and to `close`.',
    table: DELAYS,
    option: (name) => (name === 'tlsDetect' ? 'tlsDetectMs' : 'close(graceMs)'),
  },
  {
    title: 'The gateway',
    text: 'What `postern serve` has beside its SMTP server.',
    table: SUBMISSION,
    option: null,
  },
  {
    title: 'Delivery',
    text: 'How messages leave, where `deliver` or `delivery.routes` says where to.',
    table: DELIVERY,
    option: null,
  },
  {
    title: 'The SMTP client',
    text:
      'What a remote server may send, and how long it may take. If it sends more, or anything that nothing asked ' +
      'for, the connection is closed at once.',
    table: CLIENT,
    option: null,
  },
  {
    title: 'Delivery by SMTP',
    text: 'Connections to one destination. `connections` can be set in the URL: `smtp://relay.example?connections=5`.',
    table: SMTP_CLIENT,
    option: null,
  },
  {
    title: 'Messages that are parsed',
    text:
      'What https transports and webhooks take of a message. Beyond it, the recipients bounce, and an event goes ' +
      'out without the text.',
    table: MIME,
    option: null,
  },
  { title: 'The HTTP API', text: 'What a client of the HTTP API may ask for.', table: API, option: null },
  { title: 'The store', text: 'What is on its way to the disk.', table: STORE, option: null },
  { title: 'The log', text: 'What `postern serve` writes to standard error.', table: LOG, option: null },
  {
    title: 'Commands',
    text: 'What the commands have that read messages, send them and watch the server.',
    table: COMMANDS,
    option: null,
  },
  {
    title: 'Addresses and replies',
    text: 'Limits of the grammar. They cannot be changed.',
    table: GRAMMAR_LIMITS,
    option: null,
  },
  {
    title: 'Bounds on work',
    text: 'What bounds the memory and the work that a client can cause. There is no need to change them.',
    table: FIXED,
    option: null,
  },
];

const keys = keysOf(configSchema);

/** The whole of docs/limits.md. */
export function limitsPage(): string {
  return `# Limits

Every limit there is: its default, where that comes from, and how to change it. Generated from the tables in
\`src/protocol/limits.ts\`, \`src/server/limits.ts\`, \`src/submission/limits.ts\`, \`src/message/mime/limits.ts\`, \`src/delivery/limits.ts\`,
\`src/delivery/transports/smtp/limits.ts\`, \`src/client/limits.ts\`, \`src/cli/limits.ts\`, \`src/api/limits.ts\` and
\`src/store/limits.ts\`; a test compares the two.

A key of the configuration stands in \`postern.toml\`; its variable and its flag follow from its name:
\`smtp.max_size\` is \`POSTERN_SMTP_MAX_SIZE\` and \`--smtp-max-size\`. An option is what a program that embeds the server
gives to \`createServer\`: \`createServer(handler, { limits: { messageSize: 1_000_000 } })\`, times in milliseconds, sizes in
octets. A limit without either is fixed.

${SECTIONS.map(section).join('\n\n')}
`;
}

function section({ title, text, table, option }: Section): string {
  const rows = Object.entries(table).map(([name, limit]) => {
    const key = keys.find((key) => key.limit === limit);
    const ways = [
      ...(key === undefined ? [] : waysOf(key)),
      ...(option === null ? [] : [`option \`${option(name)}\``]),
    ];
    return `| ${[limit.about, written(limit), limit.source, ways.join('<br>') || 'fixed'].map(cell).join(' | ')} |`;
  });
  return `## ${title}

${text}

| what | default | source | to change it |
|---|---|---|---|
${rows.join('\n')}`;
}

function waysOf({ name, variable, flag }: Key): string[] {
  return [name, variable, flag].flatMap((way) => (way === undefined ? [] : [`\`${way}\``]));
}

/** A default with its unit. */
export function written({ initial, unit }: Limit): string {
  switch (unit) {
    case 'ms':
      return formatDuration(initial);
    case 'octets': {
      const size = formatSize(initial);
      return size === String(initial) ? `${initial} octets` : `${size} (${initial} octets)`;
    }
    case 'octets/s':
      return `${initial} octets a second`;
    case '1/min':
      return initial === 0 ? 'any number' : `${initial} a minute`;
    case 'bits':
      return `${initial} bits`;
    case 'count':
      return String(initial);
  }
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
