/**
 * Invariant: what a request with an Idempotency-Key sends is sent once, also if the server is killed during the request
 * and the client asks again; and the key is not in use when the next server runs.
 *
 * POSTERN_KILL_ROUNDS says how often the server is killed.
 */
import { expect, it } from 'vitest';
import { GatewayProcess } from '../e2e/gateway-process.js';

const ROUNDS = Number(process.env['POSTERN_KILL_ROUNDS'] ?? 5);
const CLIENTS = 6;
/** The server is killed at a random moment up to this many milliseconds after it was ready. */
const LONGEST_LIFE = 400;
const BATCH = 5;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly replayed: boolean;
}

class Client {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** Posts a body. Resolves to null if the server ended before its answer. */
  async post(path: string, key: string, body: unknown): Promise<Answer | null> {
    try {
      const response = await fetch(`${this.url}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'mailpace-server-token': this.token,
          'idempotency-key': key,
        },
        body: JSON.stringify(body),
      });
      const { status, headers } = response;
      return {
        status,
        body: await response.text(),
        replayed: headers.get('idempotency-replayed') === 'true',
      };
    } catch {
      return null;
    }
  }

  send(key: string, fields: object = {}): Promise<Answer | null> {
    const mail = { from: 'app@example.com', to: 'you@example.net', subject: key, textbody: 'x' };
    return this.post('/api/v1/send', key, { ...mail, ...fields });
  }

  sendBatch(key: string): Promise<Answer | null> {
    const mail = { from: 'app@example.com', to: 'you@example.net', text: 'x' };
    const batch = Array.from({ length: BATCH }, (_, number) => ({ ...mail, subject: `${key}.${number}` }));
    return this.post('/compat/resend/emails/batch', key, batch);
  }
}

it(
  `${ROUNDS} kills, and each request comes again: all is sent once`,
  async () => {
    let gateway = await GatewayProcess.start();
    const { data, token } = gateway;
    const figures = { heard: 0, cutOff: 0, storedUnheard: 0, sentAgain: 0 };
    const subjects: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const client = new Client(gateway.httpUrl, token);
      const asked = new Map<string, Answer | null>();
      const requests = Array.from({ length: CLIENTS }, async (_, number) => {
        for (let count = 0; ; count++) {
          const key = `${round}-${number}-${count}`;
          const answer = await (number % 2 === 0 ? client.send(key) : client.sendBatch(key));
          asked.set(key, answer);
          if (answer === null) return;
        }
      });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_LIFE));
      await gateway.stop('SIGKILL');
      await Promise.all(requests);
      gateway = await GatewayProcess.start({ data });
      const next = new Client(gateway.httpUrl, token);
      for (const [key, heard] of asked) {
        const isBatch = Number(key.split('-')[1]) % 2 === 1;
        const again = await (isBatch ? next.sendBatch(key) : next.send(key));
        expect([key, again?.status]).toEqual([key, 200]);
        if (heard === null) figures.cutOff++;
        else {
          figures.heard++;
          expect([key, again?.body, again?.replayed]).toEqual([key, heard.body, true]);
        }
        if (heard === null) figures[again?.replayed === true ? 'storedUnheard' : 'sentAgain']++;
        subjects.push(...(isBatch ? Array.from({ length: BATCH }, (_, at) => `${key}.${at}`) : [key]));
      }
    }
    const stored = (await gateway.messages('--limit', '100000')).map(({ subject }) => subject);
    expect(stored.sort()).toEqual(subjects.sort());
    console.log('kill -9 with idempotency keys:', JSON.stringify(figures));
    expect(figures.heard).toBeGreaterThan(0);
    expect(figures.cutOff).toBeGreaterThan(0);
  },
  60_000 + ROUNDS * 15_000,
);

it('a key that was in use when the server was killed is free when the next one runs', async () => {
  let gateway = await GatewayProcess.start();
  const { data, token } = gateway;
  const client = new Client(gateway.httpUrl, token);
  const large = { textbody: 'x'.repeat(45_000_000) };
  /** Kills the server while a request has the key. Returns false if the request was over before. */
  const killDuring = async (key: string): Promise<boolean> => {
    const over = { now: false };
    const request = client.send(key, large).finally(() => (over.now = true));
    for (;;) {
      // A request that is refused leaves the key free, so this one only asks.
      const probe = await client.send(key, { to: 'nonsense' });
      if (probe?.status === 409 && !over.now) break;
      if (over.now) return false;
    }
    await gateway.stop('SIGKILL');
    return (await request) === null;
  };
  let key = 'large-0';
  for (let number = 1; !(await killDuring(key)); number++) {
    expect(number).toBeLessThan(5);
    key = `large-${number}`;
  }
  gateway = await GatewayProcess.start({ data });
  const next = new Client(gateway.httpUrl, token);
  const [again, third] = [await next.send(key), await next.send(key)];
  expect([again?.status, third?.status, third?.replayed]).toEqual([200, 200, true]);
  expect(third?.body).toBe(again?.body);
  const stored = await gateway.messages();
  expect(stored.filter(({ subject }) => subject === key)).toHaveLength(1);
}, 120_000);
