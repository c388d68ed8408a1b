import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.js';

describe('defaults', () => {
  it('are those of the library', async () => {
    const { smtp } = (await loadConfig({ environment: {}, flags: {} })).config;
    expect(smtp.maxSize).toBe(DEFAULT_LIMITS.messageSize);
    expect(smtp.maxRecipients).toBe(DEFAULT_LIMITS.recipients);
    expect(smtp.maxErrors).toBe(DEFAULT_LIMITS.errors);
  });
});
