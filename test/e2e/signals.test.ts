import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Talk } from '../server/talk.js';
import { scratch } from '../scratch.js';
import { GatewayProcess, Running } from './gateway-process.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('ends the server with 0, and sends clients 421', async () => {
    const gateway = await GatewayProcess.start();
    const idle = await Talk.greeted(gateway.port);
    const stopped = gateway.stop(signal);
    await idle.play('< 421 4.3.2');
    idle.finish();
    expect(await stopped).toBe(0);
    expect(gateway.log.map(({ msg }) => msg)).toEqual(['stopping', 'stopped']);
  });
});

it('a stop lets the message in hand come to its end, and it is stored', async () => {
  const gateway = await GatewayProcess.start();
  const { token, data } = gateway;
  const talk = await Talk.greeted(gateway.port);
  await talk.signIn(token);
  await talk.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<you@example.net>', '< 250');
  await talk.play('> DATA', '< 354');
  const stopped = gateway.stop();
  await gateway.says(/"stopping"/);
  talk.write('From: app@example.com\r\nSubject: last\r\n\r\nHello\r\n.\r\n');
  await talk.play('< 250 2.0.0 Ok: queued as', '< 421');
  talk.finish();
  expect(await stopped).toBe(0);
  const next = await GatewayProcess.start({ data });
  expect((await next.messages()).map(({ subject }) => subject)).toEqual(['last']);
});

it('a second signal ends a stop that waits', async () => {
  const gateway = await GatewayProcess.start();
  const talk = await Talk.greeted(gateway.port);
  await talk.signIn(gateway.token);
  await talk.play('> MAIL FROM:<app@example.com>', '< 250');
  gateway.child.kill('SIGTERM');
  await gateway.says(/"stopping"/);
  // Signals that come close together are one, so one is sent until it is heard.
  const again = setInterval(() => gateway.child.kill('SIGTERM'), 200);
  expect(await gateway.exited).toBeNull();
  clearInterval(again);
  expect(gateway.child.signalCode).toBe('SIGTERM');
});

// npm puts a shell between itself and the server; a signal must get through both.
it.each([
  ['npm start', ['start', '--']],
  ['npm run -s postern -- serve', ['run', '-s', 'postern', '--', 'serve']],
] as const)('a signal to %s reaches the server', async (_, args) => {
  const data = join(await scratch(), 'data');
  const child = spawn('npm', [...args, '--data', data, '--listen', 'smtp://127.0.0.1:0', '--http', 'off'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const npm = new Running(child);
  const [, port] = await npm.says(/^postern ready smtp=127\.0\.0\.1:(\d+)/m);
  await Talk.greeted(Number(port));
  await npm.stop('SIGTERM');
  await npm.says(/"stopped"/);
  await expect(Talk.greeted(Number(port))).rejects.toThrow();
});
