import { z } from 'zod';
import type { Limit } from '../base/limit.js';

/** A description of a configuration key besides its type: everything that help, errors and documents say about it. */
export interface KeyInfo {
  /** Describes for an operator what the key does, in one or two sentences. */
  readonly about: string;
  /** The source of the default: a section of an RFC, or the reason in a few words. */
  readonly source?: string;
  /** The name of the value in help, such as `SIZE`. */
  readonly placeholder: string;
  /** The allowed values, as a noun phrase for an error message. */
  readonly allowed: string;
  /** The default as it is written in TOML; undefined if the key has no default, or if it is computed at run time. */
  readonly initial?: string | number | readonly string[];
  /** The row of the table of limits that the key sets. */
  readonly limit?: Limit;
  /** The shape of the value. `tables` can only be written in the file. */
  readonly form?: 'one' | 'list' | 'tables';
  /** A path is relative to the file that has it; a secret is never shown. */
  readonly holds?: 'path' | 'secret';
  /** The flag, if it differs from the one that follows from the key's name. */
  readonly flag?: string;
  /** The variable, if it differs from the one that follows from the key's name. */
  readonly variable?: string;
}

const registry = z.registry<KeyInfo>();

/**
 * Makes a key of a schema. It must be last in the chain: a method that is called after it would make another schema.
 */
export function key<Schema extends z.ZodType>(schema: Schema, info: KeyInfo): Schema {
  registry.add(schema, info);
  return schema;
}

/**
 * Makes a group of keys, `[smtp]` in TOML. It may be left out as a whole.
 *
 * @param agree reports keys that contradict each other, though each is right by itself
 */
export function table<Shape extends z.core.$ZodShape>(
  shape: Shape,
  agree?: (keys: z.output<z.ZodObject<Shape>>) => { path: string[]; message: string } | undefined,
): z.ZodType<z.output<z.ZodObject<Shape>>> {
  const object = z.object(shape).superRefine((keys, context) => {
    const problem = agree?.(keys);
    if (problem !== undefined) context.addIssue({ code: 'custom', ...problem });
  });
  return object.prefault(() => ({}) as z.input<typeof object>);
}

/** A key that was found in a schema. */
export interface Key extends Omit<KeyInfo, 'flag' | 'variable'> {
  /** Its names in the program, such as `['smtp', 'maxSize']`. */
  readonly path: readonly string[];
  /** Its name in the file and in messages: `smtp.max_size`. */
  readonly name: string;
  /** `POSTERN_SMTP_MAX_SIZE`; undefined if a variable cannot carry the value. */
  readonly variable: string | undefined;
  /** `--smtp-max-size`; undefined if a flag cannot carry the value. */
  readonly flag: string | undefined;
  /** The keys of one table, if this key is an array of tables. */
  readonly columns: readonly Key[];
}

/** Returns every key of a schema, in its order. */
export function keysOf(schema: z.core.$ZodType, path: readonly string[] = []): Key[] {
  const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  const info = registry.get(schema);
  if (info !== undefined) return [named(path, info, inner)];
  if (!(inner instanceof z.ZodObject)) throw new TypeError(`${path.join('.')} is neither a key nor a table`);
  return Object.entries<z.core.$ZodType>(inner.shape).flatMap(([name, child]) =>
    keysOf(child, [...path, name]),
  );
}

function named(path: readonly string[], info: KeyInfo, schema: z.core.$ZodType): Key {
  const words = path.map(snake);
  const anywhere = info.form !== 'tables';
  return {
    ...info,
    path,
    name: words.join('.'),
    variable: anywhere ? (info.variable ?? `POSTERN_${words.join('_').toUpperCase()}`) : undefined,
    flag: anywhere ? (info.flag ?? `--${words.join('-').replaceAll('_', '-')}`) : undefined,
    columns: info.form === 'tables' && schema instanceof z.ZodArray ? keysOf(schema.element) : [],
  };
}

/** Turns `maxSize` into `max_size`. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
