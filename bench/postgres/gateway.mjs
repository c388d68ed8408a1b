// `postern serve` on a data folder or on a database, and loads on it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, generate, processorTime, serve } from '../suite/processes.mjs';

const PROGRAM = fileURLToPath(new URL('../../dist', import.meta.url));
const POSTERN = join(PROGRAM, 'cli/main.js');
const DOMAIN = 'example.com';

/**
 * Starts a gateway, not held to a core: where there are two, PostgreSQL has to share them with it in any case.
 *
 * @param {{ url?: string, cluster?: { pid: number }, token?: string, program?: string }} [options] `url`: the database;
 *   default: a data folder of its own. `token`: of the domain, if it is in the database already. `program`: the folder of
 *   the compiled program
 */
export async function startGateway({ url, cluster, token, program = PROGRAM, env: more = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  const store = { ...process.env, ...(url === undefined ? {} : { POSTERN_STORE: url }) };
  const postern = (...asked) =>
    execFileSync('node', [POSTERN, ...asked, '--data', folder], {
      encoding: 'utf8',
      cwd: folder,
      env: store,
    });
  const credentials = token ?? JSON.parse(postern('domain', 'add', DOMAIN, '--json')).token;
  const port = await freePort();
  const env = {
    ...store,
    POSTERN_LISTEN: `smtp://127.0.0.1:${port}?tls=off&auth=required`,
    POSTERN_HTTP_LISTEN: 'off',
    POSTERN_SMTP_TLS_DETECT: '0',
    POSTERN_SMTP_MAX_CONNECTIONS_PER_ADDRESS: '100000',
    POSTERN_LOG_LEVEL: 'warn',
    ...more,
  };
  const command = ['node', join(program, 'cli/main.js'), 'serve', '--data', folder];
  const server = await serve(command, port, { env, cwd: folder, unpinned: true });
  const database = cluster?.pid ?? null;
  return {
    ...{ pid: server.pid, port, token: credentials, database },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

/**
 * One load on gateways that share one database. The figures are of all of them together.
 *
 * @param {string[]} words options of `postern bench`
 */
export async function load(gateways, words, seconds) {
  const [{ database }] = gateways;
  const times = () => gateways.map(({ pid }) => processorTime(pid));
  const [before, databaseBefore] = [times(), database === null ? 0 : processorTime(database)];
  const reports = await Promise.all(
    gateways.map(async ({ port, token }) => {
      const url = `smtp://${token}:${token}@127.0.0.1:${port}`;
      const duration = ['--duration', `${Math.round(seconds * 1000)}ms`];
      const command = ['node', POSTERN, 'bench', url, ...words, ...duration, '--json'];
      return JSON.parse((await generate(command, { unpinned: true })).stdout);
    }),
  );
  const sum = (of) => reports.reduce((total, report) => total + of(report), 0);
  const accepted = sum(({ messages }) => messages.accepted);
  const micros = (milliseconds) => (milliseconds * 1000) / accepted;
  const spent = times().reduce((total, time, at) => total + time - before[at], 0);
  return {
    rate: sum((report) => report.messagesPerSecond),
    p50: Math.max(...reports.map(({ latency }) => latency.p50)),
    p99: Math.max(...reports.map(({ latency }) => latency.p99)),
    gatewayMicros: micros(spent),
    databaseMicros: database === null ? 0 : micros(processorTime(database) - databaseBefore),
    generator: Math.max(...reports.map(({ generator }) => generator.busiest)),
  };
}
