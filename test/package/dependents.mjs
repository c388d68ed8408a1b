// Runs programs of the registry that depend on npm's smtp-server, with the packed adapter in its place: npm's `overrides` give
// them `postern/smtp-server` under the name of smtp-server. Says so if they cannot be had from the registry.
//
//     node test/package/dependents.mjs
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { tarballs } from './tarballs.mjs';

const PROGRAMS = {
  maildev: '2.2.1',
  'smtp-server-as-promised': '5.2.5',
  'smtp-tester': '2.1.0',
  'test-smtp-server': '0.9.10',
};

const LETTER = {
  from: 'ada@example.com',
  to: 'bob@example.net',
  subject: 'Grüße',
  text: 'Hello\n.dot\n',
  attachments: [{ filename: 'seven.bin', content: Buffer.alloc(300_000, 7) }],
};

/** Sends the letter, and returns the reply to it, or to what was refused. */
async function send(port, options = {}, letter = {}) {
  const tls = { rejectUnauthorized: false };
  const transport = createTransport({ host: '127.0.0.1', port, tls, ...options });
  try {
    return (await transport.sendMail({ ...LETTER, ...letter })).response;
  } catch (error) {
    return String(error.response ?? error);
  } finally {
    transport.close();
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function until(what) {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    try {
      const result = await what();
      if (result) return result;
    } catch {
      // It is not up yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it did not come within 30 s');
}

function expect(found, wanted) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`expected ${b}, got ${a}`);
}

const codes = (replies) => replies.map((reply) => Number(reply.slice(0, 3)));

const CHECKS = {
  async maildev(folder) {
    const [smtp, web] = [await freePort(), await freePort()];
    const ports = ['-s', smtp, '-w', web, '--ip', '127.0.0.1', '--web-ip', '127.0.0.1'].map(String);
    const words = ['bin/maildev', ...ports, '--incoming-user', 'u', '--incoming-pass', 'p'];
    const command = spawn(process.execPath, words, {
      cwd: join(folder, 'node_modules/maildev'),
      stdio: 'ignore',
    });
    try {
      const emails = async () => (await fetch(`http://127.0.0.1:${web}/email`)).json();
      await until(emails);
      const auth = { user: 'u', pass: 'p' };
      const replies = [
        await send(smtp, { auth }),
        await send(smtp, { auth, ignoreTLS: true }),
        await send(smtp, { auth: { user: 'u', pass: 'wrong' } }),
        await send(smtp),
      ];
      expect(codes(replies), [250, 250, 535, 530]);
      const [first] = await until(async () => (await emails()).length === 2 && emails());
      expect(
        [
          first.subject,
          first.text,
          first.envelope.to.map(({ address }) => address),
          first.attachments.length,
        ],
        [LETTER.subject, LETTER.text, [LETTER.to], 1],
      );
    } finally {
      command.kill();
    }
  },
  /** Its own tests. */
  'smtp-tester': (folder) => {
    const { stdout } = spawnSync(process.execPath, ['test/test.js'], {
      cwd: join(folder, 'node_modules/smtp-tester'),
      encoding: 'utf8',
      timeout: 120_000,
    });
    const passed = /^# tests (\d+)\n# pass {2}\1$/m.exec(stdout)?.[1];
    if (passed === undefined) throw new Error(stdout);
    return `${passed} of its own tests`;
  },
  async 'smtp-server-as-promised'(folder) {
    const { SMTPServerAsPromised } = await load(folder, 'smtp-server-as-promised');
    const seen = [];
    class Server extends SMTPServerAsPromised {
      async onAuth({ username, password }) {
        if (password !== 'p') throw new Error('wrong');
        return { user: username };
      }
      async onMailFrom({ address }) {
        if (address.startsWith('bad')) throw Object.assign(new Error('no'), { responseCode: 553 });
      }
      async onData(stream, { user, envelope }) {
        let octets = 0;
        for await (const piece of stream) octets += piece.length;
        seen.push([user, envelope.rcptTo.map(({ address }) => address), octets > 400_000]);
      }
    }
    const server = new Server({ disabledCommands: ['STARTTLS'] });
    const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
    const auth = { user: 'u', pass: 'p' };
    const replies = [
      await send(port, { auth }),
      await send(port, { auth: { user: 'u', pass: 'wrong' } }),
      await send(port, { auth }, { from: 'bad@example.com' }),
    ];
    await server.close();
    expect(codes(replies), [250, 535, 553]);
    expect(seen, [['u', [LETTER.to], true]]);
  },
  async 'test-smtp-server'(folder) {
    const { testSmtpServer } = await load(folder, 'test-smtp-server');
    const smtpPort = await freePort();
    const server = new testSmtpServer({ smtpPort });
    server.startServer();
    expect(codes([await until(() => send(smtpPort, { secure: true }))]), [250]);
    const [{ envelope, ...email }] = server.getEmails();
    const { subject } = await Object.assign(Object.create(server.getEmails()[0]), email).getParsed();
    expect([envelope.mailFrom.address, subject], [LETTER.from, LETTER.subject]);
    server.server.close();
  },
};

async function load(folder, name) {
  const { default: program } = await import(
    join(
      folder,
      'node_modules',
      name,
      name === 'test-smtp-server' ? 'build/lib/test-smtp-server.js' : 'index.js',
    )
  );
  return program;
}

const folder = mkdtempSync(join(tmpdir(), 'postern-dependents-'));
try {
  const { postern: library } = tarballs(folder);
  const postern = `file:${library}`;
  mkdirSync(join(folder, 'smtp-server'));
  writeFileSync(join(folder, 'smtp-server/index.js'), "module.exports = require('postern/smtp-server');\n");
  const shim = { name: 'smtp-server', version: '3.21.6', dependencies: { postern } };
  writeFileSync(join(folder, 'smtp-server/package.json'), JSON.stringify(shim));
  const manifest = {
    private: true,
    dependencies: { ...PROGRAMS, postern, nodemailer: '10', tape: '4', 'tape-promise': '2' },
    overrides: { 'smtp-server': 'file:./smtp-server' },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const words = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const got = spawnSync('npm', words, { cwd: folder, encoding: 'utf8' });
  if (got.status === 0) {
    for (const [name, version] of Object.entries(PROGRAMS)) {
      try {
        const note = await CHECKS[name](folder);
        console.log(`ok      ${name} ${version}${note === undefined ? '' : `: ${note}`}`);
      } catch (error) {
        console.error(`FAILED  ${name} ${version}: ${error.message}`);
        process.exitCode = 1;
      }
    }
  } else console.log(`skipped dependents: they could not be had: ${got.stderr.split('\n')[0]}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
