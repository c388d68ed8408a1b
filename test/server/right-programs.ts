// The right twins of the programs of `wrong-programs.test.ts`, by the names of those: each differs in what is wrong there.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  Certificates,
  type CertificatesOptions,
  createServer,
  EXTERNAL,
  oauthBearer,
  PLAIN,
  received,
  Refusal,
  Reply,
  SCRAM_SHA_256,
  scramSha256,
  xoauth2,
} from '../../src/index.js';
import { testCertificates } from '../certs.js';

type Program = () => unknown;

const make = (handler: object, options: object = {}): Program => {
  return () => createServer(handler, options);
};
const option = (options: object): Program => make({}, options);
const onAuth = (): null => null;
const onScram = (): null => null;

class Spelt {
  onAuth(): null {
    return null;
  }
}

const logger = { debug() {}, info() {}, warn() {}, error() {} };

export const RIGHT_SERVERS: Readonly<Record<string, Program>> = {
  'a misspelt method': make({ onAuth() {} }),
  'a misspelt method of a class': make(new Spelt()),
  'a method of a class in small letters': make(new Spelt()),
  'an unknown method': make({ onRcpt() {} }),
  'a method that is text': make({ onData: () => undefined }),
  'a method that is null': make({ onMail: undefined }),
  'a method that is true': make({ onRcpt: () => undefined }),
  'options in place of the handler': make({}, { certificates: undefined }),
  'an option beside the methods': make({ onData() {} }, { limits: {} }),
  'a method among the options': make({ onData() {} }, {}),
  'a function as handler': make({ onData: () => undefined }),
  'a list as handler': make({}),
  'a promise of a handler': make(new Spelt()),
  'null as handler': make({}),
  'a port as handler': make({}),
  'options that are text': make({}, { hostname: 'mx.example' }),
  'options that are a list': make({}, {}),
  'options that are null': () => createServer({}, undefined),
  'an option in small letters': option({ bareNewlines: 'reject' }),
  'a limit outside of limits': option({ limits: { messageSize: 1 } }),
  'a limit in small letters': option({ limits: { messageSize: 1 } }),
  'limits that are a number': option({ limits: { errors: 1 } }),
  'a limit that is text': option({ limits: { errors: 3 } }),
  'a limit below 0': option({ limits: { errors: 0 } }),
  'an unknown time': option({ timeouts: { command: 1 } }),
  'an unknown limit of admission': option({ admission: { connections: 1 } }),
  'an unknown rate': option({ dataRate: { grace: 1 } }),
  'an unknown extension': option({ extensions: { chunking: false } }),
  'a name that is no name': option({ hostname: 'mx.example' }),
  'a name with a line end': option({ hostname: 'mx' }),
  'a name with a port': option({ hostname: '[IPv6:2001:db8::1]' }),
  'an empty name': option({ hostname: undefined }),
  'certificates as files': async () => option({ certificates: await certificates() })(),
  'certificates that are a promise': async () => option({ certificates: await certificates() })(),
  'mechanisms by name': make({ onAuth }, { mechanisms: [PLAIN] }),
  'one mechanism, not a list': make({ onAuth }, { mechanisms: [PLAIN] }),
  'a mechanism without onAuth': make({ onAuth }, { mechanisms: [PLAIN] }),
  'SCRAM without onScram': make({ onAuth, onScram }, { mechanisms: [SCRAM_SHA_256] }),
  'a policy that there is not': option({ bareNewlines: 'normalize' }),
  'a policy that is true': option({ spaceBeforePath: 'accept' }),
  'a syntax that there is not': option({ syntax: 'lenient' }),
  'yes as text': make({ onAuth }, { allowInsecureAuth: true }),
  'one observer, not a list': option({ observers: [{ onClose() {} }] }),
  'an observer that decides': option({ observers: [{ onAccepted() {} }] }),
  'a misspelt observer': option({ observers: [{ onClose() {} }] }),
  'a clock that stands': option({ clock: () => 0 }),
  'a method that waits for a callback': make({ onData(_session: unknown, _body: unknown) {} }),
  'a callback of onConnect': make({ onConnect: (_session: unknown) => undefined }),
  'an observer with a callback': option({ observers: [{ onClose: (_a: unknown, _b: unknown) => 1 }] }),
  'a banner that is none': option({ banner: '220' }),
  'words that are a table': option({ reword: () => undefined }),
  'a state that is shared': option({ state: () => ({}) }),
  'a logger that is a function': option({ logger: console }),
  'a logger without levels': option({ logger }),
  'a look-up by name': option({ reverseLookup: true }),
  'a yes that is text': make({ onAuth }, { authOptional: true }),
  'a policy for parameters that there is not': option({ unknownParameters: 'accept' }),
  'an extension that is text': option({ extensions: { dsn: false } }),
  'an extension without its limit': option({ extensions: { deliverBy: { minimum: 60 } } }),
  'networks of too many bits': option({ admission: { ipv4Bits: 32 } }),
  'onData beside onContent': make({ onContent() {} }),
  'an onAuth that was not found': make({}),
  'an empty list of mechanisms': make({ onAuth }, { mechanisms: [], authOptional: true }),
  'onScram without SCRAM': make({ onAuth, onScram }, { mechanisms: [PLAIN, SCRAM_SHA_256] }),
  'AUTH in the clear without onAuth': option({ allowInsecureAuth: false }),
  'AUTH that is optional without onAuth': option({ authOptional: false }),
  'EXTERNAL without authorities': async () =>
    make({ onAuth }, { mechanisms: [EXTERNAL], certificates: await certificates() })(),
  'BINARYMIME without CHUNKING': option({ extensions: { binaryMime: true } }),
  'a time of 0': option({ timeouts: { command: Infinity, linger: 0 } }),
  'messages without content': option({ limits: { messageSize: Infinity } }),
  'no connections': option({ admission: { connections: 1 } }),
  'an option of listen': option({}),
  'a method of another library': make({ onMail() {} }),
  'another one': make({ onRcpt() {} }),
  'a method by the word of the command': make({ onHello() {} }),
  'a method for messages': make({ onData() {} }),
  'a method for the end': make({ onClose() {} }),
  'an option of another library': make({ onAuth }, { mechanisms: [PLAIN] }),
  'the name of the server': option({ hostname: 'mx.example' }),
  'a size': option({ limits: { messageSize: 1 } }),
  'a certificate alone': async () => option({ certificates: await certificates() })(),
  'clients at once': option({ admission: { connections: 1 } }),
  'AUTH without TLS': make({ onAuth }, { allowInsecureAuth: true }),
  'the same mechanism twice': make({ onAuth, onScram }, { mechanisms: [PLAIN, SCRAM_SHA_256] }),
};

interface Listener {
  /** The options of `listen`. */
  readonly options: unknown;
  readonly handler?: object;
  readonly server?: object;
}

/** @param folder for Unix sockets */
export const RIGHT_LISTENERS: Readonly<Record<string, (folder: string) => Listener | Promise<Listener>>> = {
  nothing: () => ({ options: 0 }),
  'a list': () => ({ options: 0 }),
  'no place': () => ({ options: { host: '127.0.0.1', port: 0 } }),
  'two places': (folder) => ({ options: { path: join(folder, 'x') } }),
  'a port as text': () => ({ options: { port: 0 } }),
  'a port that is too high': () => ({ options: 0 }),
  'a port that is none': () => ({ options: 0 }),
  'a host beside a path': (folder) => ({ options: join(folder, 'x') }),
  'TLS that is on': () => ({ options: { port: 0, tls: 'starttls' } }),
  'TLS that is true': () => ({ options: { port: 0, tls: 'detect' } }),
  'TLS without certificates': () => ({ options: { port: 0, tls: 'implicit' } }),
  'TLS on a Unix socket': (folder) => ({ options: { path: join(folder, 'x'), tls: 'off' } }),
  'TLS required where there is none': () => ({ options: { port: 0, tlsRequired: true } }),
  'AUTH required without onAuth': () => ({ options: { port: 0, authRequired: true }, handler: { onAuth } }),
  'an unknown option': () => ({ options: { port: 0 } }),
  'an option of a web server': () => ({ options: { port: 0 } }),
  'TLS by the word of another library': () => ({ options: { port: 0, tls: 'implicit' } }),
  'proxies of another library': () => ({ options: { port: 0, proxies: ['192.0.2.1'] } }),
  'an option of createServer': () => ({ options: { port: 0 } }),
  'a refusal without proxies': () => ({
    options: { port: 0, proxies: ['192.0.2.1'], proxyRefusal: '421 no' },
  }),
  'a wait for TLS without detection': () => ({ options: { port: 0, tls: 'detect', tlsDetectMs: 100 } }),
  'a misspelt option': () => ({ options: { port: 0, proxies: [] } }),
  'a proxy as text': () => ({ options: { port: 0, proxies: ['192.0.2.1'] } }),
  'proxies only, and none': () => ({ options: { port: 0, proxies: ['192.0.2.1'], proxiesOnly: true } }),
  'a proxy that is no network': () => ({ options: { port: 0, proxies: ['127.0.0.0/8'] } }),
  'a relay that is no network': () => ({ options: { port: 0, relays: ['10.0.0.0/8'] } }),
  'LMTP on port 25': () => ({ options: { port: 0, lmtp: true } }),
  'a wait as text': () => ({ options: { port: 0, tls: 'detect', tlsDetectMs: 1000 } }),
  'client certificates without TLS': () => ({ options: { port: 0, clientCertificates: 'required' } }),
  'a backlog of none': () => ({ options: { port: 0, backlog: 1 } }),
  'a port of the environment': () => ({ options: Number('0') }),
  'a descriptor as text': async () => ({ options: { handle: await listening() } }),
  'a handle of a server that does not listen': async () => ({ options: { handle: await listening() } }),
  'a descriptor alone': async () => ({ options: { handle: await listening() } }),
  'proxies on a Unix socket': (folder) => ({ options: { path: join(folder, 'x'), proxies: [], relays: [] } }),
};

export const RIGHT_VALUES: Readonly<Record<string, Program>> = {
  'a reply without text': () => new Reply(550, '5.7.1', 'text'),
  'a reply of a code alone': () => new Reply(550, null, 'x'),
  'a text in place of the enhanced code': () => new Reply(550, '5.1.1', 'No'),
  'a code that there is not': () => new Reply(559, null, 'x'),
  'a code as text': () => new Reply(250, null, 'x'),
  'an enhanced code of another class': () => new Reply(450, '4.7.1', 'x'),
  'options in place of the words of a refusal': () =>
    new Refusal(new Reply(550, null, 'x'), undefined, { cause: 1 }),
  'a reply of another kind': () => new Refusal(new Reply(450, '4.2.0', ['a', 'b'])),
  'a refusal that is text': () => new Refusal(new Reply(550, null, 'no')),
  'certificates that are no list': certificates,
  'a source without a key': certificates,
  'a source that is a file name': async () => {
    const { cert, key } = await testCertificates();
    return Certificates.load([{ cert: await readFile(cert), key: await readFile(key) }]);
  },
  'a key that is not set': certificates,
  'a source with a passphrase': certificates,
  'a name that is no list': () => loaded({}, { names: ['mx.example'] }),
  'a misspelt option of certificates that are made with new': () => loaded({ ciphers: 'ECDHE+AESGCM' }),
  'a misspelt option of certificates': () => loaded({ minVersion: 'TLSv1.3' }),
  'a version of TLS that there is not': () => loaded({ minVersion: 'TLSv1.3' }),
  'authorities in a file that is misspelt': certificates,
  'keys of tickets that are short': () => loaded({ ticketKeys: Buffer.alloc(48) }),
  'an error in place of the options of a refusal': () =>
    new Refusal(new Reply(550, null, 'x'), 'words', { cause: new Error('why') }),
  'a misspelt option of SCRAM': () => scramSha256({ iterations: 4096, saltOctets: 16, secret: 'x' }),
  'a misspelt option of OAUTHBEARER': () =>
    oauthBearer({ scope: 'mail', openidConfiguration: 'https://a.example' }),
  'an option that XOAUTH2 does not have': () => xoauth2({ scope: 'mail' }),
  'a misspelt option of the trace field': () => received(session, { id: 'x' }),
  'a time that is a date': () => received(session, { time: Date.now() }),
};

const session = {
  id: 'a',
  remoteAddress: '192.0.2.1',
  hostname: 'mx.example',
  hello: null,
  envelope: null,
  tls: null,
  principal: null,
} as never;

/** Returns a server that listens, for its handle. */
async function listening(): Promise<object> {
  const server = createNetServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

async function loaded(options: CertificatesOptions, source: object = {}): Promise<Certificates> {
  const { cert, key } = await testCertificates();
  return Certificates.load([{ certFile: cert, keyFile: key, ...source }], options);
}

/** Returns certificates that vouch for clients, too. */
export async function certificates(): Promise<Certificates> {
  const { ca, cert, key } = await testCertificates();
  return Certificates.load([{ certFile: cert, keyFile: key }], { clientAuthorities: { file: ca } });
}
