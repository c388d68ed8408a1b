/**
 * Invariant: whatever the remote server does, and however often the server is killed, every recipient of a message
 * that got its 250 ends as delivered or bounced; a delivered recipient has the mail; and no recipient gets it twice
 * after the remote server's 250, unless the server was killed between that 250 and its record of it.
 */
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import {
  type RemoteServer,
  type Fault,
  type DialogueMoment,
  type Received,
  startRemoteServer,
} from '../delivery/remote-server.js';
import { GatewayProcess } from '../e2e/gateway-process.js';
import { Talk } from '../server/talk.js';
import { scratch } from '../scratch.js';

const MESSAGES = Number(process.env['POSTERN_DELIVERY_KILL_MESSAGES'] ?? 300);
const SENDERS = 6;
/** At least so often is the server killed; and each time after so many milliseconds. */
const KILLS = 3;
const LIFE = MESSAGES > 1_000 ? { least: 1_500, most: 4_000 } : { least: 200, most: 900 };
/** A note of a far side's 250 is on disk within this time, in milliseconds, on a machine that is busy. */
const SETTLED_WITHIN = 5_000;
/** What a server sent before its end, the far end may read so much later, in milliseconds. */
const NOTED_WITHIN = 2_000;

const ENVIRONMENT = { POSTERN_DELIVERY_RETRY_BASE: '200ms', POSTERN_DELIVERY_RETRY_MAX: '2s' };

it(
  `${MESSAGES} messages through a flaky far end and kills of the server: none lost, none twice`,
  async () => {
    const far = await startRemoteServer({ behave: flaky() });
    const taken = watch(far);
    const acknowledged = new Map<string, readonly string[]>();
    const kills: number[] = [];
    const data = `${await scratch()}/data`;
    let token = '';
    for (let over = false; !over;) {
      const gateway = await GatewayProcess.start({
        data,
        environment: ENVIRONMENT,
        args: ['--deliver', `smtp://127.0.0.1:${far.port}?tls=off`],
      });
      token ||= gateway.token;
      const stop = { now: false };
      const senders = Array.from({ length: SENDERS }, () => send(gateway.port, token, acknowledged, stop));
      const last = kills.length >= KILLS && acknowledged.size >= MESSAGES;
      if (last) {
        await untilNothingWaits(data);
        expect(await gateway.stop()).toBe(0);
        over = true;
      } else {
        // Lives get longer, so that the kills come to an end on a machine on which a server takes long to begin.
        const life = LIFE.least + Math.random() * (LIFE.most - LIFE.least);
        await new Promise((resolve) => setTimeout(resolve, life * (1 + kills.length / 5)));
        kills.push(Date.now());
        await gateway.stop('SIGKILL');
      }
      stop.now = true;
      await Promise.all(senders);
    }
    const figures = await judge(data, acknowledged, taken, kills);
    console.log('delivery and kill -9:', JSON.stringify({ ...figures, connections: far.connections }));
    expect(figures.delivered).toBeGreaterThan(0);
    expect(figures.bounced).toBeGreaterThan(0);
  },
  120_000 + MESSAGES * 60,
);

/** About every fifth message meets some trouble at each of its tries. The mailbox `never` does not exist. */
function flaky(): (moment: DialogueMoment) => Fault | undefined {
  const odds: Partial<Record<DialogueMoment['phase'], readonly (readonly [number, Fault])[]>> = {
    connect: [[0.02, '421 4.3.2 Not now']],
    mail: [[0.02, '451 4.3.0 Later']],
    rcpt: [[0.05, '450 4.2.1 Try again']],
    content: [
      [0.02, 'reset'],
      [0.01, 'close'],
    ],
    end: [
      [0.03, '452 4.3.1 Full'],
      [0.02, '554 5.6.0 I do not like it'],
      [0.02, 'reset'],
    ],
  };
  return ({ phase, address }) => {
    if (phase === 'rcpt' && address?.startsWith('never') === true) return '550 5.1.1 Nobody of that name';
    let luck = Math.random();
    for (const [chance, fault] of odds[phase] ?? []) {
      if (luck < chance) return fault;
      luck -= chance;
    }
    return undefined;
  };
}

/** A recipient's mail at the far end. */
interface Arrival {
  readonly at: number;
  readonly connection: number;
  /** The far end's place in its list: what came last on a connection may not have been confirmed. */
  readonly index: number;
}

/** Notes what arrives, and when, by recipient. */
function watch(far: RemoteServer): {
  readonly byAddress: Map<string, Arrival[]>;
  confirmed(arrival: Arrival): boolean;
} {
  const byAddress = new Map<string, Arrival[]>();
  const lastOf = new Map<number, number>();
  const cut = new Set<number>();
  const { behave } = far;
  far.behave = async (moment) => {
    const fault = await behave(moment);
    if (moment.phase === 'end' && fault === 'reset') cut.add(moment.connection);
    return fault;
  };
  const received: Received[] = far.received;
  let index = 0;
  received.push = (...messages) => {
    for (const { recipients, connection } of messages) {
      lastOf.set(connection, index);
      for (const { address } of recipients) {
        const arrivals = byAddress.get(address) ?? [];
        arrivals.push({ at: Date.now(), connection, index });
        byAddress.set(address, arrivals);
      }
      index++;
    }
    return index;
  };
  return {
    byAddress,
    // If a connection was cut at the end of a message, the remote server has the message and Postern cannot know.
    confirmed: (arrival) =>
      !(cut.has(arrival.connection) && lastOf.get(arrival.connection) === arrival.index),
  };
}

/** Sends one message after the other until the connection or `stop` ends it, or there are enough. */
async function send(
  port: number,
  token: string,
  acknowledged: Map<string, readonly string[]>,
  stop: { readonly now: boolean },
): Promise<void> {
  try {
    const talk = await Talk.greeted(port);
    if (!(await talk.signIn(token)).startsWith('235')) throw new Error('not signed in');
    while (!stop.now && acknowledged.size < MESSAGES) {
      const key = randomBytes(8).toString('hex');
      const count = 1 + Math.floor(Math.random() * 3);
      const to = Array.from(
        { length: count },
        (_, n) => `${Math.random() < 0.03 ? 'never' : 'to'}-${key}-${n}@${n === 2 ? 'other' : 'one'}.example`,
      );
      const rcpts = to.map((address) => `RCPT TO:<${address}> NOTIFY=NEVER\r\n`).join('');
      talk.write(`MAIL FROM:<app@example.com>\r\n${rcpts}DATA\r\n`);
      await talk.replies(2 + count);
      talk.write(`From: app@example.com\r\nSubject: ${key}\r\n\r\nHello\r\n.\r\n`);
      const reply = await talk.reply();
      if (!reply.startsWith('250 2.0.0 Ok: queued as '))
        throw new Error(`not accepted:\n${talk.transcript()}`);
      acknowledged.set(key, to);
    }
    talk.socket.destroy();
  } catch (error) {
    // A connection that is cut is what this test is about; a refusal is not.
    if (error instanceof Error && /not (accepted|signed in)/.test(error.message)) throw error;
  }
}

async function untilNothingWaits(data: string): Promise<void> {
  const store = await openSqliteStore({ directory: data, exclusive: false });
  try {
    while ((await store.queue.waiting({ limit: 1 })).length > 0) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await store.close();
  }
}

async function judge(
  data: string,
  acknowledged: ReadonlyMap<string, readonly string[]>,
  { byAddress, confirmed }: ReturnType<typeof watch>,
  kills: readonly number[],
) {
  const figures = { kills: kills.length, messages: 0, delivered: 0, bounced: 0, tries: 0, lost: 0, twice: 0 };
  const store = await openSqliteStore({ directory: data, exclusive: false });
  try {
    const seen = new Set<string>();
    for (const { id, subject } of await store.messages({ limit: 1_000_000 })) {
      figures.messages++;
      seen.add(subject ?? '');
      for (const { forwardPath, status, attempts } of (await store.message(id))?.recipients ?? []) {
        figures.tries += attempts.length;
        expect(['delivered', 'bounced'], forwardPath).toContain(status);
        if (status === 'delivered') figures.delivered++;
        else figures.bounced++;
        // One final word, and it is the last one.
        const final = attempts.filter(({ outcome }) => outcome !== 'deferred');
        expect(final, forwardPath).toHaveLength(1);
        expect(attempts.at(-1)?.outcome, forwardPath).toBe(status);
        const arrivals = (byAddress.get(forwardPath) ?? []).filter(confirmed);
        if (status === 'delivered') expect(arrivals.length, forwardPath).toBeGreaterThan(0);
        // Of each 250 but the one that was noted: the server was killed before it could note it.
        for (const [n, { at }] of arrivals.slice(0, status === 'delivered' ? -1 : undefined).entries()) {
          const kill = kills.find(
            (time) => time >= at - NOTED_WITHIN && time <= (arrivals[n + 1]?.at ?? Infinity),
          );
          expect(kill, `${forwardPath} was tried again after a 250`).toBeDefined();
          expect((kill ?? 0) - at, forwardPath).toBeLessThan(SETTLED_WITHIN);
          figures.twice++;
        }
      }
    }
    for (const key of acknowledged.keys()) if (!seen.has(key)) figures.lost++;
    expect(figures.lost).toBe(0);
    return figures;
  } finally {
    await store.close();
  }
}
