// The servers that are measured, and how each is started for a scenario. A contestant that this machine does not have
// reports that.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peersFolder, versionOf } from './peers.mjs';
import { freePort, has, serve } from './processes.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const POSTERN = here('../../dist/cli/main.js');
const root = process.getuid?.() === 0;

/**
 * A server that runs.
 *
 * @typedef {object} Running
 * @property {number} pid
 * @property {number} port
 * @property {string} [credentials] user:password, where it wants them
 * @property {() => Promise<void>} stop
 */

/** Starts a script of this suite on a port of its own. */
async function script(name, { tls = 'off', certificate, auth = false, env: further = {} } = {}) {
  const port = await freePort();
  const env = { ...further, PORT: String(port), TLS: tls, ...(auth ? { AUTH: '1' } : {}) };
  if (certificate !== undefined) Object.assign(env, { CERT: certificate.cert, KEY: certificate.key });
  const running = await serve(['node', here(`../contestants/${name}.mjs`)], port, { env });
  return { ...running, port, ...(auth ? { credentials: 'bench:bench' } : {}) };
}

/** A folder that is gone when the server has stopped. */
async function inFolder(begin) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  // Servers of many processes may still write while they end.
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  try {
    const running = await begin(folder);
    const stop = async () => {
      await running.stop();
      remove();
    };
    return { ...running, stop };
  } catch (error) {
    remove();
    throw error;
  }
}

function gateway({ tls = 'off', certificate, auth = false, data } = {}) {
  const begin = async (folder) => {
    const port = await freePort();
    const postern = (...words) =>
      execFileSync('node', [POSTERN, ...words, '--data', folder], { encoding: 'utf8', cwd: folder });
    const { token } = JSON.parse(postern('domain', 'add', 'example.com', '--json'));
    const scheme = tls === 'implicit' ? 'smtps' : 'smtp';
    const options = [...(scheme === 'smtps' ? [] : [`tls=${tls}`]), `auth=${auth ? 'required' : 'optional'}`];
    const env = {
      POSTERN_LISTEN: `${scheme}://127.0.0.1:${port}?${options.join('&')}`,
      POSTERN_HTTP_LISTEN: 'off',
      POSTERN_SMTP_TLS_DETECT: '0',
      POSTERN_SMTP_MAX_CONNECTIONS_PER_ADDRESS: '100000',
      POSTERN_SMTP_MAX_CONNECTIONS: '100000',
      POSTERN_LOG_LEVEL: 'warn',
    };
    if (certificate !== undefined) {
      Object.assign(env, { POSTERN_TLS_CERT: certificate.cert, POSTERN_TLS_KEY: certificate.key });
    }
    const running = await serve(['node', POSTERN, 'serve', '--data', folder], port, { env, cwd: folder });
    return { ...running, port, ...(auth ? { credentials: `${token}:${token}` } : {}) };
  };
  return data === undefined ? inFolder(begin) : begin(data);
}

const HARAKA_TAKES_ALL = `
exports.hook_mail = (next) => next(OK);
exports.hook_rcpt = (next) => next(OK);
exports.hook_queue = (next) => next(OK);
`;

function haraka() {
  return inFolder(async (folder) => {
    const port = await freePort();
    const program = join(peersFolder, 'node_modules/Haraka/bin/haraka');
    execFileSync('node', [program, '-i', folder], { stdio: 'ignore' });
    mkdirSync(join(folder, 'plugins'), { recursive: true });
    const files = {
      'config/smtp.ini': `listen=127.0.0.1:${port}\nnodes=0\n`,
      'config/plugins': 'take_all\n',
      'config/log.ini': '[main]\nlevel=error\n',
      'plugins/take_all.js': HARAKA_TAKES_ALL,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const running = await serve(['node', program, '-c', folder], port);
    return { ...running, port };
  });
}

async function smtpSink() {
  const port = await freePort();
  // If it is started as root, smtp-sink needs the name of the user to switch to.
  const words = ['smtp-sink', ...(root ? ['-u', 'nobody'] : []), `127.0.0.1:${port}`, '1000'];
  return { ...(await serve(words, port)), port };
}

const POSTFIX_DAEMONS = '/usr/lib/postfix/sbin';

/** Postfix that takes mail from the loopback, syncs it to its queue, and throws it away instead of sending it. */
function postfix() {
  return inFolder(async (folder) => {
    const port = await freePort();
    chmodSync(folder, 0o755);
    for (const name of ['etc', 'queue', 'data']) mkdirSync(join(folder, name));
    writeFileSync(
      join(folder, 'etc/main.cf'),
      `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
daemon_directory = ${POSTFIX_DAEMONS}
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = bench.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = discard:
alias_maps =
alias_database =
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
default_process_limit = 300
`,
    );
    // Clients look for a service in `public` or in `private`, by its name.
    const service = (name, type, access, most, program) =>
      `${name} ${type} ${access} - n - ${most} ${program}\n`;
    const reached = (name, program = name) => service(name, 'unix', 'y', '-', program);
    writeFileSync(
      join(folder, 'etc/master.cf'),
      service(`127.0.0.1:${port}`, 'inet', 'n', '-', 'smtpd') +
        service('cleanup', 'unix', 'n', '0', 'cleanup') +
        service('qmgr', 'unix', 'n', '1', 'qmgr') +
        service('flush', 'unix', 'n', '0', 'flush') +
        service('anvil', 'unix', 'y', '1', 'anvil') +
        service('postlog', 'unix-dgram', 'n', '1', 'postlogd') +
        reached('rewrite', 'trivial-rewrite') +
        reached('bounce') +
        reached('defer', 'bounce') +
        reached('trace', 'bounce') +
        reached('proxymap') +
        reached('error') +
        reached('retry', 'error') +
        reached('discard'),
    );
    execFileSync('chown', ['postfix', join(folder, 'data')]);
    const configuration = ['-c', join(folder, 'etc')];
    execFileSync('/usr/sbin/postfix', [...configuration, 'check'], { stdio: 'ignore' });
    // Starts the program that "postfix start" would start, but as a child that can be watched and stopped.
    const running = await serve([`${POSTFIX_DAEMONS}/master`, ...configuration, '-d'], port);
    return { ...running, port };
  });
}

async function aiosmtpd() {
  const port = await freePort();
  const words = ['/usr/bin/python3', '-m', 'aiosmtpd', '-n', '-l', `127.0.0.1:${port}`];
  return { ...(await serve([...words, '-c', 'aiosmtpd.handlers.Sink'], port)), port };
}

function pythonHas(module) {
  try {
    execFileSync('/usr/bin/python3', ['-c', `import ${module}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const npmMissing = (name) => (versionOf(name) === null ? `npm's ${name} is not installed` : null);
const debianMissing = (program) => (has(program) ? null : `no ${program} (Debian: postfix)`);
const packageVersion = () => JSON.parse(readFileSync(here('../../package.json'), 'utf8')).version;
const postfixVersion = () => {
  const text = execFileSync('/usr/sbin/postconf', ['-d', '-h', 'mail_version'], { encoding: 'utf8' });
  return text.trim();
};

/** `missing` says in words why it cannot be had here; null where it can. */
export const CONTESTANTS = {
  null: {
    title: 'null server',
    missing: () => null,
    version: () => process.version,
    start: () => script('null'),
  },
  bare: {
    title: 'null server, as bare as can be',
    missing: () => null,
    version: () => process.version,
    start: () => script('bare'),
  },
  limit: {
    title: 'the same without streams, by ways that Node does not offer',
    missing: () => null,
    version: () => process.version,
    start: () => script('bare', { env: { REUSE: '1' } }),
  },
  tls: {
    title: 'bare tls.Server',
    missing: () => null,
    version: () => process.version,
    start: (needs) => script('tls', needs),
  },
  postern: {
    title: 'Postern, drops',
    missing: () => null,
    version: packageVersion,
    start: (needs) => script('postern', needs),
  },
  gateway: { title: 'Postern, keeps', missing: () => null, version: packageVersion, start: gateway },
  'smtp-server': {
    title: 'smtp-server',
    missing: () => npmMissing('smtp-server'),
    version: () => versionOf('smtp-server'),
    start: (needs) => script('smtp-server', needs),
  },
  haraka: {
    title: 'Haraka',
    missing: () => npmMissing('Haraka'),
    version: () => versionOf('Haraka'),
    start: haraka,
  },
  'smtp-sink': {
    title: "Postfix's smtp-sink",
    missing: () => debianMissing('smtp-sink'),
    version: postfixVersion,
    start: smtpSink,
  },
  postfix: {
    title: 'Postfix, discards',
    missing: () =>
      debianMissing('postfix') ??
      (root ? null : `postfix has to be started by root, not by ${userInfo().username}`),
    version: postfixVersion,
    start: postfix,
  },
  aiosmtpd: {
    title: 'aiosmtpd',
    missing: () => (pythonHas('aiosmtpd') ? null : 'no aiosmtpd (Debian: python3-aiosmtpd)'),
    version: () =>
      execFileSync('/usr/bin/python3', ['-c', 'import aiosmtpd; print(aiosmtpd.__version__)'], {
        encoding: 'utf8',
      }).trim(),
    start: aiosmtpd,
  },
};
