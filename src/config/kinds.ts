import { Fault, type Parsed } from '../base/fault.js';
import { z } from 'zod';
import { NETWORK_FORM, parseNetwork } from '../base/networks.js';
import { DURATION_FORM, formatDuration, parseDuration } from './duration.js';
import { type KeyInfo, key } from './key.js';
import { SIZE_FORM, formatSize, parseSize } from './size.js';

// Each kind of key is a codec. Its input is what a file, a variable or a flag can hold, its output is the value that
// the program uses, and encoding gives back a text that could have been written.

type About = Pick<KeyInfo, 'about' | 'source' | 'limit'>;
type Described = About & Pick<KeyInfo, 'placeholder' | 'allowed'>;
interface Range<Written> {
  readonly initial: Written;
  readonly min: Written;
  readonly max: Written;
}

/** Makes a key for a duration in milliseconds. */
export function duration(about: About & Range<string>): z.ZodType<number> {
  return quantity(about, 'DURATION', DURATION_FORM, parseDuration, formatDuration);
}

/** Makes a key for a number of octets. */
export function size(about: About & Range<string>): z.ZodType<number> {
  return quantity(about, 'SIZE', SIZE_FORM, parseSize, (octets) => {
    const written = formatSize(octets);
    return written === String(octets) ? octets : written;
  });
}

/** Makes a key for a number of things. */
export function count(about: About & Range<number>): z.ZodType<number> {
  return quantity(
    about,
    'N',
    'a whole number',
    (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
    (value) => value,
  );
}

/** Makes a key for one of a few words. */
export function choice<const Word extends string>(
  about: About & { readonly words: readonly Word[]; readonly initial: Word },
): z.ZodType<Word> {
  const { words, ...info } = about;
  const schema = z
    .custom<Word>((written) => words.some((word) => word === written))
    .prefault(() => about.initial);
  return key(schema, { ...info, placeholder: words.join('|'), allowed: `one of ${words.join(', ')}` });
}

/** Makes a key for true or false. */
export function yesOrNo(about: About & { readonly initial: boolean }): z.ZodType<boolean> {
  const { initial, ...info } = about;
  const schema = z
    .codec(z.union([z.boolean(), z.enum(['true', 'false'])]), z.boolean(), {
      decode: (written) => written === true || written === 'true',
      encode: (value) => value,
    })
    .prefault(initial);
  return key(schema, {
    ...info,
    initial: String(initial),
    placeholder: 'true|false',
    allowed: 'true or false',
  });
}

/** Makes a key for a list of addresses and networks; empty by default. */
export function networks(about: About): z.ZodType<string[]> {
  const schema = z.array(z.string().refine((text) => parseNetwork(text) !== null)).prefault([]);
  return key(schema, {
    ...about,
    initial: [],
    placeholder: 'NETWORK,...',
    allowed: `a list, each ${NETWORK_FORM}`,
    form: 'list',
  });
}

/** Makes a key for a file or folder. */
export function path(about: About & { readonly initial?: string }): z.ZodType<string> {
  const required = z.string().min(1);
  const schema = about.initial === undefined ? required : required.prefault(about.initial);
  return key(schema, { ...about, placeholder: 'PATH', allowed: 'a path', holds: 'path' });
}

/** Makes a key for a file that may be left out. */
export function optionalPath(about: About): z.ZodType<string | null> {
  const schema = optional(z.string().min(1));
  return key(schema, { ...about, placeholder: 'PATH', allowed: 'a path', holds: 'path' });
}

/** Makes a key for a text of a certain form that may be left out. */
export function optionalText(about: Described, form: RegExp): z.ZodType<string | null> {
  return key(optional(z.string().regex(form)), about);
}

/**
 * Makes a key whose text is parsed.
 *
 * @param read returns the value, or a Fault
 * @param write returns a text that `read` takes
 */
export function structured<T extends object | null>(
  read: (text: string) => Parsed<T>,
  write: (value: T) => string,
): z.ZodType<T, string> {
  return z.codec(z.string(), z.custom<T>(), {
    decode: (text, context) => {
      const outcome = read(text);
      if (!(outcome instanceof Fault)) return outcome;
      context.issues.push({ code: 'custom', input: text, message: outcome.reason });
      return z.NEVER;
    },
    encode: write,
  });
}

function optional(schema: z.ZodType<string, string>): z.ZodType<string | null> {
  return z.codec(schema.optional(), z.string().nullable(), {
    decode: (written) => written ?? null,
    encode: (value) => value ?? undefined,
  });
}

function quantity<Written extends string | number>(
  about: About & Range<Written>,
  placeholder: string,
  form: string,
  parse: (text: string) => number | undefined,
  format: (value: number) => string | number,
): z.ZodType<number> {
  const { min, max, ...info } = about;
  const least = parse(String(min));
  const most = parse(String(max));
  if (least === undefined || most === undefined) throw new TypeError(`${min} to ${max} is not ${form}`);
  const schema = z
    .codec(z.union([z.string(), z.int()]), z.number(), {
      decode: (written, context) => {
        const value = parse(String(written));
        if (value !== undefined && value >= least && value <= most) return value;
        const message = value === undefined ? undefined : `it is too ${value < least ? 'small' : 'great'}`;
        context.issues.push({
          code: 'custom',
          input: written,
          ...(message === undefined ? {} : { message }),
        });
        return z.NEVER;
      },
      encode: format,
    })
    .prefault(about.initial);
  return key(schema, { ...info, placeholder, allowed: `${form}, from ${min} to ${max}` });
}
