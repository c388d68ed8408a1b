import { hostname } from 'node:os';
import { z } from 'zod';
import { STORE } from '../store/limits.js';
import { SUBMISSION } from '../submission/limits.js';
import { deliverKey, deliveryKeys } from './delivery-keys.js';
import { formatEndpoint } from './endpoint.js';
import { httpKeys } from './http-keys.js';
import { key, table } from './key.js';
import { choice, count, duration, path, structured } from './kinds.js';
import { LISTENER_FORM, type ListenerConfig, formatListener, parseListener } from './listener.js';
import { limitKey } from './limit-key.js';
import { smtpKeys } from './smtp-keys.js';
import { storeUrlKey } from './store-url.js';
import { tlsKeys } from './tls-keys.js';

// The list of everything that can be configured. Variables, flags, help, errors and --print-config all come from it; a
// test compares docs/postern.toml with it.

/** Matches a field name (ftext, RFC 5322 3.6.8). */
const FIELD_NAME = /^[!-9;-~]+$/;
/** Matches a host name or an address literal. It is looser than DNS, because names of machines are. */
const HOST_NAME = /^(?=.{1,255}$)([A-Za-z0-9._-]+|\[[0-9A-Za-z:.]+\])$/;

/** The file name extensions that the mail API allows. */
const ATTACHMENTS = [
  ...['jpeg', 'jpg', 'png', 'gif', 'txt', 'pdf', 'docx', 'xlsx', 'pptx', 'csv', 'att'],
  ...['ics', 'ical', 'html', 'zip', 'auf'],
];

const listeners = z
  .array(structured<ListenerConfig>(parseListener, formatListener))
  .min(1)
  .superRefine((listeners, context) => {
    const seen = new Set<string>();
    for (const [index, listener] of listeners.entries()) {
      const endpoint = formatEndpoint(listener);
      if (listener.port !== 0 && seen.has(endpoint)) {
        context.addIssue({ code: 'custom', path: [index], message: `${endpoint} is listened on already` });
      }
      seen.add(endpoint);
    }
  });

const fieldName = z.string().regex(FIELD_NAME);

const keys = z.object({
  data: path({ about: 'Folder of the messages, domains and tokens.', initial: './data' }),
  hostname: key(z.string().regex(HOST_NAME).prefault(machineName), {
    about: "Name of the server in its greeting and in trace fields. If it is left out, the machine's own.",
    source: 'RFC 5321 4.1.1.1 asks for a fully qualified name',
    placeholder: 'NAME',
    allowed: 'a host name, or an address in brackets',
  }),
  listen: key(listeners.prefault(['smtp://127.0.0.1:2525']), {
    about: 'Where the server listens for connections.',
    source: 'no privilege needed, and no other machine can reach it',
    initial: ['smtp://127.0.0.1:2525'],
    placeholder: 'URL',
    allowed: LISTENER_FORM,
    form: 'list',
  }),
  processes: count({
    about:
      'How many server processes run on this machine and share the ports. More than one needs a database (store.url). The limits of connections and memory are those of each process.',
    source: 'a data folder has one server',
    initial: 1,
    min: 1,
    max: 64,
  }),
  deliver: deliverKey,
  http: httpKeys,
  smtp: smtpKeys,
  tls: tlsKeys,
  submission: table({
    tagHeaders: key(z.array(fieldName).prefault(['X-OMS-Tags', 'X-MailPace-Tags']), {
      about: 'Header fields that tags are taken from; they are not sent on.',
      initial: ['X-OMS-Tags', 'X-MailPace-Tags'],
      placeholder: 'NAME,...',
      allowed: 'a list of header field names',
      form: 'list',
    }),
    listUnsubscribeHeader: key(fieldName.prefault('X-List-Unsubscribe'), {
      about: 'Header field that becomes List-Unsubscribe.',
      initial: 'X-List-Unsubscribe',
      placeholder: 'NAME',
      allowed: 'a header field name',
    }),
    authorDomains: choice({
      about:
        'Of which domains the address in From may be: "exact", the domain of the token alone; "subdomains", the domains below it as well, unless they are domains of this server themselves. A message with the null reverse-path, such as a bounce of a server that relays here, may always be of a domain below.',
      initial: 'exact',
      words: ['exact', 'subdomains'],
    }),
    attachmentExtensions: key(z.array(z.string().regex(/^[a-z0-9]{1,16}$/)).prefault([...ATTACHMENTS]), {
      about:
        'File name extensions that attachments of messages sent by the HTTP API may have; an empty list allows any. SMTP has no such limit.',
      source: "the mail API's own list",
      initial: [...ATTACHMENTS],
      placeholder: 'NAME,...',
      allowed: 'a list of extensions in lower case, without a dot',
      form: 'list',
    }),
    maxMessagesPerMinute: limitKey(SUBMISSION.messagesPerMinute, { min: 0, max: 1_000_000_000 }),
    maxRecipientsPerMinute: limitKey(SUBMISSION.recipientsPerMinute, { min: 0, max: 1_000_000_000 }),
    tokenGrace: duration({
      about: 'How long the old token of a domain goes on working after "postern token rotate".',
      source: 'a day to deploy the new one',
      initial: '24h',
      min: '0',
      max: '365d',
    }),
  }),
  delivery: deliveryKeys,
  store: table({
    url: storeUrlKey,
    inFlight: limitKey(STORE.inFlight, { min: '1MiB', max: '16GiB' }),
    keepContent: duration({
      about:
        'How long the content of a message is kept after its delivery is finished; its other data stays. 0 keeps it for ever.',
      source: 'nothing is lost unless an operator asks for it',
      initial: '0',
      min: '0',
      max: '3650d',
    }),
    keepMessages: duration({
      about:
        'How long a message with all its data is kept after its delivery is finished. 0 keeps it for ever.',
      source: 'nothing is lost unless an operator asks for it',
      initial: '0',
      min: '0',
      max: '3650d',
    }),
  }),
  log: table({
    level: choice({
      about: 'Least important lines that are logged.',
      words: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      initial: 'info',
    }),
    format: choice({
      about: 'How lines are written; auto is pretty if standard error is a terminal, and json otherwise.',
      words: ['auto', 'pretty', 'json'],
      initial: 'auto',
    }),
  }),
});

/** Of an issue: the value is allowed, and does not go with that of another key. */
const BETWEEN_KEYS = { params: { betweenKeys: true } };

/**
 * The schema of the whole configuration. Tables are optional, and so is each key, except those of an array of tables.
 */
export const configSchema = keys.superRefine(({ listen, processes, smtp, store, tls }, context) => {
  if (processes > 1 && store.url === null) {
    context.addIssue({
      code: 'custom',
      ...BETWEEN_KEYS,
      path: ['processes'],
      message: 'several processes need a database: store.url (--store postgres://HOST/DATABASE) is not set',
    });
  }
  for (const [index, { proxy, clientCert }] of listen.entries()) {
    const refuse = (message: string): void => {
      context.addIssue({ code: 'custom', ...BETWEEN_KEYS, path: ['listen', index], message });
    };
    if (proxy === 'required' && smtp.trustedProxies.length === 0) {
      refuse('"proxy=required" lets no client in: smtp.trusted_proxies is empty');
    }
    if (clientCert !== 'off' && tls.clientCa === null) {
      refuse(
        `"client_cert=${clientCert}" needs an authority for client certificates: tls.client_ca is not set`,
      );
    }
  }
});

/** The configuration in force. Durations are in milliseconds, sizes in octets; a value that is not set is null. */
export type Config = z.output<typeof configSchema>;

// A machine may have any name; if its name cannot be used in a greeting, the server must start all the same.
function machineName(): string {
  return hostname().replace(/[^A-Za-z0-9._-]+/g, '-') || 'localhost';
}
