import { describe, expect, it } from 'vitest';
import { dnsServer, type DnsFault, type Records } from '../delivery/dns-server.js';
import { scratch } from '../scratch.js';
import { postern, type Outcome } from './postern.js';

interface KeyLine {
  readonly selector: string;
  readonly algorithm: string;
  readonly name: string;
  readonly value: string;
  readonly strings: readonly string[];
  readonly active: boolean;
}
interface Finding {
  readonly check: string;
  readonly name: string;
  readonly ok: boolean;
  readonly says: string;
  readonly record: { readonly name: string; readonly value: string } | null;
}

async function setUp(): Promise<Record<string, string>> {
  const environment = { POSTERN_DATA: await scratch(), POSTERN_HOSTNAME: 'mail.example.com' };
  await postern(['domain', 'add', 'example.com'], environment);
  return environment;
}

function lines<T>({ stdout }: Outcome): T[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

describe('postern domain dkim', () => {
  it('makes both keys, and shows the same keys again', async () => {
    const environment = await setUp();
    const made = await postern(['domain', 'dkim', 'example.com', '--json'], environment);
    expect([made.exitCode, made.stderr]).toEqual([0, '']);
    const [rsa, ed25519, ...more] = lines<KeyLine>(made);
    expect(more).toEqual([]);
    expect(rsa).toMatchObject({
      domain: 'example.com',
      selector: 'postern-rsa',
      algorithm: 'rsa-sha256',
      name: 'postern-rsa._domainkey.example.com',
      type: 'TXT',
      value: expect.stringMatching(/^v=DKIM1; k=rsa; p=MIIBIjAN[\w+/]{384}$/),
    });
    expect(rsa?.strings.map(({ length }) => length)).toEqual([255, (rsa?.value.length ?? 0) - 255]);
    expect(rsa?.strings.join('')).toBe(rsa?.value);
    expect(ed25519).toMatchObject({
      selector: 'postern-ed25519',
      algorithm: 'ed25519-sha256',
      value: expect.stringMatching(/^v=DKIM1; k=ed25519; p=[\w+/]{43}=$/),
    });
    const again = await postern(['domain', 'dkim', 'example.com', '--json'], environment);
    expect(again.stdout).toBe(made.stdout);
    const { stdout } = await postern(['domain', 'dkim', 'example.com'], environment);
    expect(stdout).toContain('These are there already');
    expect(stdout).toContain(`${rsa?.name}. IN TXT ( "${rsa?.strings[0]}" "${rsa?.strings[1]}" )\n`);
    expect(stdout).not.toContain('PRIVATE');
  });

  it('makes one key with a name, and removes it', async () => {
    const environment = await setUp();
    const args = ['domain', 'dkim', 'example.com', '--selector', 's1', '--algorithm', 'ed25519'];
    expect((await postern(args, environment)).stdout).toMatch(
      /^The keys are made.*\n\ns1\._domainkey\.example\.com\. IN TXT/,
    );
    expect(await postern(args, environment)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('the selector s1 is in use'),
    });
    const remove = ['domain', 'dkim', 'example.com', '--remove', 's1', '--json'];
    expect((await postern(remove, environment)).stdout).toBe(
      '{"domain":"example.com","selector":"s1","removed":true}\n',
    );
    expect(await postern(remove, environment)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(
        '--remove: example.com has no key with the selector s1; it has no key at all',
      ),
    });
  });

  it('signs with a key once its record is there, as the page of a domain does, or anyway', async () => {
    const environment = await setUp();
    const dkim = (...args: string[]): Promise<Outcome> =>
      postern(['domain', 'dkim', 'example.com', ...args], environment);
    const active = async (): Promise<boolean[]> =>
      lines<KeyLine>(await dkim('--json')).map((key) => key.active);
    const [rsa, ed25519] = lines<KeyLine>(await dkim('--json'));
    expect(await active()).toEqual([false, false]);
    expect((await dkim()).stdout).toContain('are not signed with postern-rsa and postern-ed25519 yet');
    const server = await dnsServer({ [rsa?.name ?? '']: { TXT: [rsa?.value ?? ''] } });
    const on = await dkim('--on', '--resolver', server.address);
    expect([on.exitCode, on.stderr]).toEqual([
      1,
      expect.stringContaining('not switched on: postern-ed25519: '),
    ]);
    expect(await active()).toEqual([true, false]);
    server.zone.set(ed25519?.name ?? '', { TXT: [ed25519?.value ?? ''] });
    const done = await dkim('--on', '--resolver', server.address);
    expect([done.exitCode, done.stdout]).toEqual([0, expect.stringContaining('are signed with all of them')]);
    const anyway = await dkim('--selector', 'new', '--algorithm', 'rsa', '--on', '--anyway');
    expect(anyway.exitCode).toBe(0);
    expect(await active()).toEqual([true, true, true]);
    expect(await dkim('--anyway')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--on') });
  }, 60_000);

  it('refuses a name that is not a domain here, and a bad selector', async () => {
    const environment = await setUp();
    const unknown = await postern(['domain', 'dkim', 'example.org'], environment);
    expect(unknown.stderr).toContain('there is no domain example.org');
    for (const selector of ['A', 'a_b', '-a', 'a..b', 'a'.repeat(60)]) {
      const { exitCode, stderr } = await postern(
        ['domain', 'dkim', 'example.com', '--selector', selector],
        environment,
      );
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/--selector: .* is no selector/)]);
    }
    const both = ['domain', 'dkim', 'example.com', '--remove', 's', '--selector', 't'];
    expect((await postern(both, environment)).exitCode).toBe(2);
  });
});

describe('postern domain verify', () => {
  async function verify(
    zone: Record<string, Records | DnsFault>,
    environment: Record<string, string>,
    ...args: string[]
  ): Promise<Outcome> {
    const server = await dnsServer(zone);
    return postern(['domain', 'verify', 'example.com', '--resolver', server.address, ...args], environment);
  }

  async function withKeys(): Promise<[Record<string, string>, Record<string, Records>]> {
    const environment = await setUp();
    const keys = lines<KeyLine>(await postern(['domain', 'dkim', 'example.com', '--json'], environment));
    return [environment, Object.fromEntries(keys.map(({ name, value }) => [name, { TXT: [value] }]))];
  }

  it('passes a domain whose records are all there', async () => {
    const [environment, zone] = await withKeys();
    zone['example.com'] = { TXT: ['google-site-verification=x', 'v=spf1 a:mail.example.com -all'] };
    zone['_dmarc.example.com'] = { TXT: ['v=DMARC1; p=Reject; rua=mailto:d@example.com'] };
    const { exitCode, stdout, stderr } = await verify(zone, environment);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout.match(/^ok /gm)).toHaveLength(5);
    expect(stdout).toContain('the DMARC policy is reject');
  });

  it('says what is missing, with the record to put there', async () => {
    const environment = await setUp();
    const { exitCode, stdout, stderr } = await verify({}, environment);
    expect([exitCode, stderr]).toEqual([1, 'postern: example.com: 3 of 4 records are missing or wrong\n']);
    expect(stdout).toContain('"postern domain dkim example.com" makes keys');
    expect(stdout).toContain('example.com. IN TXT ( "v=spf1 a:mail.example.com ~all" )\n');
    expect(stdout).toContain('_dmarc.example.com. IN TXT ( "v=DMARC1; p=none" )\n');
  });

  const faults: [string, Record<string, Records | DnsFault>, Partial<Finding>][] = [
    [
      'a DNS that fails',
      { 'example.com': 'SERVFAIL' },
      { check: 'spf', says: expect.stringContaining('ESERVFAIL') },
    ],
    [
      'two SPF records',
      { 'example.com': { TXT: ['v=spf1 -all', 'v=spf1 ~all'] } },
      { check: 'spf', record: null },
    ],
    [
      'an open SPF record',
      { 'example.com': { TXT: ['v=spf1 mx +all'] } },
      { check: 'spf', record: { name: 'example.com', value: 'v=spf1 mx ~all' } },
    ],
    [
      'an SPF record without an end',
      { 'example.com': { TXT: ['v=spf1 mx'] } },
      { check: 'spf', record: { name: 'example.com', value: 'v=spf1 mx -all' } },
    ],
    [
      'an SPF record of eleven lookups',
      { 'example.com': { TXT: [`v=spf1 ${'a:x.example '.repeat(11)}-all`] } },
      { check: 'spf', says: expect.stringContaining('11 lookups') },
    ],
    [
      'a DMARC record without a policy',
      { '_dmarc.example.com': { TXT: ['v=DMARC1; rua=mailto:x@example.com'] } },
      { check: 'dmarc', says: expect.stringContaining('has no policy') },
    ],
    [
      'two DMARC records',
      { '_dmarc.example.com': { TXT: ['v=DMARC1; p=none', 'v=DMARC1; p=reject'] } },
      { check: 'dmarc', says: expect.stringContaining('several') },
    ],
    [
      'a revoked key',
      { 'postern-rsa._domainkey.example.com': { TXT: ['v=DKIM1; p='] } },
      { check: 'dkim', says: expect.stringContaining('revoked') },
    ],
    [
      'another key',
      { 'postern-rsa._domainkey.example.com': { TXT: ['v=DKIM1; k=rsa; p=MIIB'] } },
      { check: 'dkim', says: expect.stringContaining('another key') },
    ],
    [
      'something else in the place of a key',
      { 'postern-rsa._domainkey.example.com': { TXT: ['hello'] } },
      { check: 'dkim', says: expect.stringContaining('not that of a key') },
    ],
    [
      'a version that is not the first',
      { 'postern-rsa._domainkey.example.com': { TXT: ['k=rsa; v=DKIM1; p=MIIB'] } },
      { check: 'dkim', says: expect.stringContaining('begin with v=DKIM1') },
    ],
    [
      'two MTA-STS records',
      { '_mta-sts.example.com': { TXT: ['v=STSv1; id=1', 'v=STSv1; id=2'] } },
      { check: 'mta-sts', says: expect.stringContaining('several') },
    ],
    [
      'an MTA-STS policy at an address that is not public',
      { '_mta-sts.example.com': { TXT: ['v=STSv1; id=1;'] }, 'mta-sts.example.com': { A: ['127.0.0.1'] } },
      { check: 'mta-sts', says: expect.stringContaining('cannot be fetched') },
    ],
  ];

  it(`finds ${faults.map(([name]) => name).join(', ')}`, async () => {
    const [environment, zone] = await withKeys();
    for (const [, broken, finding] of faults) {
      const outcome = await verify({ ...zone, ...broken }, environment, '--json');
      expect(outcome.exitCode).toBe(1);
      expect(lines<Finding>(outcome)).toContainEqual(expect.objectContaining({ ok: false, ...finding }));
    }
  });

  it('uses the policy of the parent domain, and a redirected SPF record', async () => {
    const environment = await setUp();
    await postern(['domain', 'add', 'app.example.com'], environment);
    const server = await dnsServer({
      '_dmarc.example.com': { TXT: ['v=DMARC1; p=reject; sp=quarantine'] },
      'app.example.com': { TXT: ['v=spf1 redirect=example.com'] },
    });
    const args = ['domain', 'verify', 'app.example.com', '--resolver', server.address, '--json'];
    const findings = lines<Finding>(await postern(args, environment));
    expect(findings.slice(1)).toMatchObject([
      { ok: true },
      { ok: true, says: 'the DMARC policy, that of example.com, is quarantine' },
      { ok: true, check: 'mta-sts', says: expect.stringContaining('has no MTA-STS policy') },
    ]);
    expect(server.asked).not.toContain('TXT _dmarc.com');
  });

  it('refuses a text that is not a name server', async () => {
    const environment = await setUp();
    for (const resolver of ['ns.example.com:53', '127.0.0.1', '127.0.0.1:0', 'x']) {
      const { exitCode, stderr } = await postern(
        ['domain', 'verify', 'example.com', '--resolver', resolver],
        environment,
      );
      expect([exitCode, stderr]).toEqual([
        1,
        expect.stringMatching(new RegExp(`--resolver ${resolver} is not allowed: .*; give one such as 192`)),
      ]);
    }
  });
});
