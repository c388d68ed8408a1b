import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { TomlError, parse } from 'smol-toml';
import { ConfigError } from './error.js';
import type { Key } from './key.js';
import { type SetValue, type Layer, unknown } from './layer.js';

type Tree = Readonly<Record<string, unknown>>;

/**
 * Reads a configuration file.
 *
 * @returns null if there is no such file
 * @throws ConfigError if it cannot be read, or is not TOML
 */
export async function readConfigFile(file: string): Promise<Tree | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`${file} cannot be read: ${reason}`]);
  }
  return parseConfigText(text, file);
}

/** Does the same as {@link readConfigFile} with a text that was read already. */
export function parseConfigText(text: string, file: string): Tree {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The rest of the message shows the lines around the mistake, which may hold a secret.
    const reason = error.message.split('\n', 1)[0] ?? '';
    throw new ConfigError([`${file}, line ${error.line}, column ${error.column}: ${reason}`]);
  }
}

/**
 * Returns the values of a file. Paths in it are relative to its folder, so that they mean the same from everywhere.
 */
export function fileLayer(keys: readonly Key[], tree: Tree, file: string): Layer {
  const values = new Map<string, SetValue>();
  const problems: string[] = [];
  collect(tree, '', keys, (key, value) => values.set(key.name, { value, origin: file }));
  return { values, problems };

  function collect(
    tree: Tree,
    prefix: string,
    keys: readonly Key[],
    take: (key: Key, value: unknown) => void,
    table = '',
  ): void {
    for (const [part, value] of Object.entries(tree)) {
      const name = `${prefix}${part}`;
      const key = keys.find((key) => key.name === name);
      if (key !== undefined) take(key, fromFile(key, value));
      else if (isTree(value) && keys.some((key) => key.name.startsWith(`${name}.`))) {
        collect(value, `${name}.`, keys, take, table);
      } else {
        problems.push(
          unknown(
            `${table}${name} (${file})`,
            name,
            keys.map((key) => key.name),
          ),
        );
      }
    }
  }

  function fromFile(key: Key, value: unknown): unknown {
    if (key.form === 'tables' && Array.isArray(value))
      return value.map((row: unknown, index) => tableRow(key, row, index));
    // A single value may stand for a list of one.
    if (key.form === 'list' && typeof value === 'string') return [value];
    return key.holds === 'path' && typeof value === 'string' ? relativeToFile(value) : value;
  }

  function tableRow(key: Key, row: unknown, index: number): unknown {
    if (!isTree(row)) return row;
    const fields: Record<string, unknown> = {};
    const take = (column: Key, value: unknown): void => void (fields[column.path.join('.')] = value);
    collect(row, '', key.columns, take, `${key.name}[${index}].`);
    return fields;
  }

  function relativeToFile(path: string): string {
    const folder = dirname(file);
    return isAbsolute(path) || path === '' || folder === '.' ? path : join(folder, path);
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
