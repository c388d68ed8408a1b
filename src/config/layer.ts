import type { Key } from './key.js';
import { suggest } from '../base/suggest.js';

/** One source's say in the configuration: values as they were written, by the name of the key. */
export interface Layer {
  readonly values: ReadonlyMap<string, Given>;
  /** What in it belongs to no key. */
  readonly problems: readonly string[];
}

/** A value and where it was written. */
export interface Given {
  readonly value: unknown;
  /** A file, a variable or a flag, as a user would look for it. */
  readonly origin: string;
}

/** The variables `POSTERN_*`. An empty one counts as not set: that is how container tools pass on nothing. */
export function environmentLayer(
  keys: readonly Key[],
  environment: Readonly<Record<string, string | undefined>>,
): Layer {
  const byVariable = new Map(
    keys.flatMap((key) => (key.variable === undefined ? [] : [[key.variable, key]])),
  );
  const values = new Map<string, Given>();
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

/** The variable that names the configuration file; not a key, because the file cannot say it. */
export const CONFIG_VARIABLE = 'POSTERN_CONFIG';

/**
 * The variable with the administrator's password. It is not a key: a password belongs neither into a file that is
 * shown by `--print-config` nor into a flag that every user of the machine can read.
 */
export const ADMIN_PASSWORD_VARIABLE = 'POSTERN_ADMIN_PASSWORD';

const NOT_KEYS: ReadonlySet<string> = new Set([CONFIG_VARIABLE, ADMIN_PASSWORD_VARIABLE]);

/** Flags, by the name of their key. A list may have been given in parts, by a flag that was repeated. */
export function flagLayer(
  keys: readonly Key[],
  flags: Readonly<Record<string, string | readonly string[] | undefined>>,
): Layer {
  const values = new Map<string, Given>();
  for (const key of keys) {
    const given = flags[key.name];
    if (given === undefined || key.flag === undefined) continue;
    const value = typeof given === 'string' ? read(key, given) : given.flatMap((text) => read(key, text));
    values.set(key.name, { value, origin: key.flag });
  }
  return { values, problems: [] };
}

/** Says that a name is unknown, and which one was probably meant. */
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
 * Kubernetes and Docker set `POSTERN_SERVICE_HOST`, `POSTERN_PORT=tcp://...` and the like in containers next
 * to a service called postern. Nobody wrote them, so nobody can be asked to correct them.
 */
function isServiceLink(variable: string, text: string): boolean {
  return (
    /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(variable) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?$/.test(variable) ||
    (variable.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text))
  );
}
