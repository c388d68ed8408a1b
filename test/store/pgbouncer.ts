/** PgBouncer in front of a database, where the machine has it. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './postgres-cluster.js';

const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin`;

export function hasPgBouncer(): boolean {
  return spawnSync('pgbouncer', ['--version'], { env: { ...process.env, PATH } }).status === 0;
}

export interface PgBouncer {
  readonly url: string;
  stop(): Promise<void>;
}

/** @param direct URL of the database itself */
export async function startPgBouncer(direct: string, mode: 'transaction' | 'session'): Promise<PgBouncer> {
  const { port, username, pathname } = new URL(direct);
  const folder = mkdtempSync(join(tmpdir(), 'postern-pool-'));
  chmodSync(folder, 0o755);
  const own = await freePort();
  writeFileSync(join(folder, 'users'), `"${username}" ""\n`);
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
* = host=127.0.0.1 port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
auth_file = ${folder}/users
pool_mode = ${mode}
`.replace(/^\* = .*$/m, `${pathname.slice(1)} = host=127.0.0.1 port=${port} user=${username}`),
  );
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn('pgbouncer', [...user, '-q', join(folder, 'pgbouncer.ini')], {
    env: { ...process.env, PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (text: Buffer) => (log += text.toString()));
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const url = `postgres://${username}@127.0.0.1:${own}${pathname}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`PgBouncer ended: ${log}`);
    const client = new pg.Client({ connectionString: url });
    const connected = await client.connect().then(
      () => true,
      () => false,
    );
    if (connected) {
      await client.end();
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    url,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
