import { describe, expect, it } from 'vitest';
import { extensionsOf } from '../../src/cli/serve/extensions.js';
import { loadConfig } from '../../src/config/index.js';
import { Profile } from '../../src/protocol/index.js';

/** Returns what EHLO announces of the four extensions with these variables. */
async function announced(
  environment: Record<string, string>,
  link: 'plain' | 'tls' = 'tls',
): Promise<string[]> {
  const { config } = await loadConfig({ environment, flags: {} });
  const profile = new Profile({ hostname: 'mx.example', extensions: extensionsOf(config) });
  const { lines } = profile.hello('EHLO', '192.0.2.1', link);
  return lines.filter((line) => /^(?:DSN|DELIVERBY|FUTURERELEASE|MT-PRIORITY|REQUIRETLS)/.test(line));
}

describe('smtp.extensions', () => {
  it('offers only DSN by default', async () => {
    expect(await announced({})).toEqual(['DSN']);
  });

  it('switches each one on by its name', async () => {
    const one = (name: string) => announced({ POSTERN_SMTP_EXTENSIONS: name });
    expect(await one('DELIVERBY')).toEqual(['DSN', 'DELIVERBY 60']);
    expect(await one('FUTURERELEASE')).toEqual([
      'DSN',
      expect.stringMatching(/^FUTURERELEASE 2592000 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    ]);
    expect(await one('MT-PRIORITY')).toEqual(['DSN', 'MT-PRIORITY']);
    expect(await one('REQUIRETLS')).toEqual(['DSN', 'REQUIRETLS']);
    expect(await announced({ POSTERN_SMTP_EXTENSIONS: 'REQUIRETLS' }, 'plain')).toEqual(['DSN']);
  });

  it('takes their limits and names from the configuration', async () => {
    const lines = await announced({
      POSTERN_SMTP_EXTENSIONS: 'MT-PRIORITY,DELIVERBY,FUTURERELEASE',
      POSTERN_SMTP_MAX_HOLD: '90500ms',
      POSTERN_SMTP_MIN_DELIVER_BY: '2500ms',
      POSTERN_SMTP_PRIORITY_POLICY: 'STANAG4406',
    });
    expect(lines).toEqual([
      'DSN',
      'DELIVERBY 3',
      expect.stringMatching(/^FUTURERELEASE 90 /),
      'MT-PRIORITY STANAG4406',
    ]);
  });

  it('refuses an unknown name', async () => {
    await expect(announced({ POSTERN_SMTP_EXTENSIONS: 'DSN' })).rejects.toThrow(
      /smtp\.extensions\[0\] = "DSN".*DELIVERBY, FUTURERELEASE, MT-PRIORITY, REQUIRETLS/,
    );
    await expect(announced({ POSTERN_SMTP_PRIORITY_POLICY: 'a b' })).rejects.toThrow(/smtp\.priority_policy/);
  });
});
