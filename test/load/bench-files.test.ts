// `postern bench` with messages and users from files.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createServer } from '../../src/index.js';
import { startSink } from '../../src/load/index.js';
import { postern } from '../cli/postern.js';
import { scratch } from '../scratch.js';
import { sinkPlan } from './plan.js';

interface Dumping {
  readonly url: string;
  /** The octets of all messages that it took, sorted. */
  messages(): Promise<string[]>;
}

async function dumping(): Promise<Dumping> {
  const dump = await scratch();
  const running = await startSink(sinkPlan({ dump }));
  onTestFinished(async () => {
    await running.close(0);
  });
  return {
    url: `smtp://127.0.0.1:${running.listening[0]?.port ?? 0}`,
    async messages() {
      const names = (await readdir(dump)).filter((name) => name.endsWith('.eml'));
      return (await Promise.all(names.map((name) => readFile(join(dump, name), 'latin1')))).sort();
    },
  };
}

describe('--message', () => {
  it.each([[[]], [['--bdat']], [['--pipelining']]])(
    'sends a file octet for octet, with CRLF: %j',
    async (mode) => {
      const sink = await dumping();
      const file = join(await scratch(), 'a.eml');
      await writeFile(file, 'From: a@example.com\n\n.dot\r\n..\né\rlast', 'latin1');
      const { exitCode, stdout } = await postern(['bench', sink.url, '-n', '3', '--message', file, ...mode]);
      expect(exitCode).toBe(0);
      expect(stdout).toContain('1 message from files');
      const octets = 'From: a@example.com\r\n\r\n.dot\r\n..\r\né\r\nlast\r\n';
      expect(await sink.messages()).toEqual([octets, octets, octets]);
    },
  );

  it('sends all .eml files of a folder, each as often as the others', async () => {
    const sink = await dumping();
    const folder = await scratch();
    for (const name of ['a', 'b', 'c'])
      await writeFile(join(folder, `${name}.EML`), `Subject: ${name}\r\n\r\n`);
    await writeFile(join(folder, 'notes.txt'), 'x');
    const { stdout } = await postern(['bench', sink.url, '-n', '90', '--message', folder, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ messages: { accepted: 90 }, settings: { own: 3 } });
    const counts = new Map<string, number>();
    for (const message of await sink.messages()) counts.set(message, (counts.get(message) ?? 0) + 1);
    expect(counts.size).toBe(3);
    for (const count of counts.values()) expect(count).toBeGreaterThan(10);
  });

  it('is refused before the run if there is nothing to send', async () => {
    const folder = await scratch();
    await mkdir(join(folder, 'none'));
    await writeFile(join(folder, 'empty.eml'), '');
    for (const [args, words] of [
      [['--message', join(folder, 'none')], 'there is no .eml file in'],
      [['--message', join(folder, 'empty.eml')], 'empty.eml is empty'],
      [['--message', join(folder, 'absent.eml')], 'cannot read'],
      [['--message', folder, '--size', '1k'], '--size is for text that is made'],
    ] as const) {
      const { exitCode, stderr } = await postern(['bench', 'smtp://127.0.0.1:1', ...args]);
      expect(exitCode).toBeGreaterThan(0);
      expect(stderr).toContain(words);
    }
  });
});

describe('--users', () => {
  it('gives each connection the next user, and its sender', async () => {
    const seen = new Map<unknown, Set<string>>();
    const server = createServer(
      {
        onAuth: (_, { authcid, password }) =>
          password.expose() === `${authcid.expose()}!` ? authcid.expose() : null,
        onMail(session, reversePath) {
          const senders = seen.get(session.principal) ?? new Set();
          seen.set(session.principal, senders.add(reversePath?.address ?? ''));
        },
        async onData(session, body) {
          let text = '';
          for await (const octets of body) text += Buffer.from(octets).toString();
          expect(text).toContain(`From: <${session.envelope.reversePath?.address}>`);
        },
      },
      { allowInsecureAuth: true },
    );
    onTestFinished(() => server.close(0));
    const { port } = await server.listen(0);
    const file = join(await scratch(), 'users');
    await writeFile(file, '# users\nada:ada! ada@a.example\n\n  bob:bob!\tbob@b.example  \ncarl:carl!\n');
    const args = ['bench', `smtp://127.0.0.1:${port}`, '-c', '6', '-n', '60', '--users', file];
    const { exitCode, stdout } = await postern([...args, '--from', 'bench{n}@c.example', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      messages: { accepted: 60 },
      settings: { users: 3, user: true },
    });
    expect(stdout).not.toContain('ada!');
    expect([...(seen.get('ada') ?? [])]).toEqual(['ada@a.example']);
    expect([...(seen.get('bob') ?? [])]).toEqual(['bob@b.example']);
    expect([...(seen.get('carl') ?? [])].sort()).toEqual(['bench2@c.example', 'bench5@c.example']);
  });

  it('is refused with a reason that does not show a password', async () => {
    const file = join(await scratch(), 'users');
    await writeFile(file, 'ada:secret\nsecret\n');
    const { exitCode, stderr } = await postern(['bench', 'smtp://127.0.0.1:1', '--users', file]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/line 2 of .* is not USER:PASSWORD/);
    expect(stderr).not.toContain('secret');
    await writeFile(file, 'ada:secret x\n');
    expect((await postern(['bench', 'smtp://127.0.0.1:1', '--users', file])).stderr).toContain(
      'is no NAME@DOMAIN',
    );
    await writeFile(file, '# none\n');
    expect((await postern(['bench', 'smtp://127.0.0.1:1', '--users', file])).stderr).toContain(
      'there is no user',
    );
    expect((await postern(['bench', 'smtp://a:b@127.0.0.1:1', '--users', file])).stderr).toContain(
      '--users goes without USER:PASSWORD@',
    );
  });
});
