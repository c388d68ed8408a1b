import type { z } from 'zod';
import type { FieldErrors } from './errors.js';

/** Fields that one answer names. */
const MOST_FIELDS = 20;
/** Characters of a name that are shown: the names of unknown fields are the client's own words. */
const NAME_LENGTH = 80;

type Issue = Pick<z.core.$ZodIssue, 'message' | 'path'> & { readonly code?: string; readonly keys?: unknown };

/** Returns the problems that zod found, by the name of the field: `attachments.0.name`. */
export function fieldErrors(issues: readonly unknown[]): FieldErrors {
  const fields = new Map<string, string[]>();
  const add = (path: readonly PropertyKey[], problem: string): void => {
    const name = path.map(String).join('.').slice(0, NAME_LENGTH) || 'body';
    const known = fields.get(name);
    if (known === undefined) {
      if (fields.size < MOST_FIELDS) fields.set(name, [problem]);
    } else if (known.length < MOST_FIELDS) known.push(problem);
  };
  for (const issue of issues as readonly Issue[]) {
    const { path, code, keys, message } = issue;
    if (code === 'unrecognized_keys' && Array.isArray(keys)) {
      for (const key of keys) add([...path, String(key)], 'unknown field');
    } else add(path, message);
  }
  return Object.fromEntries(fields);
}
