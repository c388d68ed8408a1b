// Packs both packages as a registry would get them, looks at what is inside, installs them into empty folders, and uses
// them there: the library as ES modules and as CommonJS, its types in each mode of the compiler, and the command.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { tarballs } from './tarballs.mjs';

const project = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
const temporary = mkdtempSync(join(tmpdir(), 'postern-package-'));

/** Octets of the library with its types, unpacked, at the most. */
const LIBRARY_SIZE = 300_000;

/** Files that must be in a tarball, and all that may be. */
const CONTENTS = {
  postern: {
    wanted: ['package.json', 'LICENSE', 'README.md', 'index.cjs', 'index.mjs', 'index.d.cts', 'index.d.mts'],
    allowed:
      /^(package\.json|LICENSE|README\.md|[a-z-]+(\.d)?\.[cm](js|ts)|chunks\/[a-z-]+(\.d)?\.c(js|ts))$/,
  },
  'postern-gateway': {
    wanted: ['package.json', 'LICENSE', 'README.md', 'dist/cli/main.js', 'dist/dashboard/index.html'],
    allowed:
      /^(package\.json|LICENSE|README\.md|CHANGELOG\.md|docs\/.+|certs\/README\.md|dist\/.+\.js|dist\/dashboard\/.+\.(html|js|css|svg)(\.(br|gz))?)$/,
  },
};
/** Both modes of Node and of bundlers; `node10` knows no `exports`. */
const ATTW = ['--profile', 'node16', '--no-emoji', '--no-color'];
/** Files that must not be in one, in any folder. */
const REFUSED =
  /(^|\/)(test|tests|fixtures|bench|coverage)\/|\.(test|spec|pem|key|crt|db|sqlite)\b|(^|\/)\.|\.map$/;

const ESM = `
import { createServer, Refusal, Reply } from 'postern';
import { connect } from 'postern/client';
import { ServerSession } from 'postern/protocol';
import smtpServer, { SMTPServer } from 'postern/smtp-server';
import { startMail } from 'postern/testing';
`;
const CJS = `
const { createServer, Refusal, Reply } = require('postern');
const { connect } = require('postern/client');
const { ServerSession } = require('postern/protocol');
const smtpServer = require('postern/smtp-server').default;
const { SMTPServer } = require('postern/smtp-server');
const { startMail } = require('postern/testing');
`;
/** Sends a message to each kind of server. */
const USE = `
async function main() {
  const got = [];
  const server = createServer({
    async onData(session, body) {
      for await (const octets of body) got.push(octets.length);
    },
    onRcpt(session, { address }) {
      if (address === 'no@example.net') throw new Refusal(new Reply(550, '5.1.1', 'no'));
    },
  });
  const { port } = await server.listen({ port: 0 });
  await send(port);
  await server.close();

  const other = new SMTPServer({
    disabledCommands: ['AUTH'],
    onData(stream, session, callback) {
      stream.on('data', (octets) => got.push(octets.length)).on('end', () => callback());
    },
  });
  await new Promise((resolve) => other.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = other.server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  await send(address.port);
  await new Promise((resolve) => other.close(() => resolve(undefined)));

  const mail = await startMail();
  await send(mail.port);
  const message = await mail.waitFor({ subject: 'Hello' });
  got.push(message.text?.length ?? 0);
  await mail.close();
  if (smtpServer.SMTPServer !== SMTPServer || typeof ServerSession !== 'function') throw new Error('not the same');
  console.log('octets: ' + got.join(' '));
}

async function send(port) {
  const client = await connect({ host: '127.0.0.1', port });
  await client.send({
    from: 'a@example.com',
    to: ['b@example.net'],
    content: 'From: a@example.com\\r\\nSubject: Hello\\r\\n\\r\\nHello!\\r\\n',
  });
  await client.quit();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
`;
const SAME = `
import { createRequire } from 'node:module';
import { Reply } from 'postern';
const other = createRequire(import.meta.url)('postern');
if (other.Reply !== Reply) throw new Error('two classes Reply');
console.log('one class Reply');
`;

/** A loader that lets the package import built-ins and its own files only. */
const onlyBuiltIns = `
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  const own = found.url.startsWith('node:') || found.url.includes('/node_modules/postern/');
  if (own || !context.parentURL?.includes('/node_modules/postern/')) return found;
  throw new Error('it loads more than built-ins: ' + specifier + ', from ' + context.parentURL);
}
`;

/** Runs to the end and gives what was said; throws with what was said on standard error. */
function run(command, args, cwd, env = process.env) {
  try {
    return execFileSync(command, args, {
      cwd,
      env,
      encoding: 'utf8',
      stdio: 'pipe',
      timeout: 300_000,
    }).trim();
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout}${error.stderr}`.trim(), { cause: error });
  }
}

async function check(name, what) {
  try {
    const note = await what();
    console.log(`ok      ${name}${note === undefined ? '' : `: ${note}`}`);
    return note;
  } catch (error) {
    console.error(`FAILED  ${name}: ${error.message}`);
    process.exitCode = 1;
    return undefined;
  }
}

/** A folder of its own with these tarballs installed in it. */
function install(name, ...packages) {
  const folder = mkdtempSync(join(temporary, name));
  writeFileSync(join(folder, 'package.json'), '{ "name": "embedder", "private": true }');
  run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline', ...packages],
    folder,
  );
  return folder;
}

async function checkContents(name, tarball) {
  const { wanted, allowed } = CONTENTS[name];
  const lines = run('tar', ['-tzvf', tarball], temporary).split('\n');
  const files = lines.map((line) =>
    line
      .split(/\s+/)
      .at(-1)
      .replace(/^package\//, ''),
  );
  await check(`${name}: the tarball has what it needs`, () => {
    const missing = wanted.filter((file) => !files.includes(file));
    if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`);
    return `${files.length} files`;
  });
  await check(`${name}: the tarball has nothing else`, () => {
    const more = files.filter((file) => REFUSED.test(file) || !allowed.test(file));
    if (more.length > 0) throw new Error(`not for users: ${more.join(', ')}`);
  });
  await check(`${name}: publint finds nothing`, () => {
    run(process.execPath, [bin('publint', 'src/cli.js'), 'run', tarball, '--strict'], temporary);
  });
  // The gateway is a command, without a type or an entry to import: attw says so, and fails if it finds one that is wrong.
  await check(`${name}: attw finds nothing`, () => {
    const attw = bin('@arethetypeswrong/cli', 'dist/index.js');
    const said = run(process.execPath, [attw, tarball, ...ATTW], temporary);
    const typed = !said.includes('does not contain types');
    if (typed !== (name === 'postern')) throw new Error(said);
  });
  return lines.reduce((sum, line) => sum + Number(line.split(/\s+/)[2]), 0);
}

function bin(name, file) {
  return join(project, 'node_modules', name, file);
}

async function checkLibrary(tarball) {
  const size = await checkContents('postern', tarball);
  await check('postern: it is small', () => {
    if (size > LIBRARY_SIZE) throw new Error(`${size} octets, more than ${LIBRARY_SIZE}`);
    return `${Math.ceil(size / 1000)} kB`;
  });
  const folder = install('library-', tarball);
  await check('postern: it brings no other package with it', () => {
    const others = readdirSync(join(folder, 'node_modules')).filter((entry) => !/^(\.|postern$)/.test(entry));
    if (others.length > 0) throw new Error(`it brings others with it: ${others.join(', ')}`);
  });
  const programs = { 'main.mjs': ESM + USE, 'main.cjs': CJS + USE, 'same.mjs': SAME };
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, name), text);
    await check(`postern: ${name} runs`, () => run(process.execPath, [name], folder));
  }
  await check('postern: it loads built-ins only', () => {
    writeFileSync(join(folder, 'only-built-ins.mjs'), onlyBuiltIns);
    const loader = pathToFileURL(join(folder, 'only-built-ins.mjs'));
    writeFileSync(
      join(folder, 'register.mjs'),
      `import { register } from 'node:module'; register('${loader}');`,
    );
    return run(process.execPath, ['--import', './register.mjs', 'main.mjs'], folder);
  });
  await check('postern: tests of its entries pass on it', () => {
    const tests = ['test/smtp-server', 'test/testing', 'test/client/client.test.ts'];
    const words = [bin('vitest', 'vitest.mjs'), 'run', ...tests, '--maxWorkers=1'];
    const env = { ...process.env, POSTERN_PACKED: join(folder, 'node_modules/postern'), NO_COLOR: '1' };
    return /Tests +(.*)/.exec(run(process.execPath, words, project, env))?.[1];
  });
  await checkTypes(folder);
}

/** Strict programs of users, in each mode, as ES modules and as CommonJS; the declarations are checked, too. */
async function checkTypes(folder) {
  const text = (ESM + USE)
    .replace('const got = []', 'const got: number[] = []')
    .replace('async function send(port)', 'async function send(port: number)');
  writeFileSync(join(folder, 'esm.mts'), text);
  writeFileSync(join(folder, 'cjs.cts'), text);
  for (const [module, moduleResolution, files] of [
    ['Node16', 'Node16', ['esm.mts', 'cjs.cts']],
    ['NodeNext', 'NodeNext', ['esm.mts', 'cjs.cts']],
    ['ESNext', 'Bundler', ['esm.mts']],
    ['Preserve', 'Bundler', ['esm.mts', 'cjs.cts']],
  ]) {
    await check(`postern: its types hold in ${module}, ${moduleResolution}`, () => {
      const compilerOptions = {
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        skipLibCheck: false,
        target: 'ES2022',
        module,
        moduleResolution,
        typeRoots: [join(project, 'node_modules/@types')],
        types: ['node'],
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
      run(process.execPath, [bin('typescript', 'bin/tsc'), '-p', '.'], folder);
    });
  }
}

async function checkGateway(library, tarball) {
  await checkContents('postern-gateway', tarball);
  const folder = install('gateway-', library, tarball);
  const command = join(folder, 'node_modules/.bin/postern');
  await check('postern-gateway: the command runs', () => {
    const said = run(command, ['--version'], folder);
    if (!said.includes(version)) throw new Error(`expected version ${version}, found "${said}"`);
    return said;
  });
  await check('postern-gateway: it serves a client', () => serve(command, folder));
  await check('postern-gateway: it tests under load', () => {
    const said = run(command, ['bench', '--help'], folder);
    if (!said.includes('postern bench')) throw new Error(said);
  });
}

/** Starts the server, waits for its port, and talks to it. */
async function serve(command, folder) {
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  const server = spawn(
    command,
    ['serve', '--http', 'off', '--listen', 'smtp://127.0.0.1:0', '--data', data],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => (said += text));
  try {
    const port = await until(
      () => /127\.0\.0\.1:(\d+)/.exec(said)?.[1],
      () => said,
    );
    const client = `import { connect } from 'postern/client';
      const client = await connect({ host: '127.0.0.1', port: ${port} });
      console.log('greeted');
      await client.quit();`;
    writeFileSync(join(folder, 'client.mjs'), client);
    return run(process.execPath, ['client.mjs'], folder);
  } finally {
    server.kill('SIGTERM');
    if (server.exitCode === null) await new Promise((resolve) => server.once('exit', resolve));
  }
}

async function until(found, about) {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    const result = found();
    if (result !== undefined) return result;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`it did not come: ${about()}`);
}

try {
  let packed;
  await check('npm run pack', () => {
    packed = tarballs(temporary);
    return Object.values(packed)
      .map((path) => basename(path))
      .join(', ');
  });
  if (packed !== undefined) {
    await checkLibrary(packed.postern);
    await checkGateway(packed.postern, packed.gateway);
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
