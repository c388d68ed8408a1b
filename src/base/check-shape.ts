import { shown } from './shown.js';
import { suggest } from './suggest.js';

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
/** Not an AbortController. */
export const isSignal = when(
  'an AbortSignal',
  (value) => value instanceof Object && 'addEventListener' in value,
);
/** A limit: its table has the words for what is wrong. */
export const isAnything: Check = () => null;
/** Text that can stand in a reply and in a header field. */
export const isName = when('a host name', (value) => typeof value === 'string' && /^[!-~]+$/.test(value));
export const isList = when(
  'a list of texts',
  (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
);

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
  const lower = name.toLowerCase();
  const near = known.find((one) => one.toLowerCase() === lower) ?? suggest(name, known);
  const help = near === undefined ? `there is ${known.join(', ')}` : `did you mean ${near}?`;
  return `there is no ${what} ${name}; ${help}`;
}
