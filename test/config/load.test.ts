import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, type Sources, loadConfig } from '../../src/config/index.js';
import { SMTP } from './listeners.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(toml: string, sources: Partial<Sources> = {}) {
  const file = join(folder, 'postern.toml');
  await writeFile(file, toml);
  return loadConfig({ file, environment: {}, flags: {}, ...sources });
}

async function problems(toml: string, sources: Partial<Sources> = {}): Promise<readonly string[]> {
  const error = await load(toml, sources).then(
    () => new Error('was accepted'),
    (error: unknown) => error,
  );
  if (!(error instanceof ConfigError)) throw error as Error;
  return error.problems.map((problem) => problem.replaceAll(folder, 'FOLDER'));
}

describe('lists in a file', () => {
  it('may be a single value', async () => {
    const { config } = await load('listen = "smtp://127.0.0.1:25"\n');
    expect(config.listen).toEqual([{ ...SMTP, address: '127.0.0.1', port: 25 }]);
  });
});

describe('layers', () => {
  const toml = '[smtp]\nmax_size = "1MiB"\nmax_recipients = 7\nmax_errors = 8\n';

  it('has defaults for everything', async () => {
    const { config, origins } = await load('');
    expect(origins.size).toBe(0);
    expect(config).toMatchObject({
      data: './data',
      listen: [{ ...SMTP, address: '127.0.0.1', port: 2525 }],
      http: {
        listen: { address: '127.0.0.1', port: 8025 },
        tls: false,
        insecure: false,
        hosts: [],
      },
      smtp: { maxSize: 50 * 1024 * 1024, maxRecipients: 100, timeouts: { command: 300_000 } },
      tls: { cert: null, key: null, certificates: [], minVersion: 'TLSv1.2' },
      submission: { tagHeaders: ['X-OMS-Tags', 'X-MailPace-Tags'], tokenGrace: 86_400_000 },
      store: { inFlight: 32 * 1024 * 1024 },
      log: { level: 'info', format: 'auto' },
    });
  });

  it('lets a flag override a variable, and a variable the file, and records the origin', async () => {
    const { config, origins } = await load(toml, {
      environment: { POSTERN_SMTP_MAX_SIZE: '2MiB', POSTERN_SMTP_MAX_RECIPIENTS: '70' },
      flags: { 'smtp.max_size': '3MiB' },
    });
    expect(config.smtp).toMatchObject({ maxSize: 3 * 1024 * 1024, maxRecipients: 70, maxErrors: 8 });
    expect(Object.fromEntries(origins)).toEqual({
      'smtp.max_size': '--smtp-max-size',
      'smtp.max_recipients': 'POSTERN_SMTP_MAX_RECIPIENTS',
      'smtp.max_errors': join(folder, 'postern.toml'),
    });
  });

  it('takes an empty variable as not set', async () => {
    const { config } = await load(toml, { environment: { POSTERN_SMTP_MAX_SIZE: '' } });
    expect(config.smtp.maxSize).toBe(1024 * 1024);
  });

  it('splits a list in a variable at commas, and joins a repeated flag', async () => {
    const { config } = await load('', {
      environment: { POSTERN_SUBMISSION_TAG_HEADERS: 'X-A, X-B,' },
      flags: { listen: ['smtp://127.0.0.1:1', 'smtps://127.0.0.1:2'] },
    });
    expect(config.submission.tagHeaders).toEqual(['X-A', 'X-B']);
    expect(config.listen.map(({ port, tls }) => [port, tls])).toEqual([
      [1, 'optional'],
      [2, 'implicit'],
    ]);
  });

  it('takes paths in the file relative to its folder, and others as they are', async () => {
    const inFile = await load(
      'data = "mail"\n[tls]\ncert = "/c.pem"\nkey = "k.pem"\n[[tls.certificates]]\ncert = "a.pem"\nkey = "b.pem"\nnames = ["x.example"]',
    );
    expect(inFile.config.data).toBe(join(folder, 'mail'));
    expect(inFile.config.tls).toMatchObject({
      cert: '/c.pem',
      key: join(folder, 'k.pem'),
      certificates: [{ cert: join(folder, 'a.pem'), key: join(folder, 'b.pem'), names: ['x.example'] }],
    });
    expect((await load('', { environment: { POSTERN_DATA: 'mail' } })).config.data).toBe('mail');
  });

  it('finds the file by POSTERN_CONFIG, which --config overrides', async () => {
    const other = join(folder, 'other.toml');
    await writeFile(other, 'hostname = "other.example"');
    const environment = { POSTERN_CONFIG: other };
    expect((await loadConfig({ environment, flags: {} })).config.hostname).toBe('other.example');
    expect((await load('hostname = "first.example"', { environment })).config.hostname).toBe('first.example');
  });

  it('ignores variables that container platforms set by themselves', async () => {
    const environment = {
      POSTERN_PORT: 'tcp://10.0.0.1:2525',
      POSTERN_SERVICE_HOST: '10.0.0.1',
      POSTERN_SMTP_SERVICE_PORT_SUBMISSION: '587',
      POSTERN_PORT_2525_TCP_ADDR: '10.0.0.1',
      OTHER_VARIABLE: 'x',
    };
    expect((await load('', { environment })).origins.size).toBe(0);
    expect(await problems('', { environment: { POSTERN_PORT: '25' } })).toEqual([
      expect.stringContaining('variable POSTERN_PORT is unknown'),
    ]);
  });
});

describe('wrong values', () => {
  it('names key, value, place and what is allowed, for every problem at once', async () => {
    const found = await problems('[smtp]\nmax_size = "50M"\n[log]\nlevel = "loud"', {
      environment: { POSTERN_SMTP_MAX_RECIPIENTS: '0' },
      flags: { listen: ['smtp://127.0.0.1'] },
    });
    expect(found).toEqual([
      expect.stringMatching(
        /^listen\[0\] = "smtp:\/\/127\.0\.0\.1" \(--listen\): it has no port; allowed is smtp:/,
      ),
      expect.stringMatching(
        /^smtp\.max_size = "50M" \(FOLDER\/postern\.toml\): allowed is .*MiB.*from 1 to 64GiB$/,
      ),
      'smtp.max_recipients = "0" (POSTERN_SMTP_MAX_RECIPIENTS): it is too small; allowed is a whole number, from 1 to 100000',
      'log.level = "loud" (FOLDER/postern.toml): allowed is one of trace, debug, info, warn, error, fatal, silent',
    ]);
  });

  it.each([
    ['smtp.max_size', '[smtp]\nmax_size = -1', '-1'],
    ['smtp.max_size', '[smtp]\nmax_size = 1.5', '1.5'],
    ['smtp.max_size', '[smtp]\nmax_size = []', '[]'],
    ['smtp.timeouts.command', '[smtp.timeouts]\ncommand = 30', '30'],
    ['smtp.timeouts.command', '[smtp.timeouts]\ncommand = "25d"', '"25d"'],
    ['smtp.tls_detect', '[smtp]\ntls_detect = "11s"', '"11s"'],
    ['smtp.max_errors', '[smtp]\nmax_errors = true', 'true'],
    ['data', 'data = 5', '5'],
    ['data', 'data = ""', '""'],
    ['hostname', 'hostname = "a b"', '"a b"'],
    ['listen', 'listen = []', '[]'],
    ['http.listen', '[http]\nlisten = "on"', '"on"'],
    ['http.listen', '[http]\nlisten = "0.0.0.0:8025"', '"0.0.0.0:8025"'],
    ['http.tls', '[http]\ntls = "yes"', '"yes"'],
    ['http.hosts[0]', '[http]\nhosts = ["a b"]', '"a b"'],
    ['submission.tag_headers[1]', '[submission]\ntag_headers = ["X-A", "X A"]', '"X A"'],
    ['smtp.trusted_proxies[1]', '[smtp]\ntrusted_proxies = ["::1", "10.0.0.0/33"]', '"10.0.0.0/33"'],
    ['smtp.ipv6_network_bits', '[smtp]\nipv6_network_bits = 129', '129'],
    ['tls.ciphers', '[tls]\nciphers = "a b"', '"a b"'],
    ['tls.min_version', '[tls]\nmin_version = "TLSv1.1"', '"TLSv1.1"'],
    ['smtp.bare_newlines', '[smtp]\nbare_newlines = 1979-05-27', '"1979-05-27"'],
    ['tls.certificates[0].key', '[[tls.certificates]]\ncert = "a"\nkey = 1', '1'],
  ])('refuses %s in %j', async (name, toml, value) => {
    expect(await problems(toml)).toEqual([
      expect.stringContaining(`${name} = ${value} (FOLDER/postern.toml): `),
    ]);
  });

  it('says what is missing', async () => {
    expect(await problems('[[tls.certificates]]\ncert = "a"')).toEqual([
      'tls.certificates[0].key is not set (FOLDER/postern.toml): allowed is a path',
    ]);
    expect(await problems('[tls]\ncert = "a"')).toEqual([
      'tls.key is not set: tls.cert is set, so this one must be, too',
    ]);
  });

  it('refuses a listener for proxies if no proxies are named', async () => {
    const listen = 'listen = ["smtp://127.0.0.1:0", "smtp://127.0.0.1:0?proxy=required"]';
    expect(await problems(listen)).toEqual([
      expect.stringMatching(/^listen\[1\] .*trusted_proxies is empty/),
    ]);
    await load(`${listen}\n[smtp]\ntrusted_proxies = ["192.0.2.0/24", "2001:db8::1"]`);
  });

  it('refuses to ask for certificates without an authority for clients', async () => {
    const listen = 'listen = ["smtp://127.0.0.1:0?client_cert=optional"]';
    expect(await problems(listen)).toEqual([
      expect.stringMatching(/^listen\[0\] .*tls\.client_ca is not set/),
    ]);
    await load(`${listen}\n[tls]\nclient_ca = "ca.pem"`);
  });

  it('refuses two listeners on one port, but not on port 0', async () => {
    expect(await problems('listen = ["smtp://[::]:25", "smtps://[::]:25"]')).toEqual([
      expect.stringMatching(/^listen\[1\] = "smtps:\/\/\[::\]:25" .*: \[::\]:25 is listened on already/),
    ]);
    await load('listen = ["smtp://[::]:0", "smtps://[::]:0"]');
  });
});

describe('unknown names', () => {
  it.each([
    ['[smtp]\nmax_sise = 1', 'smtp.max_sise', 'smtp.max_size'],
    ['max_size = 1', 'max_size', 'smtp.max_size'],
    ['[smtp]\nmaxSize = 1', 'smtp.maxSize', 'smtp.max_size'],
    ['[stmp]\nmax_size = 1', 'stmp', undefined],
    ['[[tls.certificates]]\ncert = "a"\nkey = "b"\nname = "c"', 'tls.certificates[0].name', 'names'],
    [
      '[[delivery.routes]]\ndeliver = ["mx://"]\n[[delivery.routes]]\ndomains = "x"\ndeliver = ["mx://"]',
      'delivery.routes[1].domains',
      'domain',
    ],
    ['[smtp.listen]\nx = 1', 'smtp.listen', 'listen'],
    ['__proto__ = 1', '__proto__', undefined],
  ])('refuses %j and guesses what was meant', async (toml, name, guess) => {
    const hint = guess === undefined ? '' : `: did you mean ${guess}?`;
    expect(await problems(toml)).toEqual([`${name} (FOLDER/postern.toml) is unknown${hint}`]);
  });

  it('refuses a variable without showing its value', async () => {
    expect(await problems('', { environment: { POSTERN_SMTP_MAX_SISE: 'value' } })).toEqual([
      'variable POSTERN_SMTP_MAX_SISE is unknown: did you mean POSTERN_SMTP_MAX_SIZE?',
    ]);
  });
});

describe('files', () => {
  it('says where TOML is broken', async () => {
    expect(await problems('data = "x"\nlisten = [')).toEqual([
      expect.stringMatching(/^FOLDER\/postern\.toml, line 2, column \d+: \S/),
    ]);
  });

  it('says that a file is missing, and which setting named it', async () => {
    const file = join(folder, 'missing.toml');
    await expect(loadConfig({ file, environment: {}, flags: {} })).rejects.toThrow(
      /missing.toml \(--config\)/,
    );
    await expect(loadConfig({ environment: { POSTERN_CONFIG: file }, flags: {} })).rejects.toThrow(
      /missing.toml \(POSTERN_CONFIG\)/,
    );
    await expect(loadConfig({ file: folder, environment: {}, flags: {} })).rejects.toThrow(/cannot be read/);
  });
});
