import { z } from 'zod';
import type { Limit } from '../base/limit.js';

/** What is known of a configuration key beside its type: all that help, errors and documents say of it. */
export interface KeyInfo {
  /** What it does, for an operator; one or two sentences. */
  readonly about: string;
  /** Where its default comes from: a section of an RFC, or the reason in a few words. */
  readonly source?: string;
  /** What the value is called in help, such as `SIZE`. */
  readonly placeholder: string;
  /** What is allowed, as a noun phrase for an error message. */
  readonly allowed: string;
  /** The default as it is written in TOML; undefined where the key has none, or has one made at run time. */
  readonly initial?: string | number | readonly string[];
  /** The row of the table of limits that it sets. */
  readonly limit?: Limit;
  /** `tables` can be written in the file only. */
  readonly form?: 'one' | 'list' | 'tables';
  /** A path is taken relative to the file that has it; a secret is never shown. */
  readonly holds?: 'path' | 'secret';
  /** The flag, if it is not the one that follows from the name of the key. */
  readonly flag?: string;
}

const registry = z.registry<KeyInfo>();

/** Makes a key of a schema. Comes last in its chain: a method called after it would make another schema. */
export function key<Schema extends z.ZodType>(schema: Schema, info: KeyInfo): Schema {
  registry.add(schema, info);
  return schema;
}

/**
 * A group of keys: `[smtp]` in TOML. May be left out as a whole.
 *
 * @param agree says what is wrong where keys, each right by itself, contradict each other
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

/** A key, found in a schema. */
export interface Key extends Omit<KeyInfo, 'flag'> {
  /** Names in the program, such as `['smtp', 'maxSize']`. */
  readonly path: readonly string[];
  /** The name that people use: `smtp.max_size`. */
  readonly name: string;
  /** `POSTERN_SMTP_MAX_SIZE`; undefined where a variable cannot carry it. */
  readonly variable: string | undefined;
  /** `--smtp-max-size`; undefined where a flag cannot carry it. */
  readonly flag: string | undefined;
  /** The keys of one table of an array of tables. */
  readonly columns: readonly Key[];
}

/** Every key of a schema, in its order. */
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
    variable: anywhere ? `POSTERN_${words.join('_').toUpperCase()}` : undefined,
    flag: anywhere ? (info.flag ?? `--${words.join('-').replaceAll('_', '-')}`) : undefined,
    columns: info.form === 'tables' && schema instanceof z.ZodArray ? keysOf(schema.element) : [],
  };
}

/** `maxSize` → `max_size`. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
