/**
 * Invariant: whatever becomes of standard error, mail goes on, memory stays bounded, the server ends on SIGTERM, and
 * the log says how many lines were lost as soon as it can be written again.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MAIN, spawnPostern } from '../cli/postern.js';
import { scratch } from '../scratch.js';
import { Talk } from '../server/talk.js';
import { has } from './clients.js';
import { memoryOf } from './gateway-process.js';

interface Started {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly port: number;
  readonly token: string;
  /** Its output when it was ready. */
  readonly said: string;
}

/** Starts a server whose standard error is left alone. */
async function start({
  stderr = 'pipe',
  by = [],
  args = [],
}: {
  readonly stderr?: 'pipe' | number;
  readonly by?: readonly string[];
  readonly args?: readonly string[];
}): Promise<Started> {
  const data = join(await scratch(), 'data');
  const added = await spawnPostern(['domain', 'add', 'example.com', '--json', '--data', data]);
  const { token } = JSON.parse(added.stdout) as { token: string };
  const [program = '', ...rest] = [
    ...by,
    ...[
      process.execPath,
      MAIN,
      'serve',
      '--data',
      data,
      '--listen',
      'smtp://127.0.0.1:0',
      '--http',
      'off',
      ...args,
    ],
  ];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', stderr] });
  const exited = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let said = '';
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.on('data', (text: Buffer) => {
      said += text.toString();
      const [, port] = /^postern ready smtp=127\.0\.0\.1:(\d+)\b.*$/m.exec(said) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
    void exited.then((code) => reject(new Error(`ended with ${String(code)} before it was ready`)));
  });
  return { child, exited, port, token, said };
}

const MESSAGE = 'From: app@example.com\r\n\r\nHello\r\n.';

async function expectMailGoesOn({ port, token }: Started, messages = 3): Promise<void> {
  const talk = await Talk.greeted(port);
  expect(await talk.signIn(token)).toMatch(/^235/);
  for (let n = 0; n < messages; n++) {
    await talk.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<you@example.net>', '< 250');
    await talk.play('> DATA', '< 354', `> ${MESSAGE}`, '< 250 2.0.0 Ok: queued as');
  }
  talk.finish();
}

/** Sends so many commands that each cost a reply and a line of the log; resolves to the count of replies. */
async function refusals(port: number, count: number): Promise<number> {
  const talk = await Talk.open(port, { deaf: true });
  let replies = 0;
  let last = 0;
  talk.socket.on('data', (octets: Buffer) => {
    for (const octet of octets) {
      if (octet === 0x0a) replies++;
      last = octet;
    }
  });
  const over = new Promise((resolve) => talk.socket.on('close', resolve));
  const some = Buffer.from('MAIL FROM:<app@example.com>\r\n'.repeat(1000));
  talk.write('EHLO client.example\r\n');
  for (let sent = 0; sent < count; sent += 1000) {
    if (!talk.socket.write(some)) await new Promise((resolve) => talk.socket.once('drain', resolve));
  }
  talk.write('QUIT\r\n');
  talk.finish();
  await over;
  expect(last).toBe(0x0a);
  return replies;
}

const REFUSALS = 350_000;
const MANY_ERRORS = ['--smtp-max-errors', '1000000'];

describe('standard error', () => {
  it.skipIf(!existsSync('/dev/full'))('may be a file on a full disk (needs /dev/full)', async () => {
    const full = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(full));
    const server = await start({ stderr: full });
    await expectMailGoesOn(server);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });

  it('may be a pipe whose reader goes away', async () => {
    const server = await start({});
    server.child.stderr?.destroy();
    await expectMailGoesOn(server);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });

  it('may be a pipe that nothing reads: memory is bounded, and the count of lost lines is logged', async () => {
    const server = await start({ args: [...MANY_ERRORS, '--http-metrics', '127.0.0.1:0'] });
    const replies = await refusals(server.port, REFUSALS);
    await expectMailGoesOn(server);
    const [, address = ''] = / metrics=(\S+)/.exec(server.said) ?? [];
    const dropped = async (): Promise<number> => {
      const samples = await (await fetch(`http://${address}/metrics`)).text();
      return Number(/^postern_log_lines_dropped_total (\d+)$/m.exec(samples)?.[1]);
    };
    await expect.poll(dropped, { timeout: 20_000, interval: 1100 }).toBeGreaterThan(REFUSALS / 2);
    const most = await memoryOf(server.child.pid ?? 0, 'VmHWM');
    expect(replies).toBeGreaterThan(REFUSALS);
    // About 200 MiB; without a bound 550 MiB.
    if (most !== null) expect(most).toBeLessThan(330 * 1024);

    let text = '';
    const complete = new Promise<void>((resolve) => {
      server.child.stderr?.on('data', (octets: Buffer) => {
        text += octets.toString();
        if (/"lines":\d+,/.test(text)) resolve();
      });
    });
    await complete;
    await expectMailGoesOn(server, 1);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    const lines = text.split('\n').flatMap((line) => {
      return line.startsWith('{') ? [JSON.parse(line) as { msg: string; lines?: number }] : [];
    });
    const lost = lines.reduce((sum, { lines = 0 }) => sum + lines, 0);
    const recorded = lines.filter(({ msg }) => msg === 'refused' || msg === 'accepted').length;
    expect(lost).toBeGreaterThan(REFUSALS / 2);
    expect(lost + recorded).toBe(REFUSALS + 4);
  }, 120_000);

  it('may be a pipe that nothing reads until the end: SIGTERM ends the server', async () => {
    const server = await start({ args: MANY_ERRORS });
    await refusals(server.port, 20_000);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });

  it.skipIf(!has('python3'))('may be a terminal that shows nothing (needs python3)', async () => {
    const server = await start({ by: ['python3', '-c', TERMINAL], args: MANY_ERRORS });
    await refusals(server.port, 20_000);
    await expectMailGoesOn(server);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });

  it.skipIf(!has('python3'))(
    'may not be gone from the start: the exit status says so (needs python3)',
    async () => {
      await expect(start({ by: ['python3', '-c', GONE] })).rejects.toThrow('ended with 1');
    },
  );
});

/** Runs a program on a terminal that is never read. */
const TERMINAL = `
import os, pty, signal, subprocess, sys
far, near = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stderr=near)
signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGTERM))
sys.exit(child.wait())
`;

/** Runs a program whose standard error is a pipe that has been closed. */
const GONE = `
import os, subprocess, sys
read, write = os.pipe()
os.close(read)
sys.exit(subprocess.call(sys.argv[1:], stderr=write))
`;
