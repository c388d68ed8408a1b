import { describe, expect, it } from 'vitest';
import { Talk } from '../server/talk.js';
import { scratch } from '../scratch.js';
import { expectNoSecret } from './arrived.js';
import { has, runClient } from './clients.js';
import { GatewayProcess } from './gateway-process.js';

describe('a first start', () => {
  it.skipIf(!has('curl') || !has('bash'))(
    'prints a token once, and a command that sends when pasted into bash (needs curl, bash)',
    async () => {
      const gateway = await GatewayProcess.start();
      expect(gateway.stderr.split(gateway.token)).toHaveLength(4);
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
