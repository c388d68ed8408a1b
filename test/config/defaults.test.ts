import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.js';
import { DEFAULT_ADMISSION } from '../../src/server/admission.js';
import { DEFAULT_DATA_RATE, DEFAULT_TIMEOUTS } from '../../src/server/options.js';

// The gateway's configuration may not import the server: what both have, they state apart.
describe('defaults', () => {
  it('are those of the library', async () => {
    const { smtp } = (await loadConfig({ environment: {}, flags: {} })).config;
    expect(smtp.maxSize).toBe(DEFAULT_LIMITS.messageSize);
    expect(smtp.maxRecipients).toBe(DEFAULT_LIMITS.recipients);
    expect(smtp.maxErrors).toBe(DEFAULT_LIMITS.errors);
    expect(smtp.maxConnections).toBe(DEFAULT_ADMISSION.connections);
    expect(smtp.maxConnectionsPerAddress).toBe(DEFAULT_ADMISSION.connectionsPerAddress);
    expect(smtp.auth.maxFailures).toBe(DEFAULT_ADMISSION.authFailures);
    expect(smtp.auth.failureMemory).toBe(DEFAULT_ADMISSION.authMemory);
    expect(DEFAULT_TIMEOUTS).toMatchObject(smtp.timeouts);
    expect(smtp.minDataRate).toBe(DEFAULT_DATA_RATE.octetsPerSecond);
    expect(smtp.minDataRateGrace).toBe(DEFAULT_DATA_RATE.grace);
  });
});
