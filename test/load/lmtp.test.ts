// `postern bench` over LMTP and over Unix sockets.
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Fault } from '../../src/base/fault.js';
import { createServer, type MessageDecision, Reply } from '../../src/index.js';
import { parseTarget, type Plan, type Report, runPlan } from '../../src/load/index.js';
import { postern } from '../cli/postern.js';
import { scratch } from '../scratch.js';
import { planFor } from './plan.js';

const OK = new Reply(250, '2.0.0', 'kept');
const FULL = new Reply(452, '4.2.2', 'full');

interface Loaded {
  readonly report: Report;
  /** Recipients of each message that the server took. */
  readonly recipients: number[];
}

/** Loads an LMTP server that answers the content in this way, over a Unix socket. */
async function load(decide: (recipients: number) => MessageDecision, plan: Partial<Plan>): Promise<Loaded> {
  const path = join(await scratch(), 'lmtp.sock');
  const recipients: number[] = [];
  const server = createServer({
    async onData(session, body) {
      let octets = 0;
      for await (const piece of body) octets += piece.length;
      expect(octets).toBe(1024);
      recipients.push(session.envelope.recipients.length);
      return decide(session.envelope.recipients.length);
    },
    onRcpt: (_, { address }) =>
      address.endsWith('7@example.net') ? new Reply(550, '5.1.1', 'no') : undefined,
  });
  onTestFinished(() => server.close(0));
  await server.listen({ path, lmtp: true });
  const target = parseTarget(`lmtp+unix://${path}`);
  if (target instanceof Fault) throw new Error(target.reason);
  return { report: await runPlan(planFor(0, { target, messages: 30, ...plan })), recipients };
}

describe.each<[string, Partial<Plan>]>([
  ['one command at a time', {}],
  ['PIPELINING', { pipelining: true }],
  ['BDAT', { chunking: true }],
])('LMTP over a Unix socket, %s', (_, mode) => {
  it('counts a message once, whatever the number of its recipients', async () => {
    const { report, recipients } = await load(() => undefined, { ...mode, recipients: 3 });
    expect(report.messages).toMatchObject({ accepted: 30, refused: 0, lost: 0 });
    // One in ten of the addresses is refused, and gets no reply to the content.
    expect(recipients.reduce((sum, count) => sum + count)).toBe(81);
    expect(report.replies).toMatchObject({ 550: 9 });
    expect(report.target).toMatch(/^lmtp\+unix:\/\/\//);
  });

  it('counts it as accepted if it was taken for one of them', async () => {
    const decide = (count: number): Reply[] =>
      Array.from({ length: count }, (__, at) => (at === 1 ? OK : FULL));
    const { report } = await load(decide, { ...mode, recipients: 3 });
    expect(report.messages).toMatchObject({ accepted: 30, refused: 0 });
    expect(report.replies).toMatchObject({ 452: 51 });
  });

  it('counts it as refused if it was taken for none', async () => {
    const { report } = await load(() => FULL, { ...mode, recipients: 2 });
    expect(report.messages).toMatchObject({ accepted: 0, refused: 30, lost: 0 });
  });
});

describe('targets', () => {
  it.each([
    ['lmtp://127.0.0.1', { host: '127.0.0.1', port: 24, lmtp: true, implicitTls: false, path: null }],
    ['LMTP://u:p@[::1]:2424', { host: '::1', port: 2424, lmtp: true, user: 'u', password: 'p' }],
    ['smtp://h', { port: 587, lmtp: false, path: null }],
    ['smtps://h', { port: 465, lmtp: false, implicitTls: true }],
    ['smtp+unix:///run/a%20b', { path: '/run/a b', lmtp: false, implicitTls: false, user: null }],
    ['lmtp+unix:///run/s', { path: '/run/s', lmtp: true }],
  ])('%s', (text, target) => expect(parseTarget(text)).toMatchObject(target));

  it.each([
    ['lmtp+unix://run/s', 'after +unix:// there is no whole path of a socket'],
    [
      'lmtp+unix:///run/%zz',
      'the path has a % that is followed by no two hexadecimal digits; a % itself is %25',
    ],
    ['smtps+unix:///run/s', 'it begins with none of smtp://'],
  ])('%s is refused: %s', (text, reason) =>
    expect(parseTarget(text)).toMatchObject({ reason: expect.stringContaining(reason) as string }),
  );

  it.each([
    [['smtp+unix:///run/s', '--starttls'], /--starttls makes no sense on a Unix socket/],
    [['lmtp://127.0.0.1', '--bdat', '--pipelining'], /--bdat with --pipelining does not work over LMTP/],
    [['smtp+unix:///nowhere/s'], /no connection to \/nowhere\/s/],
  ])('%j is refused with a reason', async (args, reason) => {
    const { exitCode, stderr } = await postern(['bench', ...args]);
    expect(exitCode).toBeGreaterThan(0);
    expect(stderr).toMatch(reason);
  });
});
