/**
 * Invariant: if a server sends anything that must not come, in any phase and however it is split, the client closes
 * the connection with bounded work, and no message counts as delivered that was not.
 */
import { createServer as createTlsServer } from 'node:tls';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  Connection,
  type ConnectionOptions,
  EXPECTED_REPLIES,
  meaningOf,
  type OutgoingMessage,
  Shared,
  type TransactionResult,
} from '../../src/client/parts.js';
import { Secret } from '../../src/base/secret.js';
import { testCertificates } from '../certs.js';
import { hostileServer } from './hostile-server.js';
import { GOOD, play, type Step } from './scripted-server.js';

const MESSAGE: OutgoingMessage = {
  mail: 'MAIL FROM:<a@example.com>',
  recipients: ['RCPT TO:<b@example.net>', 'RCPT TO:<c@example.net>'],
  content: { form: 'data', octets: Buffer.from('Subject: x\r\n\r\nhello\r\n.\r\n') },
};

/** The steps of a session without TLS that sends a message by DATA. */
const STEPS = ['greeting', 'EHLO', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'content'] as const satisfies Step[];

const shared = new Shared(10);

function options(port: number, changes: Partial<ConnectionOptions> = {}): ConnectionOptions {
  return {
    host: '127.0.0.1',
    port,
    timeout: 20_000,
    credentials: { user: 'alice@example.com', password: new Secret('correct horse') },
    messages: 100,
    messageTimeout: 60_000,
    ...changes,
  };
}

/** Opens a connection and sends the message. Returns an error if the session could not be opened. */
async function attempt(port: number, message = MESSAGE): Promise<TransactionResult | Error> {
  try {
    const connection = await Connection.open(options(port), shared);
    onTestFinished(() => connection.destroy());
    return await connection.send(message);
  } catch (error) {
    return error as Error;
  }
}

/** Returns for each recipient whether it counts as delivered. */
function delivered(result: TransactionResult | Error): boolean[] {
  if (result instanceof Error) return [false, false];
  return result.recipients.map(({ phase, reply }) => phase === 'end' && reply?.done === true);
}

describe.each([true, false])('with PIPELINING %s', (pipelining) => {
  it('delivers a message though each octet comes in a packet of its own', async () => {
    const port = await hostileServer((socket) => {
      let queue: Promise<void> = Promise.resolve();
      play(socket, {
        pipelining,
        write: (to, octets) => {
          for (const octet of octets) {
            queue = queue.then(
              () =>
                new Promise((resolve) => {
                  to.write(octet, () => setImmediate(resolve));
                }),
            );
          }
        },
      });
    });
    expect(delivered(await attempt(port))).toEqual([true, true]);
  });

  it('counts nothing as delivered if the server closes after any octet before its last reply', async () => {
    // The replies up to the one to the content; each RCPT has one.
    const order: Step[] = ['greeting', 'EHLO', 'AUTH', 'MAIL', 'RCPT', 'RCPT', 'DATA', 'content'];
    const total = order.reduce((sum, step) => sum + GOOD[step].length, 0) - (pipelining ? 0 : 16);
    let left = 0;
    const port = await hostileServer((socket) =>
      play(socket, {
        pipelining,
        write: (to, octets) => {
          const piece = octets.slice(0, left);
          left -= piece.length;
          if (piece !== '') to.write(piece);
          if (left === 0) to.end();
        },
      }),
    );
    for (let octets = 1; octets < total; octets++) {
      left = octets;
      const result = await attempt(port);
      expect([octets, delivered(result)]).toEqual([octets, [false, false]]);
      const error = result instanceof Error ? result : result.error;
      expect([octets, (error as { fault?: string } | null)?.fault]).toEqual([octets, 'closed']);
    }
    left = total;
    expect(delivered(await attempt(port))).toEqual([true, true]);
  });

  const FLOODS = {
    'a blank line': '\r\n',
    'an octet': 'x',
    '1 MiB of blank lines': '\r\n'.repeat(524_288),
    '1 MiB without a line end': 'x'.repeat(1_048_576),
    '100,000 lines of one reply': '250-x\r\n'.repeat(100_000),
    '100,000 replies': '250 x\r\n'.repeat(100_000),
    'a reply more': '250 x\r\n',
  };

  it.each(Object.keys(FLOODS) as (keyof typeof FLOODS)[])(
    'closes the connection if the server sends %s after any reply',
    async (flood) => {
      for (const step of STEPS) {
        let closed: () => void = () => undefined;
        const isClosed = new Promise<void>((resolve) => (closed = resolve));
        const port = await hostileServer((socket) => {
          socket.on('close', closed);
          play(socket, {
            pipelining,
            replies: { [step]: GOOD[step] + FLOODS[flood] },
          });
        });
        const result = await attempt(port);
        await isClosed;
        // Outcomes that were decided before stay decided. A server may send the replies to a group in one write, and
        // early.
        if (step !== 'content') expect([step, delivered(result)]).toEqual([step, [false, false]]);
      }
    },
  );

  it.each(STEPS)('does not take a code that must not answer %s for a success', async (step) => {
    const codes = [200, 211, 214, 220, 221, 235, 250, 251, 252, 259, 300, 334, 354, 355, 421, 450, 550];
    for (const code of codes) {
      if (meaningOf(step, code) === 'done' || meaningOf(step, code) === 'more') continue;
      const lines: string[] = [];
      const port = await hostileServer((socket) =>
        play(socket, { pipelining, replies: { [step]: `${code} x\r\n` }, heard: (line) => lines.push(line) }),
      );
      const result = await attempt(port);
      expect([code, delivered(result)]).toEqual([code, [false, false]]);
      // The client sends content only after 354: after any other code the server would read it as commands.
      if (step === 'DATA') expect([code, lines.includes('hello')]).toEqual([code, false]);
    }
  });

  it.each([
    ['the end of another reply', '250-taken\r\n550 no\r\n'],
    ['four digits', '2500 ok\r\n'],
    ['two digits', '25 ok\r\n'],
    ['no separator', '250ok\r\n'],
    ['a bare LF', '250 ok\n'],
    ['a space first', ' 250 ok\r\n'],
  ])('leaves the outcome open if the reply to the content has %s', async (_, reply) => {
    const port = await hostileServer((socket) => play(socket, { pipelining, replies: { content: reply } }));
    const result = await attempt(port);
    expect(delivered(result)).toEqual([false, false]);
    expect(result).toMatchObject({ complete: true, error: { fault: 'protocol', phase: 'end' } });
  });

  it.each(['354 go\r\n250 taken\r\n', '354 go\r\n250', '354 go\r\n2'])(
    'does not take a success reply that comes with 354 (%j) for the reply to the content',
    async (reply) => {
      const port = await hostileServer((socket) =>
        play(socket, { pipelining, replies: { DATA: reply, content: ' taken\r\n' } }),
      );
      expect(delivered(await attempt(port))).toEqual([false, false]);
    },
  );
});

it('does not take a success reply for content that the server has not read', async () => {
  const port = await hostileServer((socket) =>
    play(socket, {
      write: (to, octets, step) => {
        to.write(octets);
        if (step !== 'DATA') return;
        to.pause();
        setTimeout(() => to.write('250 taken\r\n'), 50);
      },
    }),
  );
  const large = Buffer.concat([Buffer.alloc(32_000_000, 'x\r\n'), Buffer.from('\r\n.\r\n')]);
  const whole = { ...MESSAGE, content: { form: 'data', octets: large } as const };
  async function* pieces() {
    for (let at = 0; at < large.length; at += 65_536) yield Promise.resolve(large.subarray(at, at + 65_536));
  }
  const streamed = { ...MESSAGE, content: { form: 'stream', pieces: pieces() } as const };
  for (const message of [whole, streamed]) {
    const result = await attempt(port, message);
    expect(delivered(result)).toEqual([false, false]);
    expect(result).toMatchObject({ begun: true, error: { fault: 'protocol' } });
  }
});

it('over TLS, does not take a success reply in the record after the 354 for the reply to the content', async () => {
  const { cert, key } = await testCertificates();
  const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
    socket.on('error', () => undefined);
    play(socket, {
      write: (to, octets, step) => {
        to.cork();
        to.write(octets);
        if (step === 'DATA') to.write('250 taken\r\n');
        to.uncork();
      },
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const connection = await Connection.open(
    options(port, { implicitTls: true, tls: { verify: false } }),
    shared,
  );
  expect(delivered(await connection.send(MESSAGE))).toEqual([false, false]);
});

it('does not read content ahead of what the server takes', async () => {
  const port = await hostileServer((socket) =>
    play(socket, {
      write: (to, octets, step) => {
        to.write(octets);
        if (step === 'DATA') to.pause();
      },
    }),
  );
  let read = 0;
  async function* pieces() {
    for (; read < 1000; read++) yield await Promise.resolve(Buffer.alloc(1_048_576, 'x'));
  }
  const connection = await Connection.open(options(port, { timeout: 500 }), shared);
  const result = await connection.send({ ...MESSAGE, content: { form: 'stream', pieces: pieces() } });
  expect(result).toMatchObject({
    begun: true,
    complete: false,
    error: { fault: 'timeout', phase: 'content' },
  });
  expect(read).toBeLessThan(50);
});

describe('secrets that were sent', () => {
  const plain = Buffer.from('\0alice@example.com\0correct horse').toString('base64');
  const user = Buffer.from('alice@example.com').toString('base64');
  const password = Buffer.from('correct horse').toString('base64');
  const LEAKS = /correct|horse|alice|Y29ycmVjdC|YWxpY2VA|AGFsaWNl/i;

  it.each([
    [`502 5.5.2 not recognized: AUTH PLAIN ${plain}`],
    [`502 5.5.2 not recognized: AUTH PLAIN ${plain.toUpperCase()}`],
    [`502 5.5.2 not recognized: AUTH PLAIN ${plain.slice(0, 20)}...`],
    [`535-5.7.8 AUTH PLAIN ${plain.slice(0, 20)}\r\n535 5.7.8 ${plain.slice(20)}`],
    [`535 5.7.8 ${user} ${password}`],
    ['535 5.7.8 alice@example.com with the password "correct horse"'],
    [`AUTH PLAIN ${plain}`],
  ])('are removed from the error after %s', async (reply) => {
    const port = await hostileServer((socket) => play(socket, { replies: { AUTH: `${reply}\r\n` } }));
    const error = await attempt(port);
    if (!(error instanceof Error)) throw new Error('it was delivered');
    expect(`${error.message} ${JSON.stringify(error)}`).not.toMatch(LEAKS);
    expect(error.message).toContain('[secret]');
  });

  it('are removed from later replies, too', async () => {
    const port = await hostileServer((socket) =>
      play(socket, { replies: { content: `554 you said AUTH PLAIN ${plain}\r\n` } }),
    );
    const result = await attempt(port);
    expect(JSON.stringify(result)).not.toMatch(LEAKS);
  });
});

describe('AUTH', () => {
  it.each([
    [
      'OAUTHBEARER',
      'n,a=alice@example.com,\x01host=127.0.0.1\x01port=PORT\x01auth=Bearer correct horse\x01\x01',
    ],
    ['XOAUTH2', 'user=alice@example.com\x01auth=Bearer correct horse\x01\x01'],
  ] as const)(
    'with %s, presents the token and asks for the reason of a refusal',
    async (mechanism, response) => {
      const lines: string[] = [];
      const server = (auth: string): Promise<number> =>
        hostileServer((socket) =>
          play(socket, {
            replies: { EHLO: `250-x\r\n250 AUTH ${mechanism}\r\n`, AUTH: auth },
            other: 535,
            heard: (line) => lines.push(line),
          }),
        );
      const port = await server('235 ok\r\n');
      const credentials = { user: 'alice@example.com', password: new Secret('correct horse'), mechanism };
      const connection = await Connection.open(options(port, { credentials }), shared);
      connection.quit();
      const sent = lines.find((line) => line.startsWith('AUTH'))?.split(' ')[2] ?? '';
      expect(Buffer.from(sent, 'base64').toString()).toBe(response.replace('PORT', String(port)));
      const refusing = options(await server('334 eyJzdGF0dXMiOiI0MDEifQ==\r\n'), { credentials });
      await expect(Connection.open(refusing, shared)).rejects.toMatchObject({
        phase: 'auth',
        reply: { code: 535 },
      });
      expect(lines.at(-1)).toBe(mechanism === 'XOAUTH2' ? '' : 'AQ==');
    },
  );
});

it('the table of expected replies: a code means success for few commands', () => {
  const yes = (code: number) =>
    Object.keys(EXPECTED_REPLIES).filter((awaited) =>
      ['done', 'more'].includes(String(meaningOf(awaited as (typeof STEPS)[number], code))),
    );
  expect(yes(354)).toEqual(['DATA']);
  expect(yes(220)).toEqual(['greeting', 'STARTTLS']);
  expect(yes(334)).toEqual(['AUTH']);
  expect(yes(221)).toEqual(['QUIT']);
  expect([...yes(199), ...yes(600), ...yes(355), ...yes(2500)]).toEqual([]);
});
