import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { app, send } from '../e2e/sending.js';
import { GatewayProcess } from '../e2e/gateway-process.js';
import { scratch } from '../scratch.js';
import { accept, postern } from './postern.js';

/** Serves these answers; any other path gets 404. */
async function serving(answers: Readonly<Record<string, readonly [number, string]>>): Promise<string> {
  const server: Server = createServer((request, response) => {
    const [status, text] = answers[request.url ?? ''] ?? [404, 'no'];
    response.writeHead(status).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const numbers = { messages: { held: 2, queued: 0 }, accepted: 2, delivered: 0, oldestSeconds: 0 };

describe('postern status', () => {
  it('asks the server that the configuration names', async () => {
    const gateway = await GatewayProcess.start();
    const talk = await app(gateway);
    await send(talk);
    await send(talk);
    const environment = {
      POSTERN_DATA: gateway.data,
      POSTERN_HTTP_LISTEN: gateway.httpUrl.replace('http://', ''),
    };
    const json = await postern(['status', '--json'], environment);
    expect([json.exitCode, json.stderr]).toEqual([0, '']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ready: true,
      reasons: [],
      source: gateway.httpUrl,
      numbers,
      nodes: { running: 1, draining: 0, silent: 0 },
    });
    const { stdout } = await postern(['status'], environment);
    expect(stdout).toMatch(
      new RegExp(
        `^Ready: {4}yes\nServer: {3}${gateway.httpUrl}\nMessages: 2 held, 0 queued, .*\nOldest: {3}none waits\n` +
          'Accepted: 2 since \\S+\nAttempts: 0 delivered, 0 deferred, 0 bounced since then\nContent: .*\nDisk: {5}\\S+ \\S+ free\nNodes: {4}1 running, 0 draining, 0 silent\n$',
      ),
    );
  }, 60_000);

  it('asks the server that --server names, without its data', async () => {
    const gateway = await GatewayProcess.start();
    await send(await app(gateway));
    const { exitCode, stdout } = await postern(['status', '--server', `${gateway.httpUrl}/`, '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ready: true,
      source: gateway.httpUrl,
      numbers: { accepted: 1 },
    });
  }, 60_000);

  it('fails with the reasons if the server is not ready', async () => {
    const gateway = await GatewayProcess.start();
    const store = await openSqliteStore({ directory: gateway.data, exclusive: false, adds: true });
    const [domain] = await store.domains();
    await accept(store, domain?.id ?? 0, { status: 'queued', receivedAt: Date.now() - 7_260_000 });
    await store.close();
    const look = (): ReturnType<typeof postern> => postern(['status', '--server', gateway.httpUrl]);
    await expect.poll(async () => (await look()).exitCode, { timeout: 20_000 }).toBe(1);
    const { stdout, stderr } = await look();
    expect(stdout).toMatch(/^Ready: {4}no: messages wait, and nothing delivers them.*\n/);
    expect(stdout).toMatch(/^Oldest: {3}waits for 2 h 1 min$/m);
    expect(stderr).toMatch(/^postern: not ready: messages wait, and nothing delivers them/);
  }, 60_000);

  it('reads the data folder if the server has no HTTP, and says if no server runs on it', async () => {
    const gateway = await GatewayProcess.start({ args: ['--http', 'off'] });
    const talk = await app(gateway);
    await send(talk);
    await send(talk);
    const environment = { POSTERN_DATA: gateway.data, POSTERN_HTTP_LISTEN: 'off' };
    const running = await postern(['status', '--json'], environment);
    expect(running.exitCode).toBe(0);
    expect(JSON.parse(running.stdout)).toMatchObject({
      ready: true,
      reasons: [],
      source: gateway.data,
      numbers,
    });
    // Another server at the configured address is not taken for the one of this folder.
    const other = await serving({ '/readyz': [200, '{"status":"ready","reasons":[]}'] });
    await gateway.stop();
    const stopped = await postern(['status', '--json'], {
      ...environment,
      POSTERN_HTTP_LISTEN: other.replace('http://', ''),
    });
    const reason = `no server runs on ${gateway.data}`;
    expect([stopped.exitCode, stopped.stderr]).toEqual([1, `postern: not ready: ${reason}\n`]);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ ready: false, reasons: [reason], numbers });
  }, 60_000);

  it('leaves out the numbers that a server does not show to this machine', async () => {
    const url = await serving({
      '/readyz': [503, '{"status":"not ready","reasons":["stopping","a\\u001b[2J"]}'],
      '/metrics': [403, '{}'],
    });
    const { exitCode, stdout, stderr } = await postern(['status', '--server', url]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe(`Ready:    no: stopping; a\ufffd[2J\nServer:   ${url}\n`);
    expect(stderr).toBe('postern: not ready: stopping; a\ufffd[2J\n');
  });

  it('warns of a transaction that stays open in the database', async () => {
    const metrics = (seconds: number) =>
      [
        'postern_messages{status="held"} 1',
        'process_start_time_seconds 1700000000',
        `postern_store_oldest_transaction_seconds ${seconds}`,
      ].join('\n');
    const ready = { '/readyz': [200, '{"status":"ready","reasons":[]}'] } as const;
    const long = await postern([
      'status',
      '--server',
      await serving({ ...ready, '/metrics': [200, metrics(95.4)] }),
    ]);
    expect(long.stdout).toMatch(
      /^Warning: {2}a transaction has been open for 1 min 35 s, and keeps the database from cleaning up$/m,
    );
    const short = await postern([
      'status',
      '--server',
      await serving({ ...ready, '/metrics': [200, metrics(3)] }),
    ]);
    expect([short.exitCode, short.stdout.includes('Warning')]).toEqual([0, false]);
  });

  it('does not take another program for a server', async () => {
    const url = await serving({ '/readyz': [200, '<html>'], '/metrics': [200, 'x 1'] });
    const { exitCode, stderr } = await postern(['status', '--server', url]);
    expect([exitCode, stderr]).toEqual([
      1,
      `postern: no answer of a server from ${url}: another program answers there, with 200\n`,
    ]);
  });

  it.each([
    [['--server', '127.0.0.1:8025'], 2, /--server is not the address of the HTTP API, such as http:/],
    [['--server', 'http://user:hidden@127.0.0.1'], 2, /^(?!.*hidden).*is not the address of the HTTP API/],
    [['--server', 'smtp://127.0.0.1:25'], 2, /is not the address of the HTTP API/],
    [
      ['--server', 'http://127.0.0.1:1'],
      1,
      /no answer of a server from http:\/\/127.0.0.1:1: .*ECONNREFUSED/,
    ],
  ])('refuses %j', async (args, status, reason) => {
    const { exitCode, stdout, stderr } = await postern(['status', ...args]);
    expect([exitCode, stdout]).toEqual([status, '']);
    expect(stderr).toMatch(reason);
  });

  it('names the option if there is neither data nor a server', async () => {
    const data = `${await scratch()}/none`;
    const { exitCode, stderr } = await postern(['status', '--data', data], { POSTERN_HTTP_LISTEN: 'off' });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^postern: there is no Postern data in .*; name its folder with --data DIR/);
  });
});
