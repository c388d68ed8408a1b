// LMTP (RFC 2033) as handlers and clients see it; the dialogue itself is in lmtp.vec.
import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createServer, type MessageDecision, Reply } from '../../src/index.js';
import { expectNoTrouble, type Running, serve } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const YES = new Reply(250, '2.1.5', 'Kept');
const FULL = new Reply(452, '4.2.2', 'Mailbox full');

/** A server whose handler decides so on each message, and what it took. */
async function deciding(
  decision: () => MessageDecision,
  lmtp = true,
): Promise<Running<string> & { readonly bodies: string[] }> {
  const bodies: string[] = [];
  const running = await serve(
    {
      onData: async (_, body) => {
        let text = '';
        for await (const octets of body) text += Buffer.from(octets).toString('latin1');
        bodies.push(text);
        return decision();
      },
    },
    { lmtp },
  );
  return { ...running, bodies };
}

async function send(port: number, hello: string, replies: number): Promise<string[]> {
  const talk = await Talk.open(port);
  await talk.play('< 220', `> ${hello} client.example`, '< 250', '> MAIL FROM:<>', '< 250');
  await talk.play('> RCPT TO:<b@y.example>', '< 250', '> RCPT TO:<c@y.example>', '< 250', '> DATA', '< 354');
  talk.write('a\r\n.\r\nNOOP\r\n');
  return talk.replies(replies + 1);
}

const OK = '250 2.0.0 Ok';

describe('a handler', () => {
  it('gives each recipient a reply of its own, at once or later', async () => {
    const wanted = ['250 2.1.5 Kept', '452 4.2.2 Mailbox full', OK];
    const { port } = await deciding(() => [YES, FULL]);
    expect(await send(port, 'LHLO', 2)).toEqual(wanted);
    const later = await serve(
      {
        onContent: () => ({
          write: () => undefined,
          end: () => Promise.resolve([YES, FULL]),
          abort: () => undefined,
        }),
      },
      { lmtp: true },
    );
    expect(await send(later.port, 'LHLO', 2)).toEqual(wanted);
  });

  it('may give one for all', async () => {
    const { port } = await deciding(() => FULL);
    expect(await send(port, 'LHLO', 2)).toEqual([FULL.toString(), FULL.toString(), OK]);
  });

  it.each([[[]], [[YES]], [[YES, YES, YES]]])(
    'that gives too few or too many gets an error: %#',
    async (list) => {
      const { port, errors } = await deciding(() => list);
      const sorry = '451 4.3.0 Local error, try again later';
      expect(await send(port, 'LHLO', 2)).toEqual([sorry, sorry, OK]);
      expect(errors.map(({ message }) => message)).toEqual([
        `the message has 2 replies, the handler gave ${list.length}`,
      ]);
    },
  );

  it('has one reply to give in SMTP', async () => {
    const { port, errors } = await deciding(() => [YES, YES], false);
    expect(await send(port, 'EHLO', 1)).toEqual(['451 4.3.0 Local error, try again later', OK]);
    expect(errors.map(({ message }) => message)).toEqual(['the message has one reply, the handler gave 2']);
  });
});

it('is not spoken on port 25', async () => {
  await expect(createServer().listen({ port: 25, lmtp: true })).rejects.toThrow(/port 25 \(RFC 2033 1\)/);
});

const PYTHON = `
import smtplib, sys
client = smtplib.LMTP('127.0.0.1', int(sys.argv[1]))
print(client.sendmail('a@x.example', ['b@y.example', 'c@y.example'], 'Subject: x\\r\\n\\r\\n.dot\\r\\n'))
# It reads one reply behind a message; the others are there to be read.
print(client.getreply())
client.quit()
`;
const python = spawnSync('python3', ['--version']).status === 0;

it.runIf(python)("Python's LMTP client delivers to one recipient, and hears of the other", async () => {
  const { port, bodies } = await deciding(() => [YES, FULL]);
  const client = spawn('python3', ['-c', PYTHON, String(port)], { timeout: 20_000 });
  let said = '';
  client.stdout.on('data', (octets: Buffer) => (said += octets.toString()));
  client.stderr.on('data', (octets: Buffer) => (said += octets.toString()));
  await new Promise((resolve) => client.on('close', resolve));
  expect(said.trim().split(/\r?\n/)).toEqual(['{}', "(452, b'4.2.2 Mailbox full')"]);
  expect(bodies).toEqual(['Subject: x\r\n\r\n.dot\r\n']);
});
