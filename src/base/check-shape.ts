import { shown } from './shown.js';
import { lastPart, suggest } from './suggest.js';

/** Returns what was expected, in words, if the value is wrong; null if it is right. */
export type Check = (value: unknown) => string | null;

/** One check for each name that there is. */
export type Shape = Readonly<Record<string, Check>>;

const when =
  (expected: string, test: (value: unknown) => boolean): Check =>
  (value) =>
    test(value) ? null : expected;

export const isBoolean = when('true or false', (value) => typeof value === 'boolean');
export const isFunction = when('a function', (value) => typeof value === 'function');
export const isObject = when('an object', (value) => typeof value === 'object' && value !== null);
export const isText = when('text', (value) => typeof value === 'string' && value !== '');
export const isString = when('text', (value) => typeof value === 'string');
export const isMilliseconds = when(
  'milliseconds, 0 or more',
  (value) => typeof value === 'number' && value >= 0,
);
/** A time in which something must happen: with 0 it could not. */
export const isDeadline = when(
  'milliseconds, more than 0',
  (value) => typeof value === 'number' && value > 0,
);
/** Not an AbortController. */
export const isSignal = when(
  'an AbortSignal',
  (value) => value instanceof Object && 'addEventListener' in value,
);
export const isTextOrOctets = when(
  'text or octets',
  (value) => (typeof value === 'string' && value !== '') || value instanceof Uint8Array,
);
/** A limit: its table has the words for what is wrong. */
export const isAnything: Check = () => null;
/** As loose as names of machines are, but nothing that would end a command, a reply or a header field. */
export const isName = when(
  'a domain or an address literal',
  (value) => typeof value === 'string' && /^(?=.{1,255}$)(?:[\w.-]+|\[[\w.:]+\])$/.test(value),
);
export const isList = when(
  'a list of texts',
  (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
);

/** Whether a value has these methods, of its own or of its class. */
export function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  const members = Object(value) as Readonly<Record<string, unknown>>;
  return names.every((name) => typeof members[name] === 'function');
}

export function isCount(least: number, most: number): Check {
  return when(
    `a whole number from ${least} to ${most}`,
    (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  );
}

export function oneOf(...words: readonly string[]): Check {
  return when(`one of ${words.map((word) => `'${word}'`).join(', ')}`, (value) =>
    words.some((word) => word === value),
  );
}

/**
 * Checks an object of options: each name must be known and each value right. An undefined value counts as absent.
 *
 * @param of how errors call it, such as `createServer`.
 * @param candidates names to suggest from, beside those of the shape.
 * @throws TypeError naming the option, what was expected and what came.
 */
export function checkShape(
  of: string,
  given: unknown,
  shape: Shape,
  candidates: readonly string[] = [],
): void {
  if (isObject(given) !== null || Array.isArray(given)) {
    throw new TypeError(`${of}: expected an object of options, got ${shown(given)}`);
  }
  for (const [name, value] of Object.entries(given as object)) {
    const check = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (check === undefined) throw unknownName(of, 'option', name, [...Object.keys(shape), ...candidates]);
    const expected = value === undefined ? null : check(value);
    if (expected !== null) throw new TypeError(`${of}: ${name}: expected ${expected}, got ${shown(value)}`);
  }
}

/** @throws TypeError if an option that is needed is absent. */
export function checkPresent(of: string, given: unknown, needs: readonly string[]): void {
  const missing = needs.find((name) => (given as Readonly<Record<string, unknown>>)[name] === undefined);
  if (missing !== undefined) throw new TypeError(`${of}: ${missing} is missing`);
}

/** An error for a name that there is not, with the one that was most likely meant. */
export function unknownName(of: string, what: string, name: string, known: readonly string[]): TypeError {
  return new TypeError(`${of}: ${noSuchName(what, name, known)}`);
}

/** The same in words: `there is no option prot; did you mean port?` */
export function noSuchName(what: string, name: string, known: readonly string[]): string {
  const near = nearest(name.toLowerCase(), known);
  const help = near === undefined ? `there is ${known.join(', ')}` : `did you mean ${near}?`;
  return `there is no ${what} ${name}; ${help}`;
}

/** Names that other libraries of mail have for the same, in small letters. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  auth: ['credentials'],
  authmethods: ['mechanisms'],
  fd: ['handle'],
  ignoretls: ['startTls'],
  key: ['certificates'],
  maxclients: ['admission.connections'],
  maxsize: ['limits.messageSize', 'messageSize'],
  name: ['hostname', 'hello'],
  ondisconnect: ['onClose'],
  onlogin: ['onAuth'],
  onmessage: ['onData'],
  recipient: ['to', 'rcpt'],
  requiretls: ['tlsRequired', 'startTls'],
  secure: ['implicitTls', 'tls'],
  sender: ['from', 'mail'],
  sockettimeout: ['timeouts'],
  useproxy: ['proxies'],
  usexclient: ['relays'],
};

/** @param given in small letters */
function nearest(given: string, known: readonly string[]): string | undefined {
  const lastOf = (one: string): string => lastPart(one).toLowerCase();
  const longestFirst = [...known].sort((a, b) => b.length - a.length);
  return (
    known.find((one) => one.toLowerCase() === given) ??
    (Object.hasOwn(ELSEWHERE, given) ? ELSEWHERE[given] : undefined)?.find((one) => known.includes(one)) ??
    suggest(given, known) ??
    // onMailFrom, maxRecipients
    longestFirst.find((one) => lastOf(one).length > 2 && given.includes(lastOf(one))) ??
    // cert, insecure
    (given.length > 3 ? known.find((one) => lastOf(one).includes(given)) : undefined)
  );
}
