// BDAT over sockets: what the core cannot see of it. A chunk has the deadlines of content.
import { describe, expect, it } from 'vitest';
import { BodyAborted, Refusal, Reply } from '../../src/index.js';
import { expectNoTrouble, type Running, serve, StandingClock, until } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const BLOCK_MS = 60_000;
const GRACE_MS = 30_000;

function serveWith(clock: StandingClock, write?: () => Promise<void>): Promise<Running<string>> {
  return serve({
    clock: clock.read,
    limits: { messageSize: 2e9 },
    timeouts: { command: 10 * BLOCK_MS, dataBlock: BLOCK_MS },
    dataRate: { octetsPerSecond: 30, grace: GRACE_MS },
    ...(write === undefined
      ? {}
      : { onContent: () => ({ write, end: () => undefined, abort: () => undefined }) }),
  });
}

async function envelope(port: number): Promise<Talk> {
  const talk = await Talk.greeted(port);
  await talk.play('> MAIL FROM:<>', '< 250', '> RCPT TO:<a@x.example>', '< 250');
  return talk;
}

describe('the deadlines of a chunk', () => {
  it('end a declared gigabyte of which nothing comes', async () => {
    const clock = new StandingClock();
    const { port } = await serveWith(clock);
    const talk = await envelope(port);
    talk.write('BDAT 1000000000 LAST\r\nab');
    await new Promise((resolve) => setTimeout(resolve, 50));
    clock.pass(BLOCK_MS);
    expect(await talk.reply()).toMatch(/^421 4\.4\.2 The content/);
  });

  it('end what a refused BDAT declared, too', async () => {
    const clock = new StandingClock();
    const { port } = await serveWith(clock);
    const talk = await Talk.greeted(port);
    talk.write('BDAT 1000000000 LAST\r\nab');
    await new Promise((resolve) => setTimeout(resolve, 50));
    clock.pass(BLOCK_MS);
    expect(await talk.reply()).toMatch(/^421 4\.4\.2 The content/);
  });

  it('count over all chunks of a message: a slow client is slow in small ones, too', async () => {
    const clock = new StandingClock();
    const { port } = await serveWith(clock);
    const talk = await envelope(port);
    const replies: string[] = [];
    for (let n = 0; n < 20 && !replies.join().includes('421'); n++) {
      talk.write('BDAT 2\r\na');
      await new Promise((resolve) => setTimeout(resolve, 30));
      clock.pass(GRACE_MS / 5);
      talk.write('b');
      replies.push(await talk.reply());
    }
    expect(replies.at(-1)).toMatch(/^421 4\.4\.2 The content/);
  });

  it('do not count the time that the server takes', async () => {
    const clock = new StandingClock();
    let release = (): void => undefined;
    const { port } = await serveWith(clock, () => new Promise((resolve) => (release = resolve)));
    const talk = await envelope(port);
    // The process has run for longer than any deadline, as most have.
    clock.pass(100 * BLOCK_MS);
    let writes = 0;
    talk.write('BDAT 3 LAST\r\na');
    for (const octets of ['b', 'c', '']) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      clock.pass(2 * BLOCK_MS);
      release();
      writes++;
      await new Promise((resolve) => setTimeout(resolve, 30));
      if (octets !== '') talk.write(octets);
    }
    expect(await talk.reply()).toMatch(/^250/);
    expect(writes).toBe(3);
  });
});

describe('a handler', () => {
  it('has the chunks as one body', async () => {
    const bodies: string[] = [];
    const { port } = await serve({
      onData: async (_, body) => {
        let text = '';
        for await (const octets of body) text += Buffer.from(octets).toString('latin1');
        bodies.push(text);
      },
    });
    const talk = await envelope(port);
    talk.write('BDAT 4\r\na\r\nbBDAT 2\r\nc\rBDAT 1 LAST\r\n\n');
    expect(await talk.replies(3)).toEqual([
      '250 2.0.0 Ok: 4 octets so far',
      '250 2.0.0 Ok: 6 octets so far',
      '250 2.0.0 Ok: message accepted',
    ]);
    expect(bodies).toEqual(['a\r\nbc\r\n']);
  });

  it('hears that the client gave the message up', async () => {
    const thrown: unknown[] = [];
    const { port } = await serve({
      onData: async (_, body) => {
        try {
          for await (const octets of body) expect(octets).toHaveLength(1);
        } catch (error) {
          thrown.push(error);
          throw error;
        }
      },
    });
    const talk = await envelope(port);
    talk.write('BDAT 1\r\naRSET\r\n');
    expect(await talk.replies(2)).toEqual(['250 2.0.0 Ok: 1 octets so far', '250 2.0.0 Ok']);
    await until('the body to end', () => thrown.length > 0);
    expect(thrown[0]).toBeInstanceOf(BodyAborted);
    expect(thrown[0]).toMatchObject({ reason: 'reset', message: 'the client gave the message up' });
  });

  it('refuses in the middle, and the rest is dropped', async () => {
    const aborts: string[] = [];
    const { port, refused } = await serve({
      onContent: () => ({
        write: () => Promise.reject(new Refusal(new Reply(452, '4.3.1', 'Full'))),
        end: () => undefined,
        abort: (reason) => void aborts.push(reason),
      }),
    });
    const talk = await envelope(port);
    talk.write('BDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n');
    expect(await talk.replies(3)).toEqual(['452 4.3.1 Full', '452 4.3.1 Full', '250 2.0.0 Ok']);
    expect(aborts).toEqual(['refused']);
    expect(refused).toEqual(['BDAT 452']);
  });
});
