/**
 * Invariant: if a server sends what it must not send in reply to STARTTLS, BDAT, an LMTP message, RSET or QUIT, the
 * client closes the connection, however the octets are split. Only a proper success reply to the content counts as
 * delivered. `hostile.test.ts` has the other phases, and `hostile-idle.test.ts` has idle connections.
 */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  Connection,
  type ConnectionOptions,
  meaningOf,
  type OutgoingContent,
  Shared,
  type TransactionResult,
} from '../../src/client/parts.js';
import { testCertificates } from '../certs.js';
import { AFTER_A_REPLY, IN_PLACE, LONG, WITHOUT_END } from './hostile-octets.js';
import { hostileServer } from './hostile-server.js';
import {
  chunkOf,
  GOOD,
  play,
  type Script,
  type Step,
  writeInTwo,
  writeWithoutEnd,
} from './scripted-server.js';

const shared = new Shared(10);
const certificates = await testCertificates();
const tls = { cert: readFileSync(certificates.cert, 'utf8'), key: readFileSync(certificates.key, 'utf8') };

const CONTENT = Buffer.from('Subject: x\r\n\r\nhello\r\n');
const DATA: OutgoingContent = { form: 'data', octets: Buffer.concat([CONTENT, Buffer.from('.\r\n')]) };

interface Phase {
  /** The step with the hostile reply. */
  readonly step: Step;
  readonly options?: Partial<ConnectionOptions>;
  readonly replies?: Script['replies'];
  readonly content?: () => OutgoingContent;
  /** Correct replies to the same step, before and after the hostile one. */
  readonly before?: string;
  readonly after?: string;
  /** The correct reply. */
  readonly good: string;
  /** Whether each recipient counts as delivered if the reply is not proper. */
  readonly improper: readonly boolean[];
  /** Whether each recipient counts as delivered if the reply is proper, but the server sends more after it. */
  readonly proper: readonly boolean[];
}

const NEITHER = [false, false];
const REFUSED = '550 5.1.1 no\r\n';

const PHASES = {
  STARTTLS: {
    step: 'STARTTLS',
    good: GOOD.STARTTLS,
    options: { startTls: true, tls: { verify: false } },
    replies: { EHLO: '250-x\r\n250-PIPELINING\r\n250 STARTTLS\r\n' },
    improper: NEITHER,
    proper: NEITHER,
  },
  BDAT: {
    step: 'BDAT',
    good: GOOD.BDAT,
    content: () => chunkOf(CONTENT),
    improper: NEITHER,
    proper: [true, true],
  },
  'an LMTP message for the first recipient': {
    step: 'content',
    good: '250 a\r\n',
    after: '250 b\r\n',
    options: { lmtp: true },
    improper: NEITHER,
    proper: [true, false],
  },
  'an LMTP message for the last recipient': {
    step: 'content',
    before: '250 a\r\n',
    good: '250 b\r\n',
    options: { lmtp: true },
    improper: [true, false],
    proper: [true, true],
  },
  'an LMTP message by BDAT': {
    step: 'BDAT',
    before: '250 a\r\n',
    good: '250 b\r\n',
    content: () => chunkOf(CONTENT),
    options: { lmtp: true },
    improper: [true, false],
    proper: [true, true],
  },
  'RSET after RCPT was refused': {
    step: 'RSET',
    good: GOOD.RSET,
    replies: { RCPT: REFUSED, DATA: '503 no\r\n' },
    improper: NEITHER,
    proper: NEITHER,
  },
  'RSET after BDAT was refused': {
    step: 'RSET',
    good: GOOD.RSET,
    replies: { BDAT: '452 no\r\n' },
    content: () => chunkOf(CONTENT),
    improper: NEITHER,
    proper: NEITHER,
  },
  QUIT: {
    step: 'QUIT',
    good: GOOD.QUIT,
    improper: [true, true],
    proper: [true, true],
  },
} as const satisfies Record<string, Phase>;
type PhaseName = keyof typeof PHASES;
const NAMES = Object.keys(PHASES) as PhaseName[];

interface Attempt {
  /** Whether each recipient counts as delivered. */
  readonly delivered: readonly boolean[];
  /** The error that ended the session or the transaction; null without one. */
  readonly error: Error | null;
  readonly lines: readonly string[];
}

/**
 * Sends a message to a server that writes the reply of the phase in its own way. Resolves when the connection is
 * closed.
 *
 * @param write is called with the correct replies to follow
 * @param last the last step. If it is QUIT, the client sends that after the message.
 */
async function attempt(
  phase: Phase,
  pipelining: boolean,
  write: (socket: Socket, after: string) => void,
  last: Step = phase.step,
): Promise<Attempt> {
  const { step, before = '', after = '', options = {}, replies = {}, content = () => DATA } = phase;
  let closed: () => void = () => undefined;
  const isClosed = new Promise<void>((resolve) => (closed = resolve));
  const lines: string[] = [];
  const port = await hostileServer((socket) => {
    socket.on('close', closed);
    play(socket, {
      pipelining,
      replies,
      tls,
      heard: (line) => lines.push(line),
      write: (to, octets, at) => {
        if (at !== step) to.write(octets, 'latin1');
        else {
          if (before !== '') to.write(before);
          write(to, after);
        }
      },
    });
  });
  const connecting = Connection.open(
    { host: '127.0.0.1', port, timeout: 20_000, messages: 100, messageTimeout: 60_000, ...options },
    shared,
  );
  let result: TransactionResult | Error;
  try {
    const connection = await connecting;
    onTestFinished(() => connection.destroy());
    result = await connection.send({
      mail: 'MAIL FROM:<a@example.com>',
      recipients: ['RCPT TO:<b@example.net>', 'RCPT TO:<c@example.net>'],
      content: content(),
    });
    if (last === 'QUIT') connection.quit();
    await connection.ended;
    expect(connection.usable).toBe(false);
  } catch (error) {
    result = error as Error;
  }
  await isClosed;
  const delivered =
    result instanceof Error
      ? NEITHER
      : result.recipients.map(({ phase: at, reply }) => at === 'end' && reply?.done === true);
  return { delivered, error: result instanceof Error ? result : result.error, lines };
}

describe.each([true, false])('with PIPELINING %s', (pipelining) => {
  describe.each(NAMES)('in reply to %s', (name) => {
    const phase: Phase = PHASES[name];
    const code = phase.good.slice(0, 3);

    it('goes on after the correct reply, however it is split', async () => {
      const all = [phase.before ?? '', phase.good, phase.after ?? ''].join('');
      for (let place = 1; place < all.length; place++) {
        const split = { ...phase, before: '', after: '' };
        const { lines, delivered } = await attempt(
          split,
          pipelining,
          (socket) => writeInTwo(socket, all, place),
          'QUIT',
        );
        expect([place, delivered]).toEqual([place, phase.step === 'RSET' ? NEITHER : [true, true]]);
        expect(lines.at(-1)).toBe('QUIT');
      }
    });

    it.each(Object.entries(AFTER_A_REPLY))(
      'closes the connection if %s comes after the reply',
      async (_, more) => {
        const octets = phase.good + more;
        const whole = await attempt(phase, pipelining, (socket, after) => {
          socket.write(octets + after, 'latin1');
        });
        expect(whole.delivered).toEqual(phase.proper);
        for (let place = 1; place < octets.length; place++) {
          const { delivered } = await attempt(phase, pipelining, (socket, after) =>
            writeInTwo(socket, octets + after, place),
          );
          expect([place, delivered]).toEqual([place, phase.proper]);
        }
      },
    );

    it.each(Object.entries(IN_PLACE))('closes the connection if the reply has %s', async (_, reply) => {
      const octets = reply(code);
      for (let place = 0; place < octets.length; place++) {
        const { delivered } = await attempt(phase, pipelining, (socket, after) =>
          writeInTwo(socket, octets + after, place),
        );
        expect([place, delivered]).toEqual([place, phase.improper]);
      }
    });

    it.each(Object.entries(LONG))('closes the connection if the reply has %s', async (_, reply) => {
      const octets = reply(code);
      const { delivered } = await attempt(phase, pipelining, (socket, after) => {
        socket.write(octets + after, 'latin1');
      });
      expect(delivered).toEqual(phase.improper);
    });

    it.each(Object.entries(WITHOUT_END))('closes the connection if %s come without end', async (_, piece) => {
      for (const start of ['', `${code}-a\r\n`]) {
        const { delivered } = await attempt(phase, pipelining, (socket) => {
          socket.write(start);
          writeWithoutEnd(socket, piece(code));
        });
        expect([start, delivered]).toEqual([start, phase.improper]);
      }
    });

    it('takes no code for a success that must not answer it, and closes the connection', async () => {
      const awaited = phase.step === 'BDAT' ? 'content' : phase.step;
      for (const other of [200, 211, 214, 220, 221, 235, 250, 251, 252, 300, 334, 354, 355, 421]) {
        if (other !== 421 && meaningOf(awaited, other) !== null) continue;
        const { delivered } = await attempt(phase, pipelining, (socket, after) => {
          socket.write(`${other} x\r\n${after}`);
        });
        expect([other, delivered]).toEqual([other, phase.improper]);
      }
    });

    it('counts nothing as delivered that was not when the server closes after any octet', async () => {
      for (let octets = 0; octets < phase.good.length; octets++) {
        for (const how of ['end', 'resetAndDestroy'] as const) {
          const { delivered, error } = await attempt(phase, pipelining, (socket) => {
            socket.write(phase.good.slice(0, octets), 'latin1');
            // A reset throws away what the client has not read.
            setImmediate(() => setImmediate(() => socket[how]()));
          });
          expect([octets, delivered]).toEqual([octets, phase.improper]);
          if (phase.step !== 'QUIT') expect([octets, error]).toMatchObject([octets, { fault: 'closed' }]);
        }
      }
    });
  });
});
