import { spawn } from 'node:child_process';
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Talk } from '../server/talk.js';
import { scratch } from '../scratch.js';
import { expectNoSecret } from './arrived.js';
import { MAIN } from '../cli/postern.js';
import { has, runClient } from './clients.js';
import { GatewayProcess, Running } from './gateway-process.js';

describe('a first start', () => {
  it.skipIf(!has('curl') || !has('bash'))(
    'keeps the token in a private file, and prints a command that sends when pasted into bash (needs curl, bash)',
    async () => {
      const gateway = await GatewayProcess.start();
      expect(gateway.stderr).not.toContain(gateway.token);
      expect(gateway.stderr).toContain(join(gateway.data, 'first-token'));
      expect(statSync(join(gateway.data, 'first-token')).mode & 0o777).toBe(0o600);
      const [command] = /^ {2}curl .*$/m.exec(gateway.stderr) ?? [];
      await runClient('bash', ['-c', command ?? 'exit 9']);
      const [message] = await gateway.messages();
      expect(message).toMatchObject({
        domain: 'example.com',
        status: 'held',
        from: 'app@example.com',
        to: ['you@example.net'],
        subject: 'Hello',
        tags: ['first'],
      });
      expect(message?.tls).toMatch(/^TLS/);
      await expectNoSecret(gateway);
    },
  );

  it.skipIf(!has('python3'))('prints the token once on a terminal (needs python3)', async () => {
    const data = join(await scratch(), 'data');
    const args = ['serve', '--data', data, '--listen', 'smtp://127.0.0.1:0', '--http', 'off'];
    const script = 'import pty, sys; pty.spawn(sys.argv[1:])';
    const child = spawn('python3', ['-c', script, process.execPath, MAIN, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const server = new Running(child);
    await server.says(/postern ready/);
    const [, token = 'none'] = /^ {2}([\w-]{43})\r?$/m.exec(server.stdout) ?? [];
    expect(server.stdout.split(token)).toHaveLength(4);
    expect(readdirSync(data)).not.toContain('first-token');
    child.stdin.write('\x03');
    await server.exited;
  });

  it('makes only private files and folders, whatever the umask', async () => {
    const folder = await scratch();
    const data = join(folder, 'data');
    const gateway = await GatewayProcess.start({
      data,
      by: ['sh', '-c', 'umask 0; exec "$@"', 'sh'],
      args: ['--deliver', `maildir:${join(folder, 'mail', 'dir')}`],
    });
    const talk = await Talk.greeted(gateway.port);
    await talk.signIn(gateway.token);
    await talk.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<you@example.net>', '< 250');
    await talk.play('> DATA', '< 354', '> From: app@example.com\r\n\r\n.', '< 250');
    await gateway.says(/"delivered"/);
    expect((await gateway.postern('backup', join(folder, 'copy'))).exitCode).toBe(0);
    const made = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(made.length).toBeGreaterThan(10);
    const open = made.filter((name) => (lstatSync(join(folder, name)).mode & 0o077) !== 0);
    expect(open).toEqual([]);
  });

  it('is a first one once: the next prints no token, and the old one works', async () => {
    const first = await GatewayProcess.start();
    const { data, token } = first;
    expect(await first.stop()).toBe(0);
    const second = await GatewayProcess.start({ data });
    expect(second.stderr).not.toMatch(/[A-Za-z0-9_-]{43}/);
    const talk = await Talk.greeted(second.port);
    expect(await talk.signIn(token)).toMatch(/^235/);
  });

  it('adds nothing where a domain was added before', async () => {
    const data = await scratch();
    const before = await GatewayProcess.spawn({ data, args: ['--print-config'] });
    expect(await before.exited).toBe(0);
    const helper = await GatewayProcess.start({ data });
    await helper.postern('domain', 'remove', 'example.com');
    await helper.stop();
    const gateway = await GatewayProcess.start({ data });
    expect(gateway.stderr).not.toContain('first start');
    expect((await gateway.postern('domain', 'list', '--json')).stdout).toBe('');
  });

  it('says on standard output that it is ready, and nothing else', async () => {
    const gateway = await GatewayProcess.start({
      listen: ['smtp://127.0.0.1:0', 'smtps://127.0.0.1:0', 'smtp://[::1]:0?tls=off&auth=optional'],
      args: ['--http', 'off'],
    });
    const [, implicit = 0, open = 0] = gateway.ports;
    expect(gateway.stdout).toMatch(/^postern ready smtp=127\.0\.0\.1:\d+,127\.0\.0\.1:\d+,\[::1\]:\d+\n$/);
    await Talk.greeted(implicit, { tls: true });
    const talk = await Talk.greeted(open, { host: '::1' });
    await talk.play('> STARTTLS', '< 502', '> MAIL FROM:<app@example.com>', '< 250');
  });
});

describe('commands beside a running server', () => {
  it('add, rotate and remove what may send, without a restart', async () => {
    const gateway = await GatewayProcess.start();
    const added = await gateway.postern('domain', 'add', 'Bücher.example', '--json');
    const { domain, token } = JSON.parse(added.stdout) as { domain: string; token: string };
    expect(domain).toBe('xn--bcher-kva.example');
    expect(await (await Talk.greeted(gateway.port)).signIn(token)).toMatch(/^235/);

    const rotated = await gateway.postern('token', 'rotate', domain, '--grace', '0', '--json');
    const fresh = (JSON.parse(rotated.stdout) as { token: string }).token;
    expect(await (await Talk.greeted(gateway.port)).signIn(fresh)).toMatch(/^235/);
    await gateway.postern('domain', 'remove', domain);
    // Both are believed for a moment yet, and no longer.
    for (const gone of [token, fresh]) await expectRefused(gateway.port, gone);
  });
});

async function expectRefused(port: number, token: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const talk = await Talk.greeted(port);
    if ((await talk.signIn(token)).startsWith('535')) return;
    talk.socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the token works on');
}
