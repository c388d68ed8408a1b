// The rows of bench/fairness.mjs: what another tenant or a remote server does while the idle tenant is measured.
import { SHAPES } from '../../test/shapes/messages.mjs';
import { BODIES } from './bodies.mjs';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {'smtp' | 'https' | 'file'} route where the other tenant's mail goes
 * @property {boolean} [dkim] signs it
 * @property {boolean} [webhook] reports it to a webhook
 * @property {boolean} [tls] the other tenant submits over TLS
 * @property {Attack} attack
 * @property {Remote} [remote] what the remote SMTP server does; it takes everything if absent
 * @property {Answer} [api] what the mail API answers
 * @property {Answer} [hook] what the webhook answers
 * @property {'full' | 'stuck'} [log] standard error is a full disk, or a pipe that is not read
 * @property {boolean} [quick] is a row of `--quick`
 *
 * @typedef {{ kind: 'none' }
 *   | { kind: 'messages', shape: string, octets: number, count: number }
 *   | { kind: 'flood', connections: number, seconds: number }
 *   | { kind: 'bodies', body: string, octets: number, connections: number, seconds: number }
 *   | { kind: 'headers', connections: number, octets: number }} Attack
 * @typedef {{ at: 'connect' | 'hello' | 'mail' | 'data' | 'end', what: 'blank-endless' | 'blank-mib' | 'replies' |
 *   'line' | 'silence' | 'slow' | 'reset' }} Remote
 * @typedef {'ok' | 'slow' | 'silence' | 'endless' | 'reset'} Answer
 */

/** @returns {Attack} */
const messages = (shape, octets, count = 1) => ({ kind: 'messages', shape, octets, count });

/** @returns {Row[]} */
function bodyRows() {
  return SHAPES.filter(({ part }) => part === 'body').map(({ name }) => ({
    name: `https and webhook: ${name}, 10 MiB`,
    route: 'https',
    webhook: true,
    attack: messages(name, 10 * MIB),
    quick: ['blank-lines', 'tiny-parts'].includes(name),
  }));
}

/** @returns {Row[]} */
function headerRows() {
  return SHAPES.filter(({ part }) => part === 'header').map(({ name }) => ({
    name: `smtp, DKIM and webhook: ${name}, 10 x 250 KiB`,
    route: 'smtp',
    dkim: true,
    webhook: true,
    attack: messages(name, 250 * KIB, 10),
    quick: name === 'bcc-fields',
  }));
}

/** @returns {Row[]} */
function largeRows() {
  const large = (name, octets, rest) => ({ name, attack: messages(rest.shape, octets), ...rest });
  return [
    large('https: blank-lines, 50 MB', 50_000_000, { shape: 'blank-lines', route: 'https' }),
    large('https: text, 50 MB', 50_000_000, { shape: 'text', route: 'https' }),
    large('https: base64, 50 MB', 50_000_000, { shape: 'base64', route: 'https', webhook: true }),
    large('smtp over TLS: text, 50 MB', 50_000_000, { shape: 'text', route: 'smtp', tls: true }),
    large('smtp and DKIM: blank-lines, 50 MB', 50_000_000, {
      shape: 'blank-lines',
      route: 'smtp',
      dkim: true,
    }),
    large('smtp and DKIM: one-line, 50 MB', 50_000_000, { shape: 'one-line', route: 'smtp', dkim: true }),
    large('file: blank-lines, 50 MB', 50_000_000, { shape: 'blank-lines', route: 'file', tls: true }),
    ...['smtp', 'https', 'file'].map((route) => ({
      name: `${route}: 100 recipients, 50 x 64 KiB`,
      route,
      webhook: true,
      attack: messages('recipients', 64 * KIB, 50),
    })),
  ];
}

/**
 * Bodies of the HTTP API, of up to 32 KiB on the event loop and of up to 50 MiB in a thread. The first ones have the shapes
 * that cost most.
 *
 * @returns {Row[]}
 */
function apiRows() {
  const bodies = (body, octets, connections = 4) => ({
    name: `HTTP API: ${body}, ${octets < MIB ? `${octets / KIB} KiB` : `${octets / MIB} MiB`}, ${connections} connections`,
    route: /** @type {const} */ ('smtp'),
    attack: /** @type {const} */ ({ kind: 'bodies', body, octets, connections, seconds: 4 }),
    quick: body === 'a subject' && octets === 32 * KIB,
  });
  const dearest = ['a subject', 'tags', 'header fields', 'attachments without an octet'];
  return [
    ...[16, 32, 64].flatMap((size) => dearest.map((body) => bodies(body, size * KIB))),
    ...Object.keys(BODIES)
      .filter((body) => !dearest.includes(body))
      .map((body) => bodies(body, 32 * KIB)),
    ...[...dearest, 'a text', 'levels of lists', 'an attachment'].map((body) => bodies(body, 50 * MIB, 1)),
  ];
}

/** @returns {Row[]} */
function remoteRows() {
  const some = messages('text', 16 * KIB, 100);
  const remote = (at, what, quick = false) => ({
    name: `remote server: ${what} at ${at}`,
    route: 'smtp',
    attack: some,
    remote: { at, what },
    quick,
  });
  const hook = (answer) => ({
    name: `webhook: ${answer}`,
    route: 'file',
    webhook: true,
    attack: some,
    hook: answer,
  });
  return [
    remote('connect', 'blank-endless'),
    remote('hello', 'blank-endless', true),
    remote('hello', 'blank-mib'),
    remote('mail', 'blank-endless'),
    remote('data', 'blank-endless'),
    remote('end', 'blank-endless'),
    remote('hello', 'replies'),
    remote('end', 'replies'),
    remote('hello', 'line'),
    remote('connect', 'silence'),
    remote('data', 'silence'),
    remote('end', 'slow'),
    remote('data', 'reset'),
    ...['slow', 'silence', 'endless', 'reset'].flatMap((answer) => [
      { name: `mail API: ${answer}`, route: /** @type {const} */ ('https'), attack: some, api: answer },
      hook(answer),
    ]),
  ];
}

/** @type {readonly Row[]} */
export const ROWS = [
  { name: 'nothing', route: 'smtp', attack: { kind: 'none' }, quick: true },
  { name: 'honest flood, smtp', route: 'smtp', attack: { kind: 'flood', connections: 8, seconds: 4 } },
  {
    name: 'honest flood, smtp, DKIM and webhook',
    route: 'smtp',
    dkim: true,
    webhook: true,
    attack: { kind: 'flood', connections: 8, seconds: 4 },
    quick: true,
  },
  ...bodyRows(),
  ...headerRows(),
  ...largeRows(),
  ...apiRows(),
  ...remoteRows(),
  {
    name: 'log: a full disk',
    route: 'smtp',
    attack: { kind: 'flood', connections: 8, seconds: 4 },
    log: 'full',
  },
  {
    name: 'log: a pipe that is not read',
    route: 'smtp',
    attack: { kind: 'flood', connections: 8, seconds: 4 },
    log: 'stuck',
    quick: true,
  },
  {
    name: '400 unfinished header sections of 250 KiB',
    route: 'smtp',
    attack: { kind: 'headers', connections: 400, octets: 250 * KIB },
  },
];
