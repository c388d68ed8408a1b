import { type Command, Option } from 'commander';
import type { Key } from '../config/index.js';

/** Flags that every command has; they are added once, for all commands. */
const GLOBAL = new Set(['data', 'store.url']);

/** Adds a flag for each key of the configuration. */
export async function addConfigFlags(command: Command): Promise<void> {
  for (const [, option] of await configFlags()) command.addOption(option);
}

/** Returns the values of the flags, by the name of the key. */
export async function readConfigFlags(
  command: Command,
): Promise<Record<string, string | string[] | undefined>> {
  const given = command.opts<Record<string, string | string[] | undefined>>();
  const flags = (await configFlags()).map(([name, option]) => [name, given[option.attributeName()]] as const);
  return Object.fromEntries(flags);
}

async function configFlags(): Promise<[name: string, option: Option][]> {
  const { configSchema, keysOf } = await import('../config/index.js');
  return keysOf(configSchema).flatMap((key) => (GLOBAL.has(key.name) ? [] : flagOf(key)));
}

function flagOf(key: Key): [string, Option][] {
  if (key.flag === undefined || key.variable === undefined) return [];
  // An empty list is not shown as a default.
  const shown = String(key.initial ?? '');
  const initial = shown === '' ? '' : `; default ${shown}`;
  const option = new Option(`${key.flag} <${key.placeholder}>`, `${key.about} (${key.variable}${initial})`);
  if (key.form === 'list') {
    option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]);
  }
  option.helpGroup(
    key.path.length === 1 ? 'Options:' : 'Options, one for each further key of the configuration:',
  );
  return [[key.name, option]];
}
