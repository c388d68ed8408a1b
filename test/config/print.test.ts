import { describe, expect, it } from 'vitest';
import { parseConfigText, fileLayer } from '../../src/config/file.js';
import { configSchema, keysOf, printConfig } from '../../src/config/index.js';
import { flagLayer } from '../../src/config/layer.js';
import { resolve } from '../../src/config/resolve.js';

describe('--print-config', () => {
  const keys = keysOf(configSchema);
  const toml = `
    listen = ["smtp://[::1]:0?tls=required", "smtps://127.0.0.1:465"]
    [http]
    listen = "127.0.0.1:8080"
    tls = true
    hosts = ["mail.example.com"]
    [smtp]
    max_size = 123457
    tls_detect = 0
    [tls]
    cert = "/a.pem"
    key = "/b.pem"
    ciphers = "HIGH:!aNULL"
    [[tls.certificates]]
    cert = "/c.pem"
    key = "/d.pem"
    names = ["one.example", "two.example"]
    [[tls.certificates]]
    cert = "/e.pem"
    key = "/f.pem"
    [[delivery.routes]]
    domain = "example.com"
    deliver = ["maildir:/mail"]`;
  const fromFile = fileLayer(keys, parseConfigText(toml, 'postern.toml'), 'postern.toml');

  it.each([
    ['the defaults', []],
    ['a full file', [fromFile]],
  ])('prints TOML that reads back as the same: %s', (_, layers) => {
    const resolved = resolve(configSchema, layers);
    const printed = printConfig(configSchema, resolved);
    const again = resolve(configSchema, [fileLayer(keys, parseConfigText(printed, 'again'), 'again')]);
    expect(again.config).toEqual(resolved.config);
  });

  it('mentions every key, and says where a value is from', () => {
    const resolved = resolve(configSchema, [fromFile, flagLayer(keys, { 'log.level': 'debug' })]);
    const printed = printConfig(configSchema, resolved);
    for (const { name } of keys) expect(printed).toContain(name.slice(name.lastIndexOf('.') + 1));
    expect(printed).toContain('max_size = 123457 # postern.toml\n');
    expect(printed).toContain('level = "debug" # --log-level\n');
    expect(printed).toContain('max_recipients = 100\n');
  });
});
