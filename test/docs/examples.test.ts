// The examples of README.md and docs/embedding.md, run as they stand: each is written to a file of its own
// beside an installed `postern`, and started. Only its port is changed, so that tests can run side by side.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { join } from 'node:path';
import { createTransport, type SendMailOptions } from 'nodemailer';
import type SMTPTransport from 'nodemailer/lib/smtp-transport/index.js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { testCertificates } from '../certs.js';
import { PROJECT, readDocument } from './markdown.js';
import { developmentCertificates, installed, Program, start } from './programs.js';

const embedding = readDocument('docs/embedding.md');
const readme = readDocument('README.md');
const hasCurl = spawnSync('curl', ['--version']).status === 0;

interface Client {
  /** Sends a message; the text of the last reply. */
  send(options?: SendMailOptions, auth?: SMTPTransport.Options['auth'], tls?: TlsOptions): Promise<string>;
  /** A plain connection: the greeting. */
  greeting(): Promise<string>;
  readonly program: Program;
}

/** The test of each example. An example without an entry here fails. */
const expectations: Record<string, (client: Client) => Promise<void>> = {
  'The smallest server': async ({ send, program }) => {
    expect(await send()).toMatch(/^250 /);
    await program.says(/^\d+ octets for you@example\.net$/m);
  },
  Decisions: async ({ send, program }) => {
    expect(await send()).toMatch(/^250 /);
    await expect(send({ to: 'nobody@example.net' })).rejects.toThrow(
      '550 5.1.1 There is no nobody@example.net',
    );
    await program.says(/^\S+ RCPT: 550 5\.1\.1/m);
    const bounce = { envelope: { from: '', to: 'you@example.net' } };
    await expect(send(bounce)).rejects.toThrow('550 5.7.1 No bounces');
  },
  'Who it is': async ({ send }) => {
    await expect(send()).rejects.toThrow('530 5.7.0');
    await expect(send({}, { user: 'app', pass: 'wrong' })).rejects.toThrow('535 5.7.8');
    await expect(send({}, { user: 'who', pass: 'nobody has this password' })).rejects.toThrow('535 5.7.8');
    const auth = { user: 'app', pass: 'secret' };
    expect(await send({}, auth)).toMatch(/^250 /);
    await expect(send({ from: 'x@example.org' }, auth)).rejects.toThrow('550 5.7.1 Send from example.com');
  },
  'Where messages go': async ({ send, program }) => {
    const reply = await send();
    if (reply.includes('sha256')) expect(reply).toMatch(/^250 2\.0\.0 Ok: sha256 [0-9a-f]{64}$/);
    else {
      expect(reply).toMatch(/^250 2\.0\.0 Ok: \S+-1$/);
      await program.says(/^kept \S+-1$/m);
    }
  },
  TLS: async ({ send, program }) => {
    expect(await send({}, undefined)).toMatch(/^250 /);
    await program.says(/^over TLSv1\.3$/m);
  },
  'Other ways to sign in': async ({ send, program }) => {
    const token = { type: 'OAuth2', user: 'app', accessToken: 'ya29.token' } as const;
    expect(await send({}, token)).toMatch(/^250 /);
    await program.says(/^from app$/m);
    await expect(send({}, { ...token, accessToken: 'another' })).rejects.toThrow('535 5.7.8');
  },
  'Client certificates': async ({ send, program }) => {
    await expect(send()).rejects.toThrow('554 5.7.0 A client certificate is required: none was shown');
    const { clientCert, clientKey } = await testCertificates();
    const certificate = { cert: readFileSync(clientCert), key: readFileSync(clientKey) };
    const external = { type: 'custom', method: 'EXTERNAL', user: '', pass: '' } as const;
    expect(await send({}, external, certificate)).toMatch(/^250 /);
    await program.says(/^from client\.localhost$/m);
  },
  'Your own sockets': async ({ send }) => {
    expect(await send()).toMatch(/^250 /);
  },
  Stopping: async ({ greeting, program }) => {
    expect(await greeting()).toMatch(/^220 mail\.example\.com /);
    program.child.kill('SIGTERM');
    await program.says(/^stopped$/m);
    expect((await program.exited)[0]).toBe(0);
  },
  'The library': async ({ send, program }) => {
    expect(await send()).toMatch(/^250 /);
    await program.says(/^\[ 'you@example\.net' \] \d+$/m);
  },
};

const servers = [embedding, readme].flatMap(({ path, blocks }) =>
  blocks
    .filter(({ language, text }) => language === 'js' && text.includes("from 'postern'"))
    .map((block, index) => [`${path}, ${block.heading} (${index + 1})`, block] as const),
);

describe('servers', () => {
  it('are all there', () => {
    expect(new Set(servers.map(([, { heading }]) => heading))).toEqual(new Set(Object.keys(expectations)));
  });

  it.each(servers)('%s', async (_, { heading, text }) => {
    expect(text).toContain('port: 2525');
    const folder = await installed();
    await developmentCertificates(folder);
    const program = await start(folder, 'example.mjs', text.replace('port: 2525', 'port: 0'));
    const [, port = ''] = await program.says(/^listening on (\d+)$/m);
    await expectations[heading]?.({ program, ...clientOf(Number(port)) });
  });
});

describe('clients', () => {
  it('nodemailer in README.md', async () => {
    const gateway = await startGateway();
    const block = readme.blocks.find(({ heading }) => heading === 'nodemailer');
    await gateway.write('example.mjs', block?.text);
    const program = gateway.run(process.execPath, ['example.mjs']);
    await program.says(/^250 2\.0\.0 Ok: queued as \d+$/m);
    expect(await gateway.messages()).toMatchObject([
      {
        from: 'shop@example.com',
        to: ['you@example.net'],
        subject: 'Your order',
        tags: ['order', 'receipt'],
        listUnsubscribe: '<https://example.com/unsubscribe/42>',
        status: 'held',
        tls: expect.stringContaining('TLSv1.3') as string,
      },
    ]);
  });

  it.skipIf(!hasCurl)('curl in README.md', async () => {
    const gateway = await startGateway();
    const block = readme.blocks.find(({ heading }) => heading === 'curl');
    await gateway.write('example.sh', block?.text);
    const program = gateway.run('sh', ['example.sh']);
    expect((await program.exited)[0]).toBe(0);
    expect(await gateway.messages()).toMatchObject([{ subject: 'Your order', tags: ['order', 'receipt'] }]);
  });

  it.skipIf(!hasCurl)('the command that a first start shows', async () => {
    const gateway = await startGateway();
    const program = gateway.run('sh', ['-c', /^ {2}curl .*$/m.exec(gateway.banner)?.[0] ?? '']);
    expect((await program.exited)[0]).toBe(0);
    expect(await gateway.messages()).toMatchObject([{ subject: 'Hello', tags: ['first'] }]);
  });
});

describe('delivery', () => {
  it('into a folder, by the command in README.md', async () => {
    const command = readme.blocks.find(({ text }) => text.includes('--deliver maildir:'))?.text ?? '';
    const [, args = ''] = /^npm run -s postern -- serve (.*)$/m.exec(command) ?? [];
    const gateway = await startGateway(args.split(' '));
    const block = readme.blocks.find(({ heading }) => heading === 'nodemailer');
    await gateway.write('example.mjs', block?.text);
    await gateway.run(process.execPath, ['example.mjs']).says(/^250 2\.0\.0 Ok: queued as \d+$/m);
    await vi.waitUntil(() => gateway.files('outgoing/new').length === 1, { timeout: 20_000, interval: 50 });
    await vi.waitUntil(async () => JSON.stringify(await gateway.messages()).includes('"delivered"'), {
      timeout: 20_000,
      interval: 200,
    });
  });
});

it('the load test in README.md', async () => {
  const folder = await installed();
  const main = join(PROJECT, 'dist/cli/main.js');
  const text = readme.blocks.find(({ heading }) => heading === 'Load testing')?.text ?? '';
  const [[, sinkLine = ''] = [], [, benchLine = ''] = []] = text.matchAll(/^\$ postern (.*)$/gm);
  expect(sinkLine).toBe('sink &');
  const listen = ['--listen', 'smtp://127.0.0.1:0'];
  const sink = new Program(spawn(process.execPath, [main, 'sink', ...listen], { cwd: folder }));
  const [ready = '', port = ''] = await sink.says(/^postern sink ready smtp=127\.0\.0\.1:(\d+)$/m);
  const words = benchLine.replace('2525', port).split(' ');
  const load = new Program(spawn(process.execPath, [main, ...words], { cwd: folder }));
  expect((await load.exited)[0]).toBe(0);
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('<!doctype html>');
  // All figures differ from run to run, and warnings come and go; the words and what was sent do not.
  const shape = (said: string): string[] =>
    said
      .replaceAll(`127.0.0.1:${port}`, '127.0.0.1:2525')
      .split('\n')
      .filter((line) => line !== '' && !/^[$!]/.test(line))
      .map((line) =>
        /^(?:replies|messages|load|target|connections|postern) /.test(line)
          ? line
          : line.replace(/ .*/, /^ /.test(line) ? line.trim().replace(/ .*/, '') : ''),
      );
  expect(shape(`${ready}\n${load.output}`)).toEqual(shape(text));
});

function clientOf(port: number): Pick<Client, 'send' | 'greeting'> {
  return {
    async send(options, auth, tls) {
      const transport = createTransport({
        host: '127.0.0.1',
        port,
        ...(auth === undefined ? {} : { auth }),
        tls: { ca: readFileSync((await testCertificates()).ca), ...tls },
        customAuth: {
          EXTERNAL: async ({ sendCommand, resolve, reject }) => {
            const { status } = await sendCommand('AUTH EXTERNAL =');
            if (status === 235) resolve();
            else reject(new Error(String(status)));
          },
        },
      });
      const message = { from: 'app@example.com', to: 'you@example.net', subject: 'Hello', text: 'Hello!' };
      const info = await transport.sendMail({ ...message, ...options });
      return (info as { response: string }).response;
    },
    async greeting() {
      const socket = connect(port, '127.0.0.1').setEncoding('utf8');
      onTestFinished(() => void socket.destroy());
      const [text] = (await once(socket, 'data')) as [string];
      socket.on('data', () => undefined).on('end', () => socket.end());
      return text;
    },
  };
}

interface Gateway {
  /** The text that a person sees who started it. */
  readonly banner: string;
  /** Writes an example, its port changed. */
  write(name: string, text: string | undefined): Promise<void>;
  run(command: string, args: readonly string[]): Program;
  messages(): Promise<unknown[]>;
  /** Names in a folder of its folder; none where there is no such folder. */
  files(folder: string): string[];
}

/** A gateway on its first start, in a folder of its own. */
async function startGateway(args: readonly string[] = []): Promise<Gateway> {
  const cwd = await installed();
  const main = join(PROJECT, 'dist/cli/main.js');
  // The variables of the environment must not configure this Postern.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_')),
  );
  const listen = ['--listen', 'smtp://127.0.0.1:0', '--http', 'off'];
  const server = new Program(spawn(process.execPath, [main, 'serve', ...args, ...listen], { cwd, env }));
  const [, port = ''] = await server.says(/^postern ready smtp=127\.0\.0\.1:(\d+)$/m);
  await server.says(/^ {2}curl .*$/m);
  const token = (await readFile(join(cwd, 'data/first-token'), 'latin1')).trim();
  return {
    banner: server.output,
    write: async (name, text = '') => {
      expect(text).toContain('2525');
      await writeFile(join(cwd, name), text.replaceAll('2525', port));
    },
    run: (command, args) => new Program(spawn(command, args, { cwd, env: { ...env, SMTP_TOKEN: token } })),
    files: (folder) => (existsSync(join(cwd, folder)) ? readdirSync(join(cwd, folder)) : []),
    messages: async () => {
      const program = new Program(spawn(process.execPath, [main, 'messages', '--json'], { cwd, env }));
      await program.exited;
      return program.output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
    },
  };
}
