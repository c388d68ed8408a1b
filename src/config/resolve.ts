import type { z } from 'zod';
import { ConfigError } from './error.js';
import { type Key, keysOf } from './key.js';
import type { SetValue, Layer } from './layer.js';

/** A configuration, with the origin of each key that was set. */
export interface Resolved<T> {
  readonly config: T;
  /** Maps names of keys to files, variables and flags; if a key is missing, it has its default. */
  readonly origins: ReadonlyMap<string, string>;
}

/**
 * Merges layers and checks the result; later layers override earlier ones.
 *
 * @throws ConfigError with every problem at once
 */
export function resolve<T>(schema: z.ZodType<T>, layers: readonly Layer[]): Resolved<T> {
  const keys = keysOf(schema);
  const given = new Map(layers.flatMap((layer) => [...layer.values]));
  const outcome = schema.safeParse(nest(keys, given));
  const problems = layers.flatMap((layer) => layer.problems);
  if (outcome.success && problems.length === 0) {
    return { config: outcome.data, origins: new Map([...given].map(([name, { origin }]) => [name, origin])) };
  }
  const issues = outcome.error?.issues ?? [];
  throw new ConfigError([...problems, ...issues.map((issue) => explain(issue, keys, given))]);
}

interface Branch {
  [name: string]: unknown;
}

function nest(keys: readonly Key[], given: ReadonlyMap<string, SetValue>): Branch {
  const root: Branch = {};
  for (const { path, name } of keys) {
    const value = given.get(name)?.value;
    if (value === undefined) continue;
    const branch = path.slice(0, -1).reduce<Branch>((branch, part) => (branch[part] ??= {}) as Branch, root);
    branch[path.at(-1) ?? ''] = value;
  }
  return root;
}

function explain(
  issue: z.core.$ZodIssue,
  keys: readonly Key[],
  given: ReadonlyMap<string, SetValue>,
): string {
  const key = keys.find(({ path }) => path.every((part, index) => issue.path[index] === part));
  if (key === undefined) return issue.message;
  const rest = issue.path.slice(key.path.length);
  const column = key.columns.find(({ path }) => path[0] === rest[1]);
  const { allowed, holds } = column ?? key;
  const found = given.get(key.name);
  const name = `${key.name}${rest.map((part) => (typeof part === 'number' ? `[${part}]` : `.${column?.name ?? ''}`)).join('')}`;
  const origin = found === undefined ? '' : ` (${found.origin})`;
  const value = dig(found?.value, rest);
  const problem = `${name}${show(value, holds)}${origin}`;
  // zod's own text is for programmers; `allowed` says it for operators.
  if (issue.code !== 'custom' || issue.message === 'Invalid input')
    return `${problem}: allowed is ${allowed}`;
  const isNotAllowed = value !== undefined && issue.params?.['betweenKeys'] !== true;
  return `${problem}: ${issue.message}${isNotAllowed ? `; allowed is ${allowed}` : ''}`;
}

function show(value: unknown, holds: Key['holds']): string {
  if (value === undefined) return ' is not set';
  if (holds === 'secret') return ' = [secret]';
  const text = JSON.stringify(value);
  return ` = ${text.length > 200 ? `${text.slice(0, 200)}...` : text}`;
}

function dig(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    value,
  );
}
