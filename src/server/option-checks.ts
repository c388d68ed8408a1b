import type { SaslMechanism } from '../protocol/index.js';
import { DEFAULT_LIMITS } from '../protocol/index.js';
import { DEFAULT_EXTENSIONS } from '../protocol/extensions/index.js';
import { shown } from '../base/shown.js';
import {
  type Check,
  checkShape,
  isAnything,
  isBoolean,
  isCount,
  isFunction,
  isList,
  isName,
  isObject,
  isText,
  oneOf,
  type Shape,
  unknownName,
} from './check-shape.js';
import type { Handler, Observer } from './handler.js';
import { DEFAULT_ADMISSION, DEFAULT_DATA_RATE, DEFAULT_TIMEOUTS } from './limits.js';
import type { ListenOptions, ServerOptions } from './options.js';
import { Certificates } from './tls/certificates.js';

const OBSERVING = {
  onReset: true,
  onClose: true,
  onRefused: true,
  onError: true,
  onRefusedArrival: true,
} satisfies Record<keyof Observer<unknown>, true>;

const HANDLING = {
  onConnect: true,
  onHello: true,
  onAuth: true,
  onScram: true,
  onXclient: true,
  onMail: true,
  onRcpt: true,
  onData: true,
  onContent: true,
  ...OBSERVING,
} satisfies Record<keyof Handler<unknown>, true>;

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
  certificates: (value) => (value instanceof Certificates ? null : 'what Certificates.load gives'),
  mechanisms: (value) =>
    Array.isArray(value) && value.every(isMechanism) ? null : 'a list of mechanisms, such as [PLAIN, LOGIN]',
  allowInsecureAuth: isBoolean,
  observers: (value) => (Array.isArray(value) ? null : 'a list of observers'),
  bareNewlines: oneOf('reject', 'normalize'),
  spaceBeforePath: oneOf('accept', 'reject'),
  syntax: oneOf('tolerant', 'strict'),
  extensions: namesOf('extensions', DEFAULT_EXTENSIONS),
  limits: namesOf('limits', DEFAULT_LIMITS),
  admission: namesOf('admission', DEFAULT_ADMISSION),
  timeouts: namesOf('timeouts', DEFAULT_TIMEOUTS),
  dataRate: namesOf('dataRate', DEFAULT_DATA_RATE),
  clock: isFunction,
} satisfies Record<keyof ServerOptions, Check>;

const LISTEN = {
  host: isText,
  port: isCount(0, 65_535),
  path: isText,
  handle: isObject,
  backlog: isCount(1, 2 ** 31 - 1),
  tls: oneOf('starttls', 'implicit', 'detect', 'off'),
  lmtp: isBoolean,
  tlsRequired: isBoolean,
  authRequired: isBoolean,
  tlsDetectMs: (value) => (typeof value === 'number' && value >= 0 ? null : 'milliseconds, 0 or more'),
  clientCertificates: oneOf('none', 'optional', 'required'),
  proxies: isList,
  relays: isList,
  proxiesOnly: isBoolean,
} satisfies Record<keyof ListenOptions, Check>;

function isMechanism(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, begin } = value as Partial<SaslMechanism>;
  return typeof name === 'string' && typeof begin === 'function';
}

/**
 * Checks what `createServer` is given: nothing that is misspelt or of the wrong kind is passed over.
 *
 * @throws TypeError naming what came and what is allowed.
 */
export function checkServer(handler: Handler<unknown>, options: ServerOptions<unknown, SaslMechanism>): void {
  checkMethods('handler', handler, HANDLING);
  const hidden = Object.entries(nested).flatMap(([of, table]) =>
    Object.keys(table).map((name) => `${of}.${name}`),
  );
  if (isObject(options) === null) {
    for (const name of Object.keys(options)) {
      if (Object.hasOwn(HANDLING, name)) {
        throw new TypeError(`createServer: ${name} is a method of the handler, the first argument`);
      }
    }
  }
  checkShape('createServer', options, OPTIONS, hidden);
  for (const [index, observer] of (options.observers ?? []).entries()) {
    checkMethods(`observers[${index}]`, observer, OBSERVING);
  }
  checkMechanisms(handler, options.mechanisms ?? []);
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
function checkMethods(of: string, given: unknown, table: Readonly<Record<string, true>>): void {
  const where = `createServer: ${of}`;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(
      `${where}: expected an object with methods such as ${Object.keys(table).slice(-4).join(', ')}, got ${shown(given)}`,
    );
  }
  const prototype: unknown = Object.getPrototypeOf(given);
  const literal = prototype === Object.prototype || prototype === null;
  for (const name of namesIn(given)) {
    if (Object.hasOwn(table, name)) {
      const value = (given as Readonly<Record<string, unknown>>)[name];
      if (value === undefined || typeof value === 'function') continue;
      throw new TypeError(`${where}: ${name}: expected a function, got ${shown(value)}`);
    }
    if (Object.hasOwn(OPTIONS, name) && literal) {
      throw new TypeError(`${where}: ${name} is an option: createServer(handler, { ${name} })`);
    }
    if (literal || /^on(?:[A-Z]|auth$|data$|mail$|rcpt$)/.test(name)) {
      throw unknownName(where, 'method', name, Object.keys(table));
    }
  }
}

/** @throws TypeError if a mechanism is offered for which the handler has no method. */
function checkMechanisms(handler: Handler<unknown>, mechanisms: readonly SaslMechanism[]): void {
  const [first] = mechanisms;
  if (first !== undefined && handler.onAuth === undefined) {
    throw new TypeError(`mechanisms: ${first.name} needs onAuth, which says whom it proves`);
  }
  const scram = mechanisms.find(({ name }) => name.startsWith('SCRAM-'));
  if (scram !== undefined && handler.onScram === undefined) {
    throw new TypeError(`mechanisms: ${scram.name} needs onScram, which gives the keys of a user`);
  }
}

/** What `listen` may be given: options, or a port, or the path of a Unix socket. */
export function listenOptions(given: ListenOptions | number | string): ListenOptions {
  const options =
    typeof given === 'number' ? { port: given } : typeof given === 'string' ? { path: given } : given;
  checkShape('listen', options, LISTEN);
  const { port, path, handle, host, proxiesOnly, proxies = [] } = options;
  if ([port, path, handle].filter((one) => one !== undefined).length !== 1) {
    throw new TypeError('listen: expected one of port, path and handle');
  }
  if (host !== undefined && port === undefined) throw new TypeError('listen: host belongs to a port');
  if (proxiesOnly === true && proxies.length === 0) {
    throw new TypeError('listen: proxiesOnly needs proxies: without them nobody could connect');
  }
  return options;
}

/** How TLS comes about on a port, and whether anything goes before it. */
export interface ListenTls {
  readonly tls: NonNullable<ListenOptions['tls']>;
  readonly tlsRequired: boolean;
  readonly clientCertificates: NonNullable<ListenOptions['clientCertificates']>;
}

/** @throws TypeError where what is asked for contradicts itself, or cannot be had. */
export function checkTls(options: ListenOptions, certificates: Certificates | undefined): ListenTls {
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
  { authRequired }: ListenOptions,
  { tls }: ListenTls,
  verifies: boolean,
  insecure: boolean,
): void {
  if (authRequired === true && !verifies) {
    throw new TypeError('listen: authRequired needs onAuth, which says whom credentials prove');
  }
  if (verifies && authRequired !== false && tls === 'off' && !insecure) {
    throw new TypeError(
      'listen: AUTH is not offered without TLS: give certificates, or allowInsecureAuth: true, or authRequired: false',
    );
  }
}

/** @throws TypeError where a protocol is asked for that the port must not have. */
export function checkProtocol({ lmtp, port }: ListenOptions): void {
  if (lmtp === true && port === 25)
    throw new TypeError('listen: LMTP must not be spoken on port 25 (RFC 2033 1)');
}
