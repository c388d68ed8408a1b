// Wrong programs, as plain JavaScript would let them through: each is refused when it starts, by an error that names
// what came and what is allowed. Or it is refused on the wire: nothing that a hook answers by mistake is a yes.
import { createServer as createNetServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  Certificates,
  createServer,
  EXTERNAL,
  oauthBearer,
  PLAIN,
  received,
  Refusal,
  Reply,
  SCRAM_SHA_256,
  scramKeys,
  scramSha256,
  Secret,
  xoauth2,
} from '../../src/index.js';
import { scratch } from '../scratch.js';
import { localhostCertificates, serve, until } from './harness.js';
import { certificates, RIGHT_LISTENERS, RIGHT_SERVERS, RIGHT_VALUES } from './right-programs.js';
import { Talk } from './talk.js';

const make = (handler?: unknown, options?: unknown) => (): unknown =>
  createServer(handler as object, options as object);
const option = (options: object) => make({}, options);

class Misspelt {
  onAuht(): null {
    return null;
  }
}
class Lower {
  onauth(): null {
    return null;
  }
}
class Fine {
  readonly accounts = new Map<string, string>();
  onAuth(): null {
    return this.helper();
  }
  helper(): null {
    return null;
  }
}

/** What is wrong, the program, and the words of its error. */
type Wrong = readonly [name: string, program: () => unknown, error: RegExp];

const WRONG_SERVERS: readonly Wrong[] = [
  ['a misspelt method', make({ onAuht() {} }), /handler: there is no method onAuht; did you mean onAuth\?/],
  ['a misspelt method of a class', make(new Misspelt()), /no method onAuht; did you mean onAuth\?/],
  ['a method of a class in small letters', make(new Lower()), /no method onauth; did you mean onAuth\?/],
  ['an unknown method', make({ validate() {} }), /there is no method validate/],
  ['a method that is text', make({ onData: 'drop' }), /onData: expected a function, got "drop"/],
  ['a method that is null', make({ onMail: null }), /onMail: expected a function, got null/],
  ['a method that is true', make({ onRcpt: true }), /onRcpt: expected a function, got true/],
  [
    'options in place of the handler',
    make({ certificates: 1 }),
    /certificates is an option: createServer\(handler, \{/,
  ],
  ['an option beside the methods', make({ onData() {}, limits: {} }), /limits is an option/],
  [
    'a method among the options',
    option({ onData() {} }),
    /onData is a method of the handler, the first argument/,
  ],
  ['a function as handler', make(() => undefined), /handler: expected an object with methods/],
  ['a list as handler', make([]), /handler: expected an object .*got a list of 0/],
  [
    'a promise of a handler',
    make(Promise.resolve({ onAuth() {} })),
    /handler: expected an object with methods such as onMail, onRcpt, onData, onContent, got an object \(Promise\)/,
  ],
  ['null as handler', make(null), /handler: expected an object .*got null/],
  ['a port as handler', make(2525), /handler: expected an object .*got 2525/],
  ['options that are text', make({}, 'mx.example'), /expected an object of options, got "mx.example"/],
  ['options that are a list', make({}, []), /expected an object of options, got a list/],
  ['options that are null', make({}, null), /expected an object of options, got null/],
  ['an option in small letters', option({ bareNewLines: 'reject' }), /did you mean bareNewlines\?/],
  [
    'a limit outside of limits',
    option({ messageSize: 1 }),
    /no option messageSize; did you mean limits.messageSize\?/,
  ],
  [
    'a limit in small letters',
    option({ limits: { messagesize: 1 } }),
    /limits: there is no option messagesize; did you mean messageSize\?/,
  ],
  ['limits that are a number', option({ limits: 1 }), /limits: expected an object of options, got 1/],
  ['a limit that is text', option({ limits: { errors: '3' } }), /limits.errors: expected a number/],
  ['a limit below 0', option({ limits: { errors: -1 } }), /limits.errors: expected a number/],
  ['an unknown time', option({ timeouts: { comand: 1 } }), /no option comand; did you mean command\?/],
  ['an unknown limit of admission', option({ admission: { connection: 1 } }), /did you mean connections\?/],
  ['an unknown rate', option({ dataRate: { graze: 1 } }), /did you mean grace\?/],
  ['an unknown extension', option({ extensions: { chunkin: false } }), /did you mean chunking\?/],
  [
    'a name that is no name',
    option({ hostname: 'mx example' }),
    /hostname: expected a domain or an address literal/,
  ],
  [
    'a name with a line end',
    option({ hostname: 'mx\r\n250 x' }),
    /hostname: expected a domain or an address literal/,
  ],
  [
    'a name with a port',
    option({ hostname: 'mx.example:25' }),
    /hostname: expected a domain or an address literal, got "mx.example:25"/,
  ],
  ['an empty name', option({ hostname: '' }), /hostname: expected a domain or an address literal, got ""/],
  [
    'certificates as files',
    option({ certificates: { certFile: 'a' } }),
    /certificates: expected what Certificates.load gives, got an object/,
  ],
  [
    'certificates that are a promise',
    option({ certificates: Promise.resolve() }),
    /got an object \(Promise\)/,
  ],
  [
    'mechanisms by name',
    make({ onAuth() {} }, { mechanisms: ['PLAIN'] }),
    /mechanisms: expected a list of mechanisms/,
  ],
  ['one mechanism, not a list', make({ onAuth() {} }, { mechanisms: PLAIN }), /mechanisms: expected a list/],
  ['a mechanism without onAuth', option({ mechanisms: [PLAIN] }), /PLAIN needs onAuth/],
  ['SCRAM without onScram', make({ onAuth() {} }, { mechanisms: [SCRAM_SHA_256] }), /needs onScram/],
  [
    'a policy that there is not',
    option({ bareNewlines: 'accept' }),
    /expected one of 'reject', 'normalize', got "accept"/,
  ],
  [
    'a policy that is true',
    option({ spaceBeforePath: true }),
    /expected one of 'accept', 'reject', got true/,
  ],
  [
    'a syntax that there is not',
    option({ syntax: 'lax' }),
    /expected one of 'tolerant', 'strict', 'lenient'/,
  ],
  [
    'yes as text',
    option({ allowInsecureAuth: 'yes' }),
    /allowInsecureAuth: expected true or false, got "yes"/,
  ],
  ['one observer, not a list', option({ observers: { onClose() {} } }), /observers: expected a list/],
  [
    'an observer that decides',
    option({ observers: [{ onMail() {} }] }),
    /observers\[0\]: there is no method onMail/,
  ],
  [
    'a misspelt observer',
    option({ observers: [{ onclose() {} }] }),
    /no method onclose; did you mean onClose\?/,
  ],
  ['a clock that stands', option({ clock: 0 }), /clock: expected a function, got 0/],
  [
    'a method that waits for a callback',
    make({ onData(_stream: unknown, _session: unknown, _callback: unknown) {} }),
    /onData: expected a function of 2 parameters at the most, got one of 3: it returns its decision/,
  ],
  [
    'a callback of onConnect',
    make({ onConnect: (_session: unknown, _callback: unknown) => undefined }),
    /onConnect: expected a function of 1 parameters at the most/,
  ],
  [
    'an observer with a callback',
    option({ observers: [{ onClose: (_a: unknown, _b: unknown, _c: unknown) => 1 }] }),
    /onClose: expected a function of 2/,
  ],
  ['a banner that is none', option({ banner: 220 }), /banner: expected text, got 220/],
  [
    'words that are a table',
    option({ reword: { greeting: 'hi' } }),
    /reword: expected a function, got an object/,
  ],
  ['a state that is shared', option({ state: {} }), /state: expected a function, got an object/],
  [
    'a logger that is a function',
    option({ logger: console.log }),
    /logger: expected an object with debug, info/,
  ],
  [
    'a logger without levels',
    option({ logger: { log() {} } }),
    /logger: expected an object with debug, info/,
  ],
  [
    'a look-up by name',
    option({ reverseLookup: 'dns' }),
    /reverseLookup: expected true, false or a function/,
  ],
  ['a yes that is text', option({ authOptional: 'yes' }), /authOptional: expected true or false, got "yes"/],
  [
    'a policy for parameters that there is not',
    option({ unknownParameters: 'ignore' }),
    /unknownParameters: expected one of 'reject', 'accept'/,
  ],
  [
    'an extension that is text',
    option({ extensions: { dsn: 'no' } }),
    /extensions: dsn: expected true or false, got "no"/,
  ],
  [
    'an extension without its limit',
    option({ extensions: { deliverBy: true } }),
    /extensions: deliverBy: expected false, or an object such as \{ minimum: 60 \}, got true/,
  ],
  [
    'networks of too many bits',
    option({ admission: { ipv4Bits: 33 } }),
    /admission.ipv4Bits: expected 1 to 32, got 33/,
  ],
  [
    'onData beside onContent',
    make({ onData() {}, onContent() {} }),
    /onData would never be called beside onContent/,
  ],
  [
    'an onAuth that was not found',
    make({ onAuth: undefined }),
    /onAuth is undefined: give a function, or leave it out/,
  ],
  ['an empty list of mechanisms', make({ onAuth() {} }, { mechanisms: [] }), /an empty list offers no AUTH/],
  [
    'onScram without SCRAM',
    make({ onAuth() {}, onScram() {} }, { mechanisms: [PLAIN] }),
    /onScram would never be called: list SCRAM_SHA_256/,
  ],
  ['AUTH in the clear without onAuth', option({ allowInsecureAuth: true }), /allowInsecureAuth needs onAuth/],
  ['AUTH that is optional without onAuth', option({ authOptional: true }), /authOptional needs onAuth/],
  [
    'EXTERNAL without authorities',
    make({ onAuth() {} }, { mechanisms: [EXTERNAL] }),
    /EXTERNAL needs certificates with clientAuthorities/,
  ],
  [
    'BINARYMIME without CHUNKING',
    option({ extensions: { chunking: false, binaryMime: true } }),
    /binaryMime needs chunking/,
  ],
  [
    'a time of 0',
    option({ timeouts: { command: 0 } }),
    /timeouts.command: expected a number above 0, or Infinity, got 0/,
  ],
  [
    'messages without content',
    option({ limits: { messageSize: 0 } }),
    /limits.messageSize: expected a number above 0, or Infinity, got 0/,
  ],
  [
    'no connections',
    option({ admission: { connections: 0 } }),
    /admission.connections: expected a number above 0, or Infinity, got 0/,
  ],
  ['an option of listen', option({ port: 25 }), /port is an option of listen: server.listen\(\{ port \}\)/],
  ['a method of another library', make({ onMailFrom() {} }), /no method onMailFrom; did you mean onMail\?/],
  ['another one', make({ onRcptTo() {} }), /no method onRcptTo; did you mean onRcpt\?/],
  ['a method by the word of the command', make({ onEhlo() {} }), /no method onEhlo; did you mean onHello\?/],
  ['a method for messages', make({ onMessage() {} }), /no method onMessage; did you mean onData\?/],
  ['a method for the end', make({ onDisconnect() {} }), /no method onDisconnect; did you mean onClose\?/],
  [
    'an option of another library',
    option({ authMethods: ['PLAIN'] }),
    /no option authMethods; did you mean mechanisms\?/,
  ],
  ['the name of the server', option({ name: 'mx.example' }), /no option name; did you mean hostname\?/],
  ['a size', option({ size: 1 }), /no option size; did you mean limits.messageSize\?/],
  ['a certificate alone', option({ cert: 'a' }), /no option cert; did you mean certificates\?/],
  ['clients at once', option({ maxClients: 1 }), /did you mean admission.connections\?/],
  ['AUTH without TLS', option({ insecure: true }), /did you mean allowInsecureAuth\?/],
  [
    'the same mechanism twice',
    make({ onAuth() {} }, { mechanisms: [PLAIN, PLAIN] }),
    /mechanisms: PLAIN is listed twice/,
  ],
];

describe('createServer refuses', () => {
  it.each(WRONG_SERVERS)('%s', (_, program, message) => {
    expect(program).toThrow(message);
  });

  it.each(WRONG_SERVERS)('and takes the right twin of %s', async (name) => {
    const right = RIGHT_SERVERS[name];
    expect(right, 'a twin').toBeDefined();
    await right?.();
  });

  it('and takes an instance of a class, whatever else it has', () => {
    expect(make(new Fine())).not.toThrow();
    expect(make(Object.create(null) as object)).not.toThrow();
    expect(make({ onData: undefined }, { hostname: undefined })).not.toThrow();
  });
});

const WRONG_LISTENERS: readonly (readonly [name: string, options: unknown, error: RegExp])[] = [
  ['nothing', undefined, /listen: expected an object of options, got undefined/],
  ['a list', [25], /expected an object of options, got a list of 1/],
  ['no place', { host: '127.0.0.1' }, /expected one of port, path and handle/],
  ['two places', { port: 0, path: '/tmp/x' }, /expected one of port, path and handle/],
  ['a port as text', { port: '2525' }, /port: expected a whole number from 0 to 65535, got "2525"/],
  ['a port that is too high', 65_536, /port: expected a whole number from 0 to 65535, got 65536/],
  ['a port that is none', NaN, /port: expected a whole number/],
  ['a host beside a path', { path: '/tmp/x', host: '::' }, /host belongs to a port/],
  [
    'TLS that is on',
    { port: 0, tls: 'on' },
    /tls: expected one of 'starttls', 'implicit', 'detect', 'off', got "on"/,
  ],
  ['TLS that is true', { port: 0, tls: true }, /tls: expected one of/],
  ['TLS without certificates', { port: 0, tls: 'implicit' }, /needs certificates/],
  ['TLS on a Unix socket', { path: '/tmp/x', tls: 'starttls' }, /cannot be had on a Unix socket/],
  ['TLS required where there is none', { port: 0, tlsRequired: true }, /tlsRequired cannot be met/],
  ['AUTH required without onAuth', { port: 0, authRequired: true }, /authRequired needs onAuth/],
  ['an unknown option', { prot: 25 }, /there is no option prot; did you mean port\?/],
  [
    'an option of a web server',
    { port: 0, workers: 2 },
    /there is no option workers; there is host, port, path/,
  ],
  [
    'TLS by the word of another library',
    { port: 0, secure: true },
    /there is no option secure; did you mean tls\?/,
  ],
  ['proxies of another library', { port: 0, useProxy: true }, /did you mean proxies\?/],
  [
    'an option of createServer',
    { port: 0, certificates: {} },
    /certificates is an option of createServer: createServer\(handler, \{ certificates \}\)/,
  ],
  ['a refusal without proxies', { port: 0, proxyRefusal: '421 no' }, /proxyRefusal needs proxies/],
  ['a wait for TLS without detection', { port: 0, tlsDetectMs: 100 }, /tlsDetectMs needs tls 'detect'/],
  ['a misspelt option', { port: 0, proxys: [] }, /did you mean proxies\?/],
  ['a proxy as text', { port: 0, proxies: '192.0.2.1' }, /proxies: expected a list of texts/],
  ['proxies only, and none', { port: 0, proxiesOnly: true }, /proxiesOnly needs proxies/],
  [
    'a proxy that is no network',
    { port: 0, proxies: ['localhost'] },
    /listen: proxies: expected an address or a network .*got localhost/,
  ],
  [
    'a relay that is no network',
    { port: 0, relays: ['10.0.0.0/33'] },
    /listen: relays: expected an address or a network/,
  ],
  ['LMTP on port 25', { port: 25, lmtp: true }, /RFC 2033/],
  ['a wait as text', { port: 0, tlsDetectMs: '1s' }, /tlsDetectMs: expected milliseconds/],
  [
    'client certificates without TLS',
    { port: 0, clientCertificates: 'required' },
    /cannot be met with tls 'off'/,
  ],
  ['a backlog of none', { port: 0, backlog: 0 }, /backlog: expected a whole number from 1/],
  ['a port of the environment', '2525', /listen: expected a port as a number, got "2525"/],
  [
    'a descriptor as text',
    { handle: { fd: '3' } },
    /handle: expected a socket or server that listens, its handle, or { fd } with a number, got an object/,
  ],
  [
    'a handle of a server that does not listen',
    { handle: createNetServer() },
    /handle: expected a socket or/,
  ],
  ['a descriptor alone', { fd: 3 }, /there is no option fd; did you mean handle\?/],
  [
    'proxies on a Unix socket',
    { path: '/tmp/x', proxies: ['127.0.0.1'] },
    /proxies and relays have no address on a Unix socket/,
  ],
];

describe('listen refuses', () => {
  const listen = (options: unknown, handler: object = {}, server: object = {}) =>
    createServer(handler, server).listen(options as number);

  it.each(WRONG_LISTENERS)('%s', async (_, options, message) => {
    await expect(listen(options)).rejects.toThrow(message);
  });

  it.each(WRONG_LISTENERS)('and takes the right twin of %s', async (name) => {
    const right = RIGHT_LISTENERS[name];
    expect(right, 'a twin').toBeDefined();
    const { options, handler = {}, server = {} } = (await right?.(await scratch())) ?? {};
    const running = createServer(handler, { certificates: await certificates(), ...server });
    onTestFinished(() => running.close(0));
    await running.listen(options as number);
  });

  it.each([
    ['a host', '0.0.0.0', 'got another one: "0.0.0.0"'],
    ['a callback', () => undefined, 'got another one: a function'],
    ['a value that is not set', undefined, 'got another one: undefined'],
  ])('%s in a second argument', async (_, second, words) => {
    const server = createServer();
    onTestFinished(() => server.close(0));
    const rejected = (server.listen as (...given: unknown[]) => Promise<unknown>).call(server, 0, second);
    await expect(rejected).rejects.toThrow(
      /^listen: expected one argument, as in await listen\({ port, host }\)/,
    );
    await expect(rejected).rejects.toThrow(words);
    expect(server.address()).toBeNull();
  });

  it('to be called after close, and leaves no port open', async () => {
    const server = createServer();
    await server.close();
    await expect(server.listen(0)).rejects.toThrow('listen: the server was closed');
    const other = createServer();
    const listening = other.listen(0);
    await other.close();
    await expect(listening).rejects.toThrow('listen: the server was closed');
    expect([server.address(), other.address()]).toEqual([null, null]);
  });

  it('AUTH by certificates for which no client is asked', async () => {
    const options = { certificates: await certificates(), mechanisms: [EXTERNAL] };
    const onAuth = (): null => null;
    await expect(listen(0, { onAuth }, options)).rejects.toThrow(
      'listen: no mechanism is on offer here: EXTERNAL needs clientCertificates',
    );
    await expect(
      listen(0, { onAuth }, { mechanisms: [], authOptional: true, allowInsecureAuth: true }),
    ).rejects.toThrow('no mechanism is on offer here');
    for (const right of [options, { ...options, mechanisms: [EXTERNAL, PLAIN] }]) {
      const server = createServer({ onAuth }, right);
      onTestFinished(() => server.close(0));
      const asks = right.mechanisms.length === 1 ? { clientCertificates: 'optional' as const } : {};
      await server.listen({ port: 0, ...asks });
    }
  });

  it('AUTH that no client could have', async () => {
    const onAuth = (): null => null;
    await expect(listen(0, { onAuth })).rejects.toThrow(
      /AUTH is not offered without TLS: .*allowInsecureAuth/,
    );
    await expect(listen({ port: 0, authRequired: false }, { onAuth })).rejects.toThrow(
      /authRequired false needs authOptional: true/,
    );
    const server = createServer({ onAuth }, { authOptional: true });
    onTestFinished(() => server.close(0));
    await server.listen({ port: 0, authRequired: false });
  });
});

const WRONG_VALUES: readonly Wrong[] = [
  [
    'a reply without text',
    () => new Reply(550, '5.7.1', undefined as never),
    /reply text: .*new Reply\(550, '5.7.1', 'text'\), got undefined/,
  ],
  [
    'a reply of a code alone',
    () => new Reply(550, undefined as never, 'x'),
    /enhanced code: expected null, or 5.x.x as text for 550, got undefined/,
  ],
  ['a text in place of the enhanced code', () => new Reply(550, 'No', 'x'), /enhanced code: .*got "No"/],
  [
    'a code that there is not',
    () => new Reply(999, null, 'x'),
    /reply code: expected a number from 200 to 559, got 999/,
  ],
  [
    'a code as text',
    () => new Reply('550' as never, null, 'x'),
    /reply code: expected a number from 200 to 559, got "550"/,
  ],
  [
    'options in place of the words of a refusal',
    () => new Refusal(new Reply(550, null, 'x'), { cause: 1 } as never),
    /Refusal: expected a message of text before the options, got an object/,
  ],
  [
    'an enhanced code of another class',
    () => new Reply(550, '4.7.1', 'x'),
    /expected null, or 5.x.x as text for 550, got "4.7.1"/,
  ],
  [
    'a refusal that is text',
    () => new Refusal('no' as never),
    /Refusal: expected a Reply of 400 to 599, got "no"/,
  ],
  [
    'a reply of another kind',
    () => new Refusal({ code: 550, text: 'no' } as never),
    /Refusal: expected a Reply of 400 to 599, got an object$/,
  ],
  [
    'certificates that are no list',
    () => Certificates.load({} as never),
    /Certificates.load: expected a list of \{ certFile, keyFile \} or \{ cert, key \}, got an object/,
  ],
  [
    'a source without a key',
    () => Certificates.load([{ certFile: 'a' }] as never),
    /source 1: expected { certFile, keyFile } or { cert, key }, got certFile$/,
  ],
  [
    'a source that is a file name',
    () => Certificates.load(['a.pem'] as never),
    /source 1: expected .*got "a.pem"/,
  ],
  [
    'a key that is not set',
    () => Certificates.load([{ cert: 'a', key: undefined }] as never),
    /source 1: expected .*{ cert, key }, got cert$/,
  ],
  [
    'a source with a passphrase',
    () => Certificates.load([{ cert: 'a', key: 'b', passphrase: 'c' }] as never),
    /source 1: there is no option passphrase; there is certFile, keyFile, cert, key, names/,
  ],
  [
    'a name that is no list',
    () => Certificates.load([{ cert: 'a', key: 'b', names: 'mx.example' }] as never),
    /source 1: names: expected a list of texts, got "mx.example"/,
  ],
  [
    'a misspelt option of certificates that are made with new',
    () => new Certificates([], { ciphres: 'x' } as never),
    /Certificates.load: there is no option ciphres; did you mean ciphers\?/,
  ],
  [
    'a misspelt option of certificates',
    () => Certificates.load([], { minVersoin: 'TLSv1.3' } as never),
    /Certificates.load: there is no option minVersoin; did you mean minVersion\?/,
  ],
  [
    'a version of TLS that there is not',
    () => Certificates.load([], { minVersion: 'TLS1.3' } as never),
    /minVersion: expected one of 'TLSv1', .*got "TLS1.3"/,
  ],
  [
    'authorities in a file that is misspelt',
    () => Certificates.load([], { clientAuthorities: { fiel: 'ca.pem' } } as never),
    /clientAuthorities: there is no option fiel; did you mean file\?/,
  ],
  [
    'keys of tickets that are short',
    () => Certificates.load([], { ticketKeys: Buffer.alloc(16) }),
    /ticketKeys: expected 48 octets, got an object \(Buffer\)/,
  ],
  [
    'an error in place of the options of a refusal',
    () => new Refusal(new Reply(550, null, 'x'), 'words', new Error('why')),
    /Refusal: expected { cause } as options, got the error "why"/,
  ],
  [
    'a misspelt option of SCRAM',
    () => scramSha256({ iteration: 4096 } as never),
    /scramSha256: there is no option iteration; did you mean iterations\?/,
  ],
  [
    'a misspelt option of OAUTHBEARER',
    () => oauthBearer({ scopes: 'mail' } as never),
    /oauthBearer: there is no option scopes; did you mean scope\?/,
  ],
  [
    'an option that XOAUTH2 does not have',
    () => xoauth2({ openidConfiguration: 'https://a.example' } as never),
    /xoauth2: there is no option openidConfiguration; there is scope/,
  ],
  [
    'a misspelt option of the trace field',
    () => received({} as never, { ID: 'x' } as never),
    /received: there is no option ID; did you mean id\?/,
  ],
  [
    'a time that is a date',
    () => received({} as never, { time: new Date(0) } as never),
    /received: time: expected milliseconds, 0 or more, got an object \(Date\)/,
  ],
];

describe('errors name what came', () => {
  it.each(WRONG_VALUES)('%s', (_, program, message) => {
    expect(program).toThrow(message);
  });
});

it.each(WRONG_VALUES)('the right twin of %s is taken', async (name) => {
  const right = RIGHT_VALUES[name];
  expect(right, 'a twin').toBeDefined();
  await right?.();
});

it('these are more than sixty programs, all different', () => {
  const programs = [...WRONG_SERVERS, ...WRONG_LISTENERS, ...WRONG_VALUES];
  expect(new Set(programs.map(([name]) => name)).size).toBe(programs.length);
  expect(programs.length).toBeGreaterThanOrEqual(60);
});

describe('an answer that is no decision', () => {
  const wrong: readonly unknown[] = [false, true, 'no', 0, null, new Error('no'), {}, []];
  const hooks = ['onConnect', 'onHello', 'onMail', 'onRcpt', 'onData', 'onContent'] as const;

  it.each(hooks)('of %s refuses with 451 4.3.0, and onError hears of it', async (hook) => {
    for (const answer of wrong) {
      for (const given of [answer, Promise.resolve(answer)]) {
        const { port, errors } = await serve({ [hook]: () => given as never });
        const talk = await Talk.open(port);
        talk.write('EHLO x\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n');
        if (hook === 'onData') talk.write('a\r\n.\r\n');
        talk.write('QUIT\r\n');
        expect(await talk.rest()).toContain('451 4.3.0');
        await until('it is reported', () => errors.length > 0);
        expect(errors[0]?.message).toMatch(new RegExp(`^(?:${hook}: expected|the message has one reply)`));
      }
    }
  });

  it.each([
    ['an error', new Error('no'), 'the error "no"'],
    ['a Reply that says yes', new Reply(235, '2.7.0', 'Welcome'), ''],
    ['a function that was not called', () => 'ada', 'a function'],
    ['a Reply of another copy', { code: 535, positive: false, lines: ['No'] }, 'an object'],
  ])('of onAuth does so for %s', async (_, answer, got) => {
    const { port, errors } = await serve<unknown>({ onAuth: () => answer });
    const talk = await Talk.open(port);
    await talk.play('< 220', '> EHLO x', '< 250', '> AUTH PLAIN AHUAcA==', '< 451 4.3.0', '> NOOP', '< 250');
    expect(errors[0]?.message).toContain(`onAuth: expected a principal, null or a Reply, got ${got}`);
  });

  it.each([undefined, null, false, 0, '', NaN])('of onAuth is no principal if it is %j', async (answer) => {
    const { port, errors } = await serve<unknown>({ onAuth: () => answer });
    const talk = await Talk.open(port);
    await talk.play('< 220', '> EHLO x', '< 250', '> AUTH PLAIN AHUAcA==', '< 535 5.7.8');
    expect(errors).toEqual([]);
  });

  it.each([
    ['nothing', undefined, 'undefined'],
    ['text', 'count', '"count"'],
    ['a promise', Promise.resolve({ count: 0 }), 'an object (Promise)'],
  ])('of the option state refuses with 451 4.3.0 if it is %s', async (_, state, got) => {
    const { port, errors } = await serve({
      state: () => state as never,
      onMail: (session) => {
        expect(session.state).toEqual({});
      },
    });
    const talk = await Talk.open(port);
    await talk.play('< 220', '> EHLO x', '< 250', '> MAIL FROM:<>', '< 451 4.3.0');
    expect(errors[0]?.message).toBe(`state: expected an object, got ${got}`);
  });

  it('is a Refusal with a Reply that says yes', () => {
    expect(() => new Refusal(new Reply(250, '2.0.0', 'Kept'))).toThrow(
      new TypeError('Refusal: expected a Reply of 400 to 599, got 250 2.0.0 Kept'),
    );
    expect(new Refusal(new Reply(450, '4.2.0', 'Later')).reply.code).toBe(450);
  });
});

it('a password for SCRAM is text, and its options are known', async () => {
  const secret = new Secret('s3same');
  await expect(scramKeys(secret as never)).rejects.toThrow('scramKeys: expected a password as text');
  await expect(scramKeys('s3same', { iterations: '4096' as never })).rejects.toThrow(
    'scramKeys: iterations: expected a whole number from 1 to 2147483647, got "4096"',
  );
  await expect(scramKeys('s3same', { salt: 'text' as never })).rejects.toThrow(
    'salt: expected octets, got "text"',
  );
  const { iterations, salt } = await scramKeys('s3same', { iterations: 1, salt: Buffer.alloc(8) });
  expect([iterations, salt.length]).toEqual([1, 8]);
});

describe('AUTH', () => {
  const onAuth = (): string => 'somebody';

  it('is not offered before TLS, and after it', async () => {
    const certificates = await localhostCertificates();
    const { port } = await serve({ onAuth, certificates, allowInsecureAuth: false });
    const talk = await Talk.open(port);
    await talk.reply();
    expect(await talk.say('EHLO x')).not.toContain('AUTH');
    await talk.play('> AUTH PLAIN AHUAcA==', '< 538 5.7.11', '> STARTTLS', '< 220');
    await talk.secure();
    expect(await talk.say('EHLO x')).toContain('AUTH PLAIN LOGIN');
    await talk.play('> AUTH PLAIN AHUAcA==', '< 235');
  });

  it('is offered before TLS if the embedder says so', async () => {
    const { port } = await serve({ onAuth, allowInsecureAuth: true });
    const talk = await Talk.open(port);
    await talk.reply();
    expect(await talk.say('EHLO x')).toContain('AUTH PLAIN LOGIN');
  });
});

describe('observers', () => {
  it('hear what the handler hears, each of them', async () => {
    const heard: string[] = [];
    const observer = (name: string) => ({
      onRefused: (_: unknown, command: string) => void heard.push(`${name} ${command}`),
      onClose: () => void heard.push(`${name} closed`),
    });
    const { port, closed } = await serve({ observers: [observer('one'), observer('two')] });
    const talk = await Talk.open(port);
    await talk.play('< 220', '> RCPT TO:<b@y.example>', '< 503', '> QUIT', '< 221');
    await until('it is over', () => closed.length > 0);
    expect(heard).toEqual(['one RCPT', 'two RCPT', 'one closed', 'two closed']);
  });
});
