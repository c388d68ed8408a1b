// The yardstick of the benchmarks must not hang, and must not answer too early, however its octets are cut.
import { spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runPlan } from '../../src/load/index.js';
import { PROJECT } from '../docs/markdown.js';
import { Running } from '../e2e/gateway-process.js';
import { until } from '../server/harness.js';
import { planFor } from './plan.js';

const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin`;
const hasSource = spawnSync('smtp-source', [], { env: { PATH } }).error === undefined;

async function nullServer(): Promise<number> {
  const child = spawn(process.execPath, [join(PROJECT, 'bench/null-server.mjs')]);
  const [, port] = await new Running(child).says(/^null server ready 127\.0\.0\.1:(\d+)$/m);
  return Number(port);
}

/** What a client sends, in pieces that arrive apart as far as that can be had, and the codes that it waits for. */
type Turn = readonly [pieces: readonly string[], codes: string];

/** The codes of all replies. A turn begins once the replies to the one before are there. */
async function talk(port: number, turns: readonly Turn[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1');
  let heard = '';
  const codes = (): string =>
    heard
      .split('\r\n')
      .map((line) => line.slice(0, 3))
      .join(' ')
      .trim();
  let closed = false;
  socket.on('data', (text) => (heard += String(text)));
  socket.on('error', (error) => (heard += error.message));
  socket.on('close', () => (closed = true));
  let expected = '220';
  for (const [pieces, more] of [...turns, [['QUIT\r\n'], '221'] as const]) {
    await until(`${expected}, not ${codes()}`, () => closed || codes() === expected);
    for (const piece of pieces) {
      socket.write(piece, 'latin1');
      await sleep(3);
    }
    expected += ` ${more}`;
  }
  await until('the end', () => closed);
  return codes();
}

const ENVELOPE = 'MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\n';
const CONTENT = 'Subject: x\r\n\r\nNo end.\r\n..\r\n.x\r\nx.\r\n';

describe('the null server', () => {
  it.each<[string, ...[text: string, codes: string][]]>([
    ['DATA', [`${ENVELOPE}DATA\r\n`, '250 250 354'], [`${CONTENT}.\r\n`, '250']],
    ['an empty content', [`${ENVELOPE}DATA\r\n`, '250 250 354'], ['.\r\n', '250']],
    ['BDAT', [`${ENVELOPE}BDAT ${CONTENT.length} LAST\r\n${CONTENT}`, '250 250 250']],
    [
      'a message behind the other',
      [`${ENVELOPE}DATA\r\n`, '250 250 354'],
      [`${CONTENT}.\r\n${ENVELOPE}DATA\r\n`, '250 250 250 354'],
      [`${CONTENT}.\r\nNOOP\r\n`, '250 250'],
    ],
  ])('takes %s, wherever it is cut', async (_, ...turns) => {
    const port = await nullServer();
    const expected = ['220', ...turns.map(([, codes]) => codes), '221'].join(' ');
    const cuts = turns.flatMap(([text], turn) =>
      Array.from({ length: text.length - 1 }, (__, at) =>
        turns.map(([whole, codes], other): Turn => {
          const pieces = other === turn ? [whole.slice(0, at + 1), whole.slice(at + 1)] : [whole];
          return [pieces, codes];
        }),
      ),
    );
    const all = await Promise.all(cuts.map((cut) => talk(port, cut)));
    all.forEach((heard, at) => expect([cuts[at], heard]).toEqual([cuts[at], expected]));
  });

  it('takes what the generator sends, in each mode', async () => {
    const port = await nullServer();
    for (const mode of [{}, { pipelining: true }, { chunking: true }, { pipelining: true, chunking: true }]) {
      for (const octets of [300, 1_048_576]) {
        const plan = { messages: 20, recipients: 3, sizes: [{ octets, weight: 1 }], ...mode };
        const { messages } = await runPlan(planFor(port, plan));
        expect([mode, octets, messages]).toEqual([
          mode,
          octets,
          expect.objectContaining({ accepted: 20, lost: 0 }),
        ]);
      }
    }
  });

  it.skipIf(!hasSource).each([[['-d']], [['-c', '-l', '1048576']], [['-d', '-l', '1048576', '-r', '5']]])(
    'takes what smtp-source sends: %j',
    async (options) => {
      const port = await nullServer();
      const words = ['-s', '2', '-m', '20', ...options, `127.0.0.1:${port}`];
      const source = new Running(spawn('smtp-source', words, { env: { PATH } }));
      expect([await source.exited, source.stderr]).toEqual([0, '']);
    },
  );
});
