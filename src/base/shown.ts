/** Returns a value as an error message shows it: its kind, and the value itself if that is short and no secret. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string')
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Error) return `the error "${value.message}" (throw it instead)`;
  if (typeof value !== 'object') return typeof value === 'symbol' ? 'a symbol' : `${value as number}`;
  const name: unknown = (Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null)
    ?.constructor?.name;
  return typeof name === 'string' && name !== 'Object' ? `an object (${name})` : 'an object';
}
