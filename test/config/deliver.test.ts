import { Fault } from '../../src/base/fault.js';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseDeliverUrl } from '../../src/config/deliver-url.js';
import { configSchema, loadConfig, printConfig } from '../../src/config/index.js';

const shown = (text: string) => {
  const url = parseDeliverUrl(text);
  return url instanceof Fault ? url.reason : url.shown;
};

describe('deliver', () => {
  it('is a list, from a variable and from flags', async () => {
    const read = async (flags: string[] | undefined, variable?: string) => {
      const { config } = await loadConfig({
        environment: { POSTERN_DELIVER: variable },
        flags: { deliver: flags },
      });
      return config.deliver.map(({ url }) => url.expose());
    };
    expect(await read(undefined)).toEqual([]);
    expect(await read(undefined, 'smtp://a:1, mx://')).toEqual(['smtp://a:1', 'mx://']);
    expect(await read(['smtp://a:1', 'file:/b'], 'mx://')).toEqual(['smtp://a:1', 'file:/b']);
  });

  it('shows no user, password or token', () => {
    expect(shown('smtp://user:pass@relay.example:587?tls=required')).toBe(
      'smtp://[secret]@relay.example:587?tls=required',
    );
    expect(shown('https://token@api.example/api/v1/send')).toBe('https://[secret]@api.example/api/v1/send');
    // The password is not encoded: everything that may be part of it is hidden.
    expect(shown('smtp://user:p@ss/w@rd@relay.example')).toBe('smtp://[secret]@relay.example');
    // The scheme is missing.
    expect(shown('user:hunter2@relay.example')).toBe('user:[secret]@relay.example');
    // The host was forgotten, or a secret stands where it does not belong.
    expect(shown('smtp://user:hunter2')).toBe('smtp://user:[secret]');
    expect(shown('smtp://user:123456')).toBe('smtp://user:[secret]');
    expect(shown('smtp://relay.example?password=x&tls=off&user=y')).toBe(
      'smtp://relay.example?password=[secret]&tls=off&user=[secret]',
    );
    expect(shown('https://api.example/send?token=x#key=y')).toBe(
      'https://api.example/send?token=[secret]#key=[secret]',
    );
    expect(shown('smtp://relay.example?auth=xoauth2')).toBe('smtp://relay.example?auth=xoauth2');
    expect(shown('smtp://relay.example?auth=hunter2')).toBe('smtp://relay.example?auth=[secret]');
    for (const url of [
      'lmtp://store.example:24?tls=required&verify=off&ca=/ca.pem',
      'lmtp+unix:///run/lmtp?connections=5',
    ])
      expect(shown(url)).toBe(url);
    expect(shown('smtp://relay.example:587?tls=off')).toBe('smtp://relay.example:587?tls=off');
    expect(shown('mx://')).toBe('mx://');
    expect(shown('maildir:/var/mail/a@b')).toBe('maildir:/var/mail/a@b');
  });

  it('is not shown: not printed, not inspected, not in an error', async () => {
    const environment = { POSTERN_DELIVER: 'smtp://user:hunter2@relay.example' };
    const loaded = await loadConfig({ environment, flags: {} });
    const printed = printConfig(configSchema, loaded);
    expect(printed).toContain('deliver = [ "smtp://[secret]@relay.example" ] # POSTERN_DELIVER\n');
    expect(`${printed}${inspect(loaded, { depth: 9 })}${JSON.stringify(loaded.config)}`).not.toContain(
      'hunter2',
    );
    const bad = loadConfig({ environment: { POSTERN_DELIVER: '//user:hunter2@relay.example' }, flags: {} });
    await expect(bad).rejects.toThrow(/^deliver\[0\] = \[secret\] \(POSTERN_DELIVER\): it does not begin/);
  });

  it('refuses a longest gap below the first one', async () => {
    const environment = { POSTERN_DELIVERY_RETRY_BASE: '3h' };
    await expect(loadConfig({ environment, flags: {} })).rejects.toThrow(
      /delivery\.retry_max.*less than delivery\.retry_base/,
    );
    const short = await loadConfig({ environment: { POSTERN_DELIVERY_RETRY_BASE: '1s' }, flags: {} });
    expect(short.config.delivery.retryBase).toBe(1_000);
  });
});
