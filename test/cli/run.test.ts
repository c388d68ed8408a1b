import { chmod, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BOUND_BY_MODES } from '../bound-by-modes.js';
import { scratch } from '../scratch.js';
import { MAIN, postern, spawnPostern } from './postern.js';

describe('help', () => {
  const commands = [
    [],
    ['serve'],
    ['domain'],
    ['domain', 'add'],
    ['domain', 'list'],
    ['domain', 'remove'],
    ['token'],
    ['token', 'rotate'],
    ['messages'],
    ['message'],
  ];

  it.each(commands.map((command) => [command]))(
    'is there for %j, with the global options',
    async (command) => {
      const { exitCode, stdout, stderr } = await postern([...command, '--help']);
      expect([exitCode, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`Usage: ${['postern', ...command].join(' ')}`);
      expect(stdout).toContain('--data <DIR>');
      expect(stdout).toContain('--config <FILE>');
    },
  );

  it('has a flag for each key, with its variable and its default', async () => {
    const { stdout } = await postern(['serve', '--help']);
    const help = stdout.replace(/\s+/g, ' ');
    for (const option of [
      '--listen <URL>',
      '--hostname <NAME>',
      '--http <ADDR:PORT|off>',
      '--print-config',
    ]) {
      expect(help).toContain(option);
    }
    expect(help).toMatch(/--smtp-max-size <SIZE> .*\(POSTERN_SMTP_MAX_SIZE; default 50MiB\)/);
    expect(help).toMatch(/--deliver <URL> .*\(POSTERN_DELIVER\)/);
  });

  it('is printed for the bare name, as an error', async () => {
    expect(await postern([])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await postern(['domain'])).toMatchObject({ exitCode: 2, stdout: '' });
  });

  it('prints the version', async () => {
    expect((await postern(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('errors', () => {
  it.each([
    [['mesages'], /Did you mean messages\?/],
    [['domain', 'ad', 'x'], /Did you mean add\?/],
    [['domain', 'add'], /missing required argument/],
    [['domain', 'add', 'a.example', 'b.example'], /too many arguments/],
    [['serve', '--port', '25'], /unknown option '--port'/],
    [['serve', '--smtp-max-sise', '1'], /Did you mean --smtp-max-size\?/],
    [
      ['serve', '--listen', 'smtp://127.0.0.1'],
      /listen\[0\] = "smtp:\/\/127\.0\.0\.1" \(--listen\): it has no port/,
    ],
    [['messages', '--config', '/nowhere.toml'], /\/nowhere\.toml \(--config\) does not exist/],
  ])('%j: standard error names the fix, exit 2', async (args, reason) => {
    const { exitCode, stdout, stderr } = await postern(args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^postern: /);
    expect(stderr).toMatch(reason);
  });

  it('lists every problem of the configuration', async () => {
    const { stderr } = await postern(['messages'], { POSTERN_DATE: 'x', POSTERN_LOG_LEVEL: 'y' });
    expect(stderr).toBe(
      'postern: the configuration cannot be used:\n' +
        '  - variable POSTERN_DATE is unknown: did you mean POSTERN_DATA?\n' +
        '  - log.level = "y" (POSTERN_LOG_LEVEL): allowed is one of trace, debug, info, warn, error, fatal, silent\n',
    );
  });

  it.each([
    [['messages']],
    [['message', '1']],
    [['domain', 'list']],
    [['domain', 'remove', 'a.example']],
    [['token', 'rotate', 'a.example']],
  ])('%j on a folder without data says so, and leaves no trace', async (args) => {
    const folder = await scratch();
    for (const data of [join(folder, 'missing'), folder]) {
      const { exitCode, stdout, stderr } = await postern([...args, '--data', data]);
      expect([exitCode, stdout]).toEqual([1, '']);
      expect(stderr).toContain(
        `postern: there is no Postern data in ${data}; name its folder with --data DIR`,
      );
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('says what is wrong with a data folder that cannot be used', async () => {
    const file = join(await scratch(), 'file');
    await writeFile(file, '');
    const { exitCode, stderr } = await postern(['domain', 'add', 'a.example', '--data', join(file, 'x')]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^postern: the data folder \S+ is not a folder; .*\n$/);
    const locked = await scratch();
    await chmod(locked, 0o500);
    const refused = await spawnPostern(['domain', 'add', 'a.example', '--data', locked], {
      via: BOUND_BY_MODES,
    });
    expect(refused.stderr).toMatch(/^postern: .*cannot be written/);
  });
});

describe('without optional packages', () => {
  // A copy of what ships, in a place where no package can be found.
  async function bare(...present: string[]): Promise<string> {
    const folder = await scratch();
    const [root, copy] = [join(dirname(MAIN), '../..'), join(folder, 'postern')];
    await cp(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
    await cp(join(root, 'package.json'), join(copy, 'package.json'));
    await mkdir(join(copy, 'node_modules'));
    for (const name of present) {
      await cp(join(root, 'node_modules', name), join(copy, 'node_modules', name), { recursive: true });
    }
    return join(copy, 'dist/cli/main.js');
  }

  it.each([
    ['commander', ['--help'], []],
    ['zod', ['messages'], ['commander']],
    ['@photostructure/sqlite', ['domain', 'add', 'a.example'], ['commander', 'zod', 'smol-toml']],
  ])('says in one line that %s is missing', async (missing, args, present) => {
    const { exitCode, stdout, stderr } = await spawnPostern(args, { main: await bare(...present) });
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `postern: the package ${missing} is not installed; ` +
        `install Postern without --omit=optional, or add it with "npm install ${missing}"\n`,
    );
  });

  it('prints help with only commander installed', async () => {
    const { exitCode } = await spawnPostern(['messages', '--help'], { main: await bare('commander') });
    expect(exitCode).toBe(0);
  });
});

describe('postern serve --print-config', () => {
  it('prints the configuration in force on standard output, and starts nothing', async () => {
    const folder = await scratch();
    await writeFile(join(folder, 'postern.toml'), '[smtp]\nmax_size = "1MiB"\nmax_errors = 3\n');
    const { exitCode, stdout, stderr } = await spawnPostern(
      [
        'serve',
        '--print-config',
        '--listen',
        'smtp://[::1]:0',
        '--listen',
        'smtps://[::1]:0',
        '--smtp-max-size',
        '2MiB',
      ],
      { cwd: folder, environment: { POSTERN_HOSTNAME: 'mail.example.com' } },
    );
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain('listen = [ "smtp://[::1]:0", "smtps://[::1]:0" ] # --listen\n');
    expect(stdout).toContain('hostname = "mail.example.com" # POSTERN_HOSTNAME\n');
    expect(stdout).toContain('max_size = "2MiB" # --smtp-max-size\n');
    expect(stdout).toContain('max_errors = 3 # postern.toml\n');
    expect(await readdir(folder)).toEqual(['postern.toml']);
  });
});
