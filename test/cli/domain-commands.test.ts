import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestToken } from '../../src/submission/token.js';
import { scratch } from '../scratch.js';
import { postern, runningStore, spawnPostern } from './postern.js';

interface TokenLine {
  domain: string;
  token: string;
  oldUntil?: string;
}
const parse = (line: string) => JSON.parse(line) as TokenLine;

describe('postern domain', () => {
  it('adds a domain: --json prints exactly its name and its token, and the token is in force', async () => {
    const data = await scratch();
    const { exitCode, stdout, stderr } = await postern([
      'domain',
      'add',
      'Example.COM.',
      '--json',
      '--data',
      data,
    ]);
    expect([exitCode, stderr]).toEqual([0, '']);
    const { token } = parse(stdout);
    expect(stdout).toBe(`{"domain":"example.com","token":"${token}"}\n`);
    expect(token).toMatch(/^[\w-]{43}$/);
    const store = await runningStore(data);
    expect(await store.domainByToken(digestToken(token), Date.now())).toMatchObject({ name: 'example.com' });
  });

  it('adds a domain in a folder that does not exist yet, and shows the token to a person', async () => {
    const data = join(await scratch(), 'new', 'data');
    const { exitCode, stdout } = await postern(['domain', 'add', 'example.com', '--data', data]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^example\.com may send now\..*\n\n {2}[\w-]{43}\n\n$/);
  });

  it('lists, removes and adds again', async () => {
    const environment = { POSTERN_DATA: await scratch() };
    await postern(['domain', 'add', 'b.example'], environment);
    await postern(['domain', 'add', 'a.example'], environment);
    const list = await postern(['domain', 'list'], environment);
    expect(list.stdout).toMatch(/^DOMAIN {5}ADDED\na\.example {2}20\S+Z\nb\.example {2}20\S+Z\n$/);
    const lines = await postern(['domain', 'list', '--json'], environment);
    expect(lines.stdout).toMatch(
      /^\{"domain":"a\.example","createdAt":"\S+Z"\}\n\{"domain":"b\.example".*\}\n$/,
    );

    const removed = await postern(['domain', 'remove', 'B.example', '--json'], environment);
    expect(removed).toEqual({ exitCode: 0, stdout: '{"domain":"b.example","removed":true}\n', stderr: '' });
    const again = await postern(['domain', 'remove', 'b.example'], environment);
    expect(again).toMatchObject({ exitCode: 1, stdout: '' });
    expect(again.stderr).toMatch(/^postern: there is no domain b\.example .*postern domain list.*\n$/);
    expect((await postern(['domain', 'add', 'b.example'], environment)).exitCode).toBe(0);
  });

  it('refuses a domain that exists, and names the command for a new token', async () => {
    const environment = { POSTERN_DATA: await scratch() };
    await postern(['domain', 'add', 'a.example'], environment);
    expect(await postern(['domain', 'add', 'A.example.', '--json'], environment)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        'postern: the domain a.example is there already; "postern token rotate a.example" gives it a new token\n',
    });
  });
});

describe('postern token rotate', () => {
  it('makes a new token; the old one works for submission.token_grace', async () => {
    const data = await scratch();
    const old = parse((await postern(['domain', 'add', 'a.example', '--json', '--data', data])).stdout);
    const environment = { POSTERN_DATA: data, POSTERN_SUBMISSION_TOKEN_GRACE: '2h' };
    const { stdout } = await postern(['token', 'rotate', 'a.example', '--json'], environment);
    const { domain, token, oldUntil } = parse(stdout);
    expect(domain).toBe('a.example');
    const until = Date.parse(oldUntil ?? '');
    expect(Math.abs(until - Date.now() - 7_200_000)).toBeLessThan(60_000);
    const store = await runningStore(data);
    expect(await store.domainByToken(digestToken(token), until + 1)).not.toBeNull();
    expect(await store.domainByToken(digestToken(old.token), until - 1)).not.toBeNull();
    expect(await store.domainByToken(digestToken(old.token), until + 1)).toBeNull();
  });

  it('ends the old token at once with --grace 0', async () => {
    const data = await scratch();
    const old = parse((await postern(['domain', 'add', 'a.example', '--json', '--data', data])).stdout);
    const { stdout } = await postern(['token', 'rotate', 'a.example', '--grace', '0', '--data', data]);
    expect(stdout).toContain('The old one works no more.');
    const store = await runningStore(data);
    expect(await store.domainByToken(digestToken(old.token), Date.now() + 1)).toBeNull();
  });

  it('refuses an unknown domain and a wrong grace', async () => {
    const environment = { POSTERN_DATA: await scratch() };
    await postern(['domain', 'add', 'a.example'], environment);
    expect((await postern(['token', 'rotate', 'b.example'], environment)).stderr).toContain(
      'no domain b.example',
    );
    for (const grace of ['5', '366d', 'soon', '99999999999d']) {
      const { exitCode, stderr } = await postern(
        ['token', 'rotate', 'a.example', '--grace', grace],
        environment,
      );
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`--grace ${grace} is not allowed`)]);
    }
  });
});

describe('the data folder', () => {
  it('is given by --data before or after the command, by POSTERN_DATA, or by the file', async () => {
    const folder = await scratch();
    const data = join(folder, 'data');
    const config = join(folder, 'postern.toml');
    await writeFile(config, 'data = "./data"\n');
    await postern(['--data', data, 'domain', 'add', 'a.example']);
    for (const [args, environment] of [
      [['domain', 'list', '--json', '--data', data], {}],
      [['--data', data, 'domain', 'list', '--json'], {}],
      [['domain', '--data', data, 'list', '--json'], { POSTERN_DATA: '/nowhere' }],
      [['domain', 'list', '--json'], { POSTERN_DATA: data }],
      [['domain', 'list', '--json', '--config', config], {}],
      [['domain', 'list', '--json'], { POSTERN_CONFIG: config }],
    ] as const) {
      expect((await postern(args, environment)).stdout).toContain('"a.example"');
    }
  });

  it('is ./data, and ./postern.toml is read if it exists', async () => {
    const folder = await scratch();
    const options = { cwd: folder };
    expect((await spawnPostern(['domain', 'add', 'a.example'], options)).exitCode).toBe(0);
    expect((await spawnPostern(['domain', 'list', '--data', join(folder, 'data')])).stdout).toContain(
      'a.example',
    );
    await writeFile(join(folder, 'postern.toml'), 'data = "elsewhere"\n');
    const elsewhere = await spawnPostern(['domain', 'list'], options);
    expect(elsewhere).toMatchObject({ exitCode: 1, stdout: '' });
    expect(elsewhere.stderr).toContain('no Postern data in elsewhere;');
  });

  it('may have a running server', async () => {
    const data = await scratch();
    const store = await runningStore(data);
    expect((await spawnPostern(['domain', 'add', 'a.example', '--data', data])).exitCode).toBe(0);
    expect(await store.domains()).toMatchObject([{ name: 'a.example' }]);
  });
});
