import type { OptionalExtensions, SaslMechanism } from '../protocol/index.js';
import { DEFAULT_LIMITS } from '../protocol/index.js';
import { DEFAULT_EXTENSIONS } from '../protocol/extensions/index.js';
import { shown } from '../base/shown.js';
import {
  type Check,
  checkShape,
  hasMethods,
  isAnything,
  isBoolean,
  isCount,
  isFunction,
  isList,
  isMilliseconds,
  isName,
  isObject,
  isString,
  isText,
  oneOf,
  type Shape,
  unknownName,
} from '../base/check-shape.js';
import type { AnyHandler, AnyOptions } from './any.js';
import { checkListener, checkTogether } from './contradictions.js';
import type { Handler, Observer } from './handler.js';
import { DEFAULT_ADMISSION, DEFAULT_DATA_RATE, DEFAULT_TIMEOUTS } from './limits.js';
import type { AcceptOptions, ListenOptions, ServerOptions } from './options.js';
import type { TlsSource } from './tls/tls-source.js';

/** The methods of an observer, each with the number of its parameters. */
const OBSERVING = {
  onGreeted: 1,
  onAccepted: 2,
  onReset: 1,
  onClose: 2,
  onRefused: 3,
  onError: 2,
  onRefusedArrival: 2,
} satisfies Record<keyof Observer, number>;

const HANDLING = {
  ...OBSERVING,
  onConnect: 1,
  onSecure: 1,
  onCommand: 2,
  onHello: 2,
  onAuth: 2,
  onScram: 2,
  onXclient: 2,
  onMail: 3,
  onRcpt: 3,
  onData: 2,
  onContent: 1,
} satisfies Record<keyof Handler, number>;

/** False, or an object of options. */
const offOr =
  (shape: Shape, form: string, needs: readonly string[] = []): Check =>
  (value) => {
    if (value === false) return null;
    if (isObject(value) !== null || Array.isArray(value)) return `false, or an object such as ${form}`;
    checkShape('createServer: extensions', value, shape);
    const missing = needs.find((name) => (value as Readonly<Record<string, unknown>>)[name] === undefined);
    return missing === undefined ? null : `an object such as ${form}`;
  };

/** The options of extensions that are not just on or off. */
type ShapedOption = {
  [Name in keyof OptionalExtensions]: OptionalExtensions[Name] extends boolean ? never : Name;
}[keyof OptionalExtensions];

const SHAPED_OPTIONS = {
  deliverBy: offOr({ minimum: isCount(0, 999_999_999) }, '{ minimum: 60 }', ['minimum']),
  futureRelease: offOr(
    { maxInterval: isCount(0, 999_999_999), now: isFunction },
    '{ maxInterval: 86_400, now: Date.now }',
    ['maxInterval', 'now'],
  ),
  mtPriority: offOr({ policy: isText }, "{ policy: 'MIXER' }"),
} satisfies Record<ShapedOption, Check>;

const EXTENSION_OPTIONS: Shape = {
  ...Object.fromEntries(Object.keys(DEFAULT_EXTENSIONS).map((name) => [name, isBoolean])),
  ...SHAPED_OPTIONS,
};

function isExtensions(value: unknown): null {
  checkShape('createServer: extensions', value, EXTENSION_OPTIONS);
  return null;
}

/** An object whose names are those of a table; its values are checked where they are used. */
function namesOf(of: string, table: object): Check {
  const shape: Shape = Object.fromEntries(Object.keys(table).map((name) => [name, isAnything]));
  return (value) => {
    checkShape(`createServer: ${of}`, value, shape);
    return null;
  };
}

const nested: Readonly<Record<string, object>> = {
  extensions: DEFAULT_EXTENSIONS,
  limits: DEFAULT_LIMITS,
  admission: DEFAULT_ADMISSION,
  timeouts: DEFAULT_TIMEOUTS,
  dataRate: DEFAULT_DATA_RATE,
};

const OPTIONS = {
  hostname: isName,
  banner: isString,
  helloText: isString,
  reword: isFunction,
  certificates: (value) => (isTlsSource(value) ? null : 'what Certificates.load gives'),
  mechanisms: (value) =>
    Array.isArray(value) && value.every(isMechanism) ? null : 'a list of mechanisms, such as [PLAIN, LOGIN]',
  allowInsecureAuth: isBoolean,
  authOptional: isBoolean,
  state: isFunction,
  logger: (value) =>
    hasMethods(value, 'debug', 'info', 'warn', 'error') ? null : 'an object with debug, info, warn and error',
  reverseLookup: (value) =>
    typeof value === 'boolean' || typeof value === 'function' ? null : 'true, false or a function',
  observers: (value) => (Array.isArray(value) ? null : 'a list of observers'),
  meter: (value) =>
    hasMethods(value, 'command', 'reply') ? null : 'an object with the methods command and reply',
  bareNewlines: oneOf('reject', 'normalize'),
  spaceBeforePath: oneOf('accept', 'reject'),
  syntax: oneOf('tolerant', 'strict', 'lenient'),
  unknownParameters: oneOf('reject', 'accept'),
  extensions: isExtensions,
  limits: namesOf('limits', DEFAULT_LIMITS),
  admission: namesOf('admission', DEFAULT_ADMISSION),
  timeouts: namesOf('timeouts', DEFAULT_TIMEOUTS),
  dataRate: namesOf('dataRate', DEFAULT_DATA_RATE),
  clock: isFunction,
} satisfies Record<keyof ServerOptions, Check>;

const ACCEPT = {
  tls: oneOf('starttls', 'implicit', 'detect', 'off'),
  lmtp: isBoolean,
  tlsRequired: isBoolean,
  authRequired: isBoolean,
  tlsDetectMs: isMilliseconds,
  clientCertificates: oneOf('none', 'optional', 'required'),
  proxies: isList,
  relays: isList,
  proxiesOnly: isBoolean,
  proxyRefusal: isText,
} satisfies Record<keyof AcceptOptions, Check>;

const LISTEN = {
  host: isText,
  port: isCount(0, 65_535),
  path: isText,
  handle: (value) =>
    Number.isInteger(handleOf(Object(value) as object).fd)
      ? null
      : 'a socket or server that listens, its handle, or { fd } with a number',
  backlog: isCount(1, 2 ** 31 - 1),
  ...ACCEPT,
} satisfies Record<keyof ListenOptions, Check>;

/** Returns the handle of Node: a listening server or socket has one of its own, and anything else is one. */
export function handleOf(handle: object): { readonly fd?: unknown } {
  return (handle as { readonly _handle?: object })._handle ?? handle;
}

function isTlsSource(value: unknown): boolean {
  const { knowsClients } = Object(value) as Partial<TlsSource>;
  return hasMethods(value, 'serverOptions', 'follow') && typeof knowsClients === 'boolean';
}

function isMechanism(value: unknown): boolean {
  return hasMethods(value, 'begin') && typeof (value as Partial<SaslMechanism>).name === 'string';
}

/**
 * Checks what `createServer` is given: nothing that is misspelt or of the wrong kind is passed over.
 *
 * @throws TypeError naming what came and what is allowed.
 */
export function checkServer(handler: AnyHandler<unknown>, options: AnyOptions<unknown>): void {
  checkMethods('handler', handler, HANDLING);
  const hidden = Object.entries(nested).flatMap(([of, table]) =>
    Object.keys(table).map((name) => `${of}.${name}`),
  );
  if (isObject(options) === null) {
    for (const name of Object.keys(options)) {
      if (Object.hasOwn(HANDLING, name)) {
        throw new TypeError(`createServer: ${name} is a method of the handler, the first argument`);
      }
      if (Object.hasOwn(LISTEN, name)) {
        throw new TypeError(`createServer: ${name} is an option of listen: server.listen({ ${name} })`);
      }
    }
  }
  checkShape('createServer', options, OPTIONS, hidden);
  for (const [index, observer] of (options.observers ?? []).entries()) {
    checkMethods(`observers[${index}]`, observer, OBSERVING);
  }
  checkTogether(handler, options);
  for (const [name, most] of [
    ['ipv4Bits', 32],
    ['ipv6Bits', 128],
  ] as const) {
    const bits: unknown = options.admission?.[name] ?? most;
    if (isCount(1, most)(bits) === null) continue;
    throw new RangeError(`admission.${name}: expected 1 to ${most}, got ${shown(bits)}`);
  }
}

/** Names of what an object has, those of its class included. */
function namesIn(object: object): string[] {
  const names: string[] = [];
  for (
    let at: object | null = object;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    names.push(...Object.getOwnPropertyNames(at));
  }
  return names.filter((name) => name !== 'constructor');
}

/** An instance of a class may have other members, but none that looks like a method of the table. */
function checkMethods(of: string, given: unknown, table: Readonly<Record<string, number>>): void {
  const where = `createServer: ${of}`;
  const wrong = (): TypeError =>
    new TypeError(
      `${where}: expected an object with methods such as ${Object.keys(table).slice(-4).join(', ')}, got ${shown(given)}`,
    );
  if (isObject(given) !== null || Array.isArray(given)) throw wrong();
  const names = namesIn(given as object);
  const prototype: unknown = Object.getPrototypeOf(given);
  const literal = prototype === Object.prototype || prototype === null;
  for (const name of names) {
    if (Object.hasOwn(table, name)) {
      const value = (given as Readonly<Record<string, unknown>>)[name];
      if (value === undefined) continue;
      if (typeof value === 'function') {
        checkParameters(where, name, value as (...parameters: unknown[]) => unknown, table[name] ?? 0);
        continue;
      }
      throw new TypeError(`${where}: ${name}: expected a function, got ${shown(value)}`);
    }
    if (Object.hasOwn(OPTIONS, name) && literal) {
      throw new TypeError(`${where}: ${name} is an option: createServer(handler, { ${name} })`);
    }
    if (literal || /^on(?:[A-Z]|auth$|data$|mail$|rcpt$)/.test(name)) {
      throw unknownName(where, 'method', name, Object.keys(table));
    }
  }
  // The promise of a handler, say: none of its methods would ever be called.
  if (!literal && !names.some((name) => Object.hasOwn(table, name))) throw wrong();
}

/**
 * @throws TypeError if a method has more parameters than it gets: it waits for a callback that does not exist, and what
 * it returns meanwhile, nothing, would be a yes.
 */
function checkParameters(
  where: string,
  name: string,
  method: (...parameters: unknown[]) => unknown,
  most: number,
): void {
  if (method.length <= most) return;
  throw new TypeError(
    `${where}: ${name}: expected a function of ${most} parameters at the most, got one of ${method.length}: ` +
      'it returns its decision, or a promise of it (callbacks are for postern/smtp-server)',
  );
}

/** @throws TypeError if an option is unknown, wrong or contradicts another one. */
export function acceptOptions(of: string, options: AcceptOptions): void {
  checkShape(of, options, ACCEPT);
  checkListener(of, options);
}

/** What `listen` may be given: options, or a port, or the path of a Unix socket. */
export function listenOptions(
  given: ListenOptions | number | string,
  more: readonly unknown[],
): ListenOptions {
  // `net.Server` takes a host or a callback there. Without it, the port would be open elsewhere, or nothing be called.
  if (more.length > 0) {
    throw new TypeError(
      `listen: expected one argument, as in await listen({ port, host }), got another one: ${shown(more[0])}`,
    );
  }
  // A variable of the environment: the path of a Unix socket of this name, in the current folder.
  if (typeof given === 'string' && /^\d+$/.test(given)) {
    throw new TypeError(`listen: expected a port as a number, got ${shown(given)}`);
  }
  const options =
    typeof given === 'number' ? { port: given } : typeof given === 'string' ? { path: given } : given;
  const elsewhere =
    isObject(options) === null && Object.keys(options).find((name) => Object.hasOwn(OPTIONS, name));
  if (typeof elsewhere === 'string') {
    throw new TypeError(
      `listen: ${elsewhere} is an option of createServer: createServer(handler, { ${elsewhere} })`,
    );
  }
  checkShape('listen', options, LISTEN);
  const { port, path, handle, host, proxies = [], relays = [] } = options;
  if ([port, path, handle].filter((one) => one !== undefined).length !== 1) {
    throw new TypeError('listen: expected one of port, path and handle');
  }
  if (host !== undefined && port === undefined) throw new TypeError('listen: host belongs to a port');
  if (path !== undefined && proxies.length + relays.length > 0) {
    throw new TypeError(
      'listen: proxies and relays have no address on a Unix socket: leave them out, or give a port',
    );
  }
  checkListener('listen', options);
  return options;
}

/** How TLS comes about on a port, and whether anything goes before it. */
export interface ListenTls {
  readonly tls: NonNullable<ListenOptions['tls']>;
  readonly tlsRequired: boolean;
  readonly clientCertificates: NonNullable<ListenOptions['clientCertificates']>;
}

/** @throws TypeError where what is asked for contradicts itself, or cannot be had. */
export function checkTls(options: ListenOptions, certificates: TlsSource | undefined): ListenTls {
  const plain = certificates === undefined || options.path !== undefined;
  const tls = options.tls ?? (plain ? 'off' : 'starttls');
  const { clientCertificates = 'none' } = options;
  const tlsRequired = options.tlsRequired ?? clientCertificates === 'required';
  if (tls !== 'off' && options.path !== undefined) {
    throw new TypeError(`listen: tls '${tls}' cannot be had on a Unix socket`);
  }
  if (tls !== 'off' && certificates === undefined) {
    throw new TypeError(`listen: tls '${tls}' needs certificates`);
  }
  if (clientCertificates !== 'none') {
    const wanted = `listen: clientCertificates '${clientCertificates}'`;
    if (tls === 'off') throw new TypeError(`${wanted} cannot be met with tls 'off'`);
    if (certificates?.knowsClients !== true) {
      throw new TypeError(`${wanted} needs certificates with clientAuthorities`);
    }
    if (clientCertificates === 'required' && !tlsRequired) {
      throw new TypeError(`${wanted} cannot be met with tlsRequired false`);
    }
  }
  if (tls === 'off' && tlsRequired) throw new TypeError("listen: tlsRequired cannot be met with tls 'off'");
  return { tls, tlsRequired, clientCertificates };
}

/** @throws TypeError where AUTH is required that no client can have. */
export function checkAuth(
  { authRequired }: AcceptOptions,
  { tls, clientCertificates }: ListenTls,
  verifies: boolean,
  { allowInsecureAuth, authOptional, mechanisms }: AnyOptions<unknown>,
): void {
  if (authRequired === false && verifies && authOptional !== true) {
    throw new TypeError(
      'listen: authRequired false needs authOptional: true in the options of createServer, since session.principal ' +
        'may then be null',
    );
  }
  if (authRequired === true && !verifies) {
    throw new TypeError('listen: authRequired needs onAuth, which says whom credentials prove');
  }
  if (!verifies || authRequired === false) return;
  if (tls === 'off' && allowInsecureAuth !== true) {
    throw new TypeError(
      'listen: AUTH is not offered without TLS: give certificates, or allowInsecureAuth: true, or authRequired: false',
    );
  }
  const asks = clientCertificates !== 'none';
  if (mechanisms?.some(({ name }) => name !== 'EXTERNAL' || asks) === false) {
    throw new TypeError('listen: no mechanism is on offer here: EXTERNAL needs clientCertificates');
  }
}

/** @throws TypeError where a protocol is asked for that the port must not have. */
export function checkProtocol({ lmtp, port }: ListenOptions): void {
  if (lmtp === true && port === 25)
    throw new TypeError('listen: LMTP must not be spoken on port 25 (RFC 2033 1)');
}
