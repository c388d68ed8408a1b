import { describe, expect, it } from 'vitest';
import { configSchema, keysOf } from '../../src/config/index.js';

const keys = keysOf(configSchema);
const scalar = keys.filter((key) => key.variable !== undefined);

describe('names of keys', () => {
  it('follow from the schema', () => {
    expect(keys.find((key) => key.name === 'smtp.max_size')).toMatchObject({
      path: ['smtp', 'maxSize'],
      variable: 'POSTERN_SMTP_MAX_SIZE',
      flag: '--smtp-max-size',
    });
    expect(keys.find((key) => key.name === 'smtp.timeouts.data_block')).toMatchObject({
      variable: 'POSTERN_SMTP_TIMEOUTS_DATA_BLOCK',
      flag: '--smtp-timeouts-data-block',
    });
  });

  it('are one to one: no two keys share a name, a variable or a flag', () => {
    for (const by of ['name', 'variable', 'flag'] as const) {
      expect(new Set(scalar.map((key) => key[by])).size).toBe(scalar.length);
    }
  });

  it('are never taken for the variables that container platforms set', () => {
    for (const { variable } of scalar) expect(variable).not.toMatch(/_SERVICE_(HOST|PORT)|_PORT$|_PORT_\d/);
  });

  it('leave arrays of tables to the file', () => {
    const tables = keys.filter((key) => key.variable === undefined);
    expect(tables.map((key) => key.name)).toEqual(['tls.certificates', 'delivery.routes']);
    expect(tables[0]?.columns.map((column) => column.name)).toEqual(['cert', 'key', 'names']);
    expect(tables[0]?.flag).toBeUndefined();
  });

  it('come with a sentence on what they do', () => {
    for (const { about } of keys) expect(about).toMatch(/^[A-Z].{10,}\.$/s);
  });
});
