import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configSchema, keysOf, loadConfig } from '../../src/config/index.js';
import { limitsPage } from './limits-page.js';

const page = new URL('../../docs/limits.md', import.meta.url);
const keys = keysOf(configSchema);

describe('docs/limits.md', () => {
  it('says what the tables say', () => {
    if (process.env['UPDATE'] === '1') writeFileSync(page, limitsPage());
    expect(readFileSync(page, 'utf8')).toBe(limitsPage());
  });

  it('has every key that sets a limit', () => {
    const text = limitsPage();
    const setting = keys.filter(({ limit }) => limit !== undefined);
    expect(setting.length).toBeGreaterThan(20);
    expect(setting.filter(({ name }) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('the configuration', () => {
  it('has the defaults of the rooms that it sets up', async () => {
    const { config } = await loadConfig({ environment: {}, flags: {} });
    for (const { name, path, limit } of keys) {
      if (limit === undefined) continue;
      const value = path.reduce<unknown>((tree, part) => (tree as Record<string, unknown>)[part], config);
      expect([name, value]).toEqual([name, limit.initial]);
    }
  });
});
