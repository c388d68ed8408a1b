import type { Key } from './key.js';
import { suggest } from '../base/suggest.js';

/** The values of one source of the configuration, as they were written, by the name of the key. */
export interface Layer {
  readonly values: ReadonlyMap<string, SetValue>;
  /** Problems with names that belong to no key. */
  readonly problems: readonly string[];
}

/** A value, and where it was written. */
export interface SetValue {
  readonly value: unknown;
  /** The file, variable or flag, in words that let an operator find it. */
  readonly origin: string;
}

/**
 * Reads the variables `POSTERN_*`. An empty variable counts as not set: container tools pass on missing values in this
 * way.
 */
export function environmentLayer(
  keys: readonly Key[],
  environment: Readonly<Record<string, string | undefined>>,
): Layer {
  const byVariable = new Map(
    keys.flatMap((key) => (key.variable === undefined ? [] : [[key.variable, key]])),
  );
  const values = new Map<string, SetValue>();
  const problems: string[] = [];
  for (const [variable, text = ''] of Object.entries(environment)) {
    if (!variable.startsWith('POSTERN_') || NOT_KEYS.has(variable) || isServiceLink(variable, text)) continue;
    const key = byVariable.get(variable);
    // The value is not shown: it may be a secret under a wrong name.
    if (key === undefined) problems.push(unknown(`variable ${variable}`, variable, byVariable.keys()));
    else if (text !== '') values.set(key.name, { value: read(key, text), origin: variable });
  }
  return { values, problems };
}

/** The variable that names the configuration file. It is not a key, because the file cannot name itself. */
export const CONFIG_VARIABLE = 'POSTERN_CONFIG';

/**
 * The variable with the administrator's password. It is not a key: a password must be neither in a file that
 * `--print-config` shows nor in a flag that every user of the machine can read.
 */
export const ADMIN_PASSWORD_VARIABLE = 'POSTERN_ADMIN_PASSWORD';

/** The API token that `postern send` signs in with. */
export const TOKEN_VARIABLE = 'POSTERN_TOKEN';
const NOT_KEYS: ReadonlySet<string> = new Set([CONFIG_VARIABLE, ADMIN_PASSWORD_VARIABLE, TOKEN_VARIABLE]);

/** Reads flags, by the name of their key. If a flag is repeated, its values make a list. */
export function flagLayer(
  keys: readonly Key[],
  flags: Readonly<Record<string, string | readonly string[] | undefined>>,
): Layer {
  const values = new Map<string, SetValue>();
  for (const key of keys) {
    const given = flags[key.name];
    if (given === undefined || key.flag === undefined) continue;
    const value = typeof given === 'string' ? read(key, given) : given.flatMap((text) => read(key, text));
    values.set(key.name, { value, origin: key.flag });
  }
  return { values, problems: [] };
}

/** Returns a text that says that a name is unknown, and which one was probably meant. */
export function unknown(what: string, name: string, known: Iterable<string>): string {
  const guess = suggest(name, known);
  return `${what} is unknown${guess === undefined ? '' : `: did you mean ${guess}?`}`;
}

function read(key: Key, text: string): string | string[] {
  if (key.form !== 'list') return text;
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/**
 * Returns true for `POSTERN_SERVICE_HOST`, `POSTERN_PORT=tcp://...` and similar variables. Kubernetes and Docker set
 * them in containers next to a service called postern. No person wrote them, so no person could correct them.
 */
function isServiceLink(variable: string, text: string): boolean {
  return (
    /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(variable) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?$/.test(variable) ||
    (variable.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text))
  );
}
