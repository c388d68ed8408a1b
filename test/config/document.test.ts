import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { fileLayer, parseConfigText } from '../../src/config/file.js';
import { type Config, configSchema, keysOf } from '../../src/config/index.js';
import { resolve } from '../../src/config/resolve.js';
import { SMTP } from './listeners.js';

// docs/postern.toml is read by people; this holds it to the schema, so that neither drifts from the other.

const FILE = 'docs/postern.toml';
const text = await readFile(new URL(`../../${FILE}`, import.meta.url), 'utf8');
const keys = keysOf(configSchema);
const read = (toml: string) =>
  resolve(configSchema, [fileLayer(keys, parseConfigText(toml, 'postern.toml'), 'postern.toml')]);

/** What the file would say if every line that is commented out were in force, and no other. */
const defaults = text
  .split('\n')
  .filter((line) => /^\[/.test(line) || /^# (\[\[.*\]\]|[a-z0-9_]+ = .*)$/.test(line))
  .map((line) => line.replace(/^# /, ''))
  .join('\n');

const at = (config: Config, path: readonly string[]) =>
  path.reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], config);

describe('docs/postern.toml', () => {
  it('is a valid configuration for production', () => {
    const { config, origins } = read(text);
    expect([...origins.keys()]).toEqual(['data', 'listen']);
    expect(config.listen).toEqual([
      { ...SMTP, address: '::', port: 25 },
      { ...SMTP, address: '::', port: 587 },
      { ...SMTP, address: '::', port: 2525 },
      { ...SMTP, address: '::', port: 465, tls: 'implicit' },
    ]);
  });

  it('mentions every key, once, and no other', () => {
    const { origins } = read(defaults);
    expect([...origins.keys()].sort()).toEqual(keys.map((key) => key.name).sort());
    expect(read(defaults).config.tls.certificates[0]?.names).toEqual(['smtp.example.org']);
  });

  const withDefault = keys.filter((key) => key.initial !== undefined && key.form !== 'tables');
  it.each(withDefault.map((key) => [key.name, key] as const))('shows the default of %s', (_, { path }) => {
    expect(at(read(defaults).config, path)).toEqual(at(read('').config, path));
  });
});
