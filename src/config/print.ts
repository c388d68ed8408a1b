import { stringify } from 'smol-toml';
import { z } from 'zod';
import { type Key, keysOf } from './key.js';
import type { Resolved } from './resolve.js';

/**
 * Writes a configuration as TOML that means the same when it is read. Each value that is not a default has its origin
 * beside it. Secrets are hidden.
 */
export function printConfig<T>(schema: z.ZodType<T>, { config, origins }: Resolved<T>): string {
  const written: unknown = z.encode(schema, config);
  const keys = keysOf(schema);
  const headings = [...new Set(keys.map(heading))];
  return headings
    .map((table) => {
      const own = keys.filter((key) => heading(key) === table);
      const lines = own
        .filter(({ form }) => form !== 'tables')
        .map((key) => line(key, at(written, key), origins));
      const tables = own.filter(({ form }) => form === 'tables').map((key) => rows(key, at(written, key)));
      return [
        ...(table === '' ? [] : [`[${table}]`]),
        ...lines,
        ...tables.filter((text) => text !== ''),
      ].join('\n');
    })
    .join('\n\n')
    .concat('\n');
}

function heading({ name }: Key): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

function line(key: Key, value: unknown, origins: ReadonlyMap<string, string>): string {
  const name = key.name.slice(key.name.lastIndexOf('.') + 1);
  if (value === undefined || value === null) return `# ${name} is not set`;
  const origin = origins.get(key.name);
  return `${stringify({ [name]: value }).trimEnd()}${origin === undefined ? '' : ` # ${origin}`}`;
}

function rows(key: Key, value: unknown): string {
  if (!Array.isArray(value)) return '';
  return value
    .map((row: unknown) => {
      const fields = key.columns.map((column) => [column.name, at(row, column)]);
      return `\n[[${key.name}]]\n${stringify(Object.fromEntries(fields)).trimEnd()}`;
    })
    .join('\n');
}

function at(value: unknown, { path }: Key): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], value);
}
