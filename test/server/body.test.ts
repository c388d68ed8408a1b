/** `onData` and the ways in which it may leave its body; whatever it does, the stream stays in step. */
import { describe, expect, it } from 'vitest';
import { Reply } from '../../src/protocol/index.js';
import { type ContentSink, type Decision, Refusal } from '../../src/server/index.js';
import { expectNoTrouble, serve } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

type Body = AsyncIterable<Uint8Array>;

const BIG = `${'x'.repeat(998)}\r\n`.repeat(400);
const NO = new Reply(554, '5.6.0', 'No');
const LOCAL_ERROR = '451 4.3.0 Local error, try again later';

async function read(body: Body): Promise<string> {
  let text = '';
  for await (const octets of body) text += Buffer.from(octets).toString('latin1');
  return text;
}

/** Sends a message, and gives the reply to its end. */
async function send(talk: Talk, body: string): Promise<string> {
  await talk.play('> MAIL FROM:<>', '< 250', '> RCPT TO:<a@x.example>', '< 250', '> DATA', '< 354');
  talk.write(`${body}.\r\n`);
  return talk.reply();
}

const WAYS: readonly (readonly [string, (body: Body) => Decision, string])[] = [
  [
    'reads it all',
    async (body) => {
      await read(body);
    },
    '250 2.0.0 Ok: message accepted',
  ],
  [
    'gives its own yes',
    async (body) => (await read(body), new Reply(250, '2.0.0', 'As 7')),
    '250 2.0.0 As 7',
  ],
  ['reads nothing', async () => undefined, '250 2.0.0 Ok: message accepted'],
  ['returns at once, no promise', () => undefined, '250 2.0.0 Ok: message accepted'],
  [
    'reads it a second time',
    async (body) => {
      await read(body);
      await read(body);
    },
    LOCAL_ERROR,
  ],
  ['refuses without reading', async () => NO, '554 5.6.0 No'],
  ['refuses at the end', async (body) => (await read(body), NO), '554 5.6.0 No'],
  [
    'throws before it reads',
    async () => Promise.reject(new Error('bug')),
    '451 4.3.0 Local error, try again later',
  ],
  [
    'throws at once, no promise',
    () => {
      throw new Refusal(NO);
    },
    '554 5.6.0 No',
  ],
  [
    'breaks in the loop',
    async (body) => {
      for await (const _ of body) break;
    },
    '250 2.0.0 Ok: message accepted',
  ],
  [
    'throws in the loop',
    async (body) => {
      for await (const _ of body) throw new Refusal(NO);
    },
    '554 5.6.0 No',
  ],
  [
    'reads slowly',
    async (body) => {
      for await (const _ of body) await new Promise((resolve) => setImmediate(resolve));
    },
    '250 2.0.0 Ok: message accepted',
  ],
];

describe('onData that', () => {
  it.each(WAYS)('%s', async (_, way, expected) => {
    const { port } = await serve({ onData: (_session, body) => way(body) });
    const talk = await Talk.greeted(port);
    for (const body of ['Hello\r\n', BIG, '\r\n']) expect(await send(talk, body)).toBe(expected);
    await talk.play('> NOOP', '< 250', '> QUIT', '< 221');
  });

  it('reads gets the octets that were sent, dots taken off', async () => {
    const bodies: string[] = [];
    const { port } = await serve({
      onData: async ({ envelope }, body) => {
        const [to] = envelope.recipients;
        bodies.push(to?.forwardPath.address ?? '', await read(body));
      },
    });
    const talk = await Talk.greeted(port);
    await send(talk, '..a\r\n...\r\nb\r\n');
    await send(talk, BIG);
    expect(bodies).toEqual(['a@x.example', '.a\r\n..\r\nb\r\n', 'a@x.example', BIG]);
  });
});

describe('a sink that', () => {
  const recorded: string[] = [];
  const sinkThat = (ways: Partial<ContentSink>): ContentSink => ({
    write: () => undefined,
    end: () => void recorded.push('end'),
    abort: (reason) => void recorded.push(`abort ${reason}`),
    ...ways,
  });
  const raise = (): never => {
    throw new Refusal(NO);
  };
  const cases: readonly (readonly [string, Partial<ContentSink>, string, readonly string[]])[] = [
    ['takes all', {}, '250', ['end']],
    ['throws in write', { write: raise }, '554', ['abort refused']],
    ['rejects in write', { write: () => Promise.reject(new Refusal(NO)) }, '554', ['abort refused']],
    ['throws in end', { end: raise }, '554', []],
    ['rejects in end', { end: () => Promise.reject(new Error('bug')) }, '451', []],
    ['takes its time', { write: () => new Promise((resolve) => setTimeout(resolve, 1)) }, '250', ['end']],
  ];
  it.each(cases)('%s', async (_, ways, code, expected) => {
    recorded.length = 0;
    const { port } = await serve({ onContent: () => sinkThat(ways) });
    const talk = await Talk.greeted(port);
    expect(await send(talk, BIG)).toMatch(new RegExp(`^${code}`));
    expect(recorded).toEqual(expected);
    await talk.play('> NOOP', '< 250');
    expect(await send(talk, 'again\r\n')).toMatch(new RegExp(`^${code}`));
  });

  it('gets an error if content is refused on the way', async () => {
    recorded.length = 0;
    const { port } = await serve({ limits: { messageSize: 1000 }, onContent: () => sinkThat({}) });
    const talk = await Talk.greeted(port);
    expect(await send(talk, 'bare\nnewline\r\n')).toMatch(/^550 5\.6\.0/);
    expect(await send(talk, BIG)).toMatch(/^552 5\.3\.4/);
    expect(recorded).toEqual(['abort refused', 'abort refused']);
    expect(await send(talk, 'fine\r\n')).toMatch(/^250/);
  });
});
