/**
 * Readers for options and arguments: each returns the value, or throws commander's error that says what is allowed.
 */
import { InvalidArgumentError } from 'commander';

export type Read<T> = (text: string) => T;

/**
 * Makes a reader from a parser that returns undefined for a bad value.
 *
 * @param form what is allowed, in words
 */
export function reader<T>(parse: (text: string) => T | undefined, form: string): Read<T> {
  return (text) => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError(`It must be ${form}.`);
    return value;
  };
}

function integerFromOne(most: number, form: string): Read<number> {
  return reader((text) => (/^[1-9]\d*$/.test(text) && Number(text) <= most ? Number(text) : undefined), form);
}

export const positiveInteger = integerFromOne(Number.MAX_SAFE_INTEGER, 'a whole number from 1');

/** Each thread is a process or nearly one: a typing mistake must not overload the machine. */
export const threads = integerFromOne(256, 'a whole number from 1 to 256');

export const wholeNumber: Read<number> = reader(
  (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined),
  'a whole number',
);

export const share: Read<number> = reader((text) => {
  const number = Number(text);
  return /^(\d+(\.\d+)?|\.\d+)$/.test(text) && number <= 1 ? number : undefined;
}, 'a share from 0 to 1, such as 0.05');

export const rate: Read<number> = reader((text) => {
  const number = Number(text);
  return /^\d+(\.\d+)?$/.test(text) && number > 0 && number <= 1_000_000 ? number : undefined;
}, 'a number above 0, and at most 1000000');

/** Makes a reader for an option that may be given several times: it collects the values. */
export function several<T>(read: Read<T>): (text: string, before: T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), read(text)];
}
