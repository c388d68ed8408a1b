/**
 * Invariant: the memory for waiting octets is bounded if the handler, its sink or a client that does not read is slow
 * (33, 109).
 */
import { describe, expect, it } from 'vitest';
import type { Session } from '../../src/server/index.js';
import { expectNoTrouble, localhostCertificates, serve, until } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const MIB = 1024 * 1024;

/** Writes as fast as the other side takes it, until the client's own buffers are full as well. */
async function fill(talk: Talk, octets: Buffer, limit: number): Promise<number> {
  let sent = 0;
  while (sent < limit) {
    if (talk.socket.write(octets)) {
      sent += octets.length;
      continue;
    }
    const drained = await Promise.race([
      new Promise<boolean>((resolve) => talk.socket.once('drain', () => resolve(true))),
      new Promise<boolean>((resolve) => setTimeout(resolve, 300, false)),
    ]);
    sent += octets.length;
    if (!drained) break;
  }
  return sent;
}

/** Waits until a count has stood still for a while: kernels pass on a little more for some time. */
async function comesToAStop(count: () => number): Promise<void> {
  let [seen, still] = [-1, 0];
  await until('it has come to a stop', () => {
    still = count() === seen ? still + 1 : 0;
    seen = count();
    return still > 20;
  });
}

describe('a sink that is behind', () => {
  it.each([
    ['plain', false],
    ['TLS', true],
  ])('holds the client back, and misses nothing (%s)', async (_, tls) => {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let received = 0;
    const { port } = await serve(
      {
        certificates: await localhostCertificates(),
        onContent: () => ({
          write: (octets) => {
            received += octets.length;
            return gate;
          },
          end: () => undefined,
          abort: () => undefined,
        }),
      },
      { tls: tls ? 'implicit' : 'off' },
    );
    const talk = await Talk.greeted(port, { tls });
    await talk.play('> MAIL FROM:<>', '< 250', '> RCPT TO:<a@x.example>', '< 250', '> DATA', '< 354');
    const block = Buffer.from(`${'x'.repeat(998)}\r\n`.repeat(64));
    const sent = await fill(talk, block, 40 * MIB);
    // The rest is in the kernels' buffers and the client's: the server took a few reads at the most.
    expect(sent).toBeLessThan(40 * MIB);
    expect(received).toBeLessThan(MIB);
    const unsent = received;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(received).toBe(unsent);
    open();
    talk.write('.\r\n');
    await talk.play('< 250');
    expect(received).toBe(sent);
  });
});

it('a client that goes on talking while a verdict is long in coming is read no further', async () => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  let asked = false;
  const { port } = await serve({
    onMail: () => {
      asked = true;
      return gate;
    },
  });
  const talk = await Talk.greeted(port);
  talk.write('MAIL FROM:<>\r\n');
  await until('the handler is asked', () => asked);
  const sent = await fill(talk, Buffer.from('NOOP\r\n'.repeat(10_000)), 40 * MIB);
  expect(sent).toBeLessThan(40 * MIB);
  open();
  await talk.play('< 250', '< 250');
  talk.socket.destroy();
});

describe('a client that does not read', () => {
  const flood = [
    ['NOOP', 'NOOP\r\n'],
    ['EHLO, whose replies are long', 'EHLO x\r\n'],
  ] as const;
  it.each(flood)('and sends %s is read no further', async (_, command) => {
    let hellos = 0;
    const { port, server } = await serve({
      onHello: () => {
        hellos++;
      },
    });
    const before = process.memoryUsage().external;
    const talk = await Talk.open(port, { deaf: true });
    const block = Buffer.from(command.repeat(10_000));
    await fill(talk, block, 40 * MIB);
    expect(server.connections).toBe(1);
    expect(process.memoryUsage().external - before).toBeLessThan(20 * MIB);
    await comesToAStop(() => hellos);
    talk.socket.destroy();
  });

  it('gets every reply once it does', async () => {
    const { port } = await serve();
    const talk = await Talk.open(port, { deaf: true });
    const replies = 10_000;
    talk.write('NOOP\r\n'.repeat(replies) + 'QUIT\r\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    talk.read();
    const lines = (await talk.rest()).split('\r\n').slice(0, -1);
    expect(lines).toHaveLength(replies + 2);
    expect(new Set(lines.slice(1, -1))).toEqual(new Set(['250 2.0.0 Ok']));
    expect(lines.at(-1)).toBe('221 2.0.0 Bye');
  });

  it('is asked nothing more, even where each answer takes its time', async () => {
    let hellos = 0;
    const { port } = await serve({
      onHello: () => {
        hellos++;
        return new Promise((resolve) => setImmediate(resolve));
      },
    });
    const talk = await Talk.open(port, { deaf: true });
    await fill(talk, Buffer.from('EHLO x\r\n'.repeat(10_000)), 20 * MIB);
    await until('the first ones are asked', () => hellos > 0);
    await comesToAStop(() => hellos);
    // The kernel takes a few megabytes of replies; the commands that were sent would make hundreds.
    expect(hellos).toBeLessThan(100_000);
    talk.socket.destroy();
  });
});

it('a hundred megabytes without a line end meet a limit, and memory does not grow (102)', async () => {
  const { port, closed } = await serve();
  const before = process.memoryUsage().rss;
  const talk = await Talk.greeted(port);
  await fill(talk, Buffer.alloc(MIB, 'x'), 100 * MIB);
  await talk.rest();
  talk.socket.destroy();
  await until('the connection is over', () => closed.length > 0);
  expect(closed).toEqual(['protocol']);
  expect(process.memoryUsage().rss - before).toBeLessThan(60 * MIB);
});

it('a pipelined transaction waits for each verdict, and none is asked early', async () => {
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const wait = (what: string) => (): Promise<void> => {
    asked.push(what);
    return new Promise((resolve) => answers.push(resolve));
  };
  const { port } = await serve({
    onMail: wait('mail'),
    onRcpt: ({ envelope }: Session<string>) => wait(`rcpt ${envelope?.recipients.length}`)(),
  });
  const talk = await Talk.greeted(port);
  talk.write('MAIL FROM:<>\r\nRCPT TO:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nNOOP\r\n');
  for (const expected of [['mail'], ['mail', 'rcpt 0'], ['mail', 'rcpt 0', 'rcpt 1']]) {
    await until('it is asked', () => asked.length === expected.length);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toEqual(expected);
    answers.shift()?.();
  }
  await talk.play('< 250', '< 250', '< 250', '< 250 2.0.0');
});
