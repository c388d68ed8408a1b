/** Three servers on one database, as their users and the remote servers see them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RemoteServer } from '../delivery/remote-server.js';
import { Talk } from '../server/talk.js';
import { type Cluster, startCluster } from '../store/postgres-cluster.js';
import { GatewayProcess } from './gateway-process.js';
import { send } from './sending.js';

const PER_MINUTE = 600;
const PER_DESTINATION = 6;
const FAILURES = 4;
const METRICS = ['--http-metrics', '127.0.0.1:0'];
const SOON = { timeout: 30_000, interval: 100 };

describe('three servers on one database', () => {
  let cluster: Cluster;
  let far: RemoteServer;
  let url: string;
  const nodes: GatewayProcess[] = [];
  const ends: (() => Promise<void>)[] = [];
  let counted = 0;

  beforeAll(async () => {
    cluster = await startCluster();
    far = await RemoteServer.open({
      behave: async ({ phase }) => {
        if (phase === 'data') await new Promise((resolve) => setTimeout(resolve, 250));
        return undefined;
      },
    });
    url = await cluster.schema();
    const environment = {
      POSTERN_STORE: url,
      POSTERN_DELIVER: `smtp://127.0.0.1:${far.port}?tls=off`,
      POSTERN_DELIVERY_PER_DESTINATION: String(PER_DESTINATION),
      POSTERN_SUBMISSION_MAX_MESSAGES_PER_MINUTE: String(PER_MINUTE),
      POSTERN_SMTP_AUTH_MAX_FAILURES_PER_ADDRESS: String(FAILURES),
      POSTERN_SMTP_AUTH_DELAY: '0',
      POSTERN_SMTP_AUTH_MAX_DELAY: '0',
    };
    const folder = await mkdtemp(join(tmpdir(), 'postern-test-'));
    ends.push(() => rm(folder, { recursive: true }));
    for (let n = 0; n < 3; n++) {
      const data = join(folder, String(n));
      nodes.push(
        await GatewayProcess.start({ data, environment, args: METRICS, atEnd: (end) => void ends.push(end) }),
      );
    }
    // Each has heard of the others with a heartbeat of its own.
    const know = async () =>
      (
        await cluster.query(
          url,
          'SELECT min(beat_at) > max(started_at) AS know FROM node WHERE name IS NOT NULL',
        )
      )[0]?.['know'];
    while ((await know()) !== true) await new Promise((resolve) => setTimeout(resolve, 100));
  }, 60_000);
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
    await far.close();
    await cluster.stop();
  });

  const signedIn = async (node: GatewayProcess | undefined): Promise<Talk> => {
    const talk = await Talk.greeted(node?.port ?? 0);
    expect(await talk.signIn(nodes[0]?.token ?? '')).toMatch(/^235/);
    return talk;
  };

  it('together have no more connections to a destination than its cap', async () => {
    const talks = await Promise.all(nodes.map(signedIn));
    for (let n = 0; n < 45; n++, counted++) await send(talks[n % 3] as Talk);
    await expect.poll(() => far.received.length, SOON).toBe(45);
    expect(far.most).toBeLessThanOrEqual(PER_DESTINATION);
    // More than one of them has.
    expect(far.most).toBeGreaterThan(PER_DESTINATION / 3);
    for (const talk of talks) talk.socket.destroy();
  }, 60_000);

  it('count in their metrics what shares a commit, messages and settlements', async () => {
    const written = async (): Promise<number> => {
      let sum = 0;
      for (const { stdout } of nodes) {
        const [, address = ''] = /^postern ready .* metrics=(\S+)$/m.exec(stdout) ?? [];
        const text = await (await fetch(`http://${address}/metrics`)).text();
        expect(text).toMatch(/^postern_store_commit_duration_seconds_sum [\d.]*[1-9]/m);
        sum += Number(/^postern_store_commit_writes_sum (\d+)$/m.exec(text)?.[1]);
      }
      return sum;
    };
    // The last settlements may still be on their way; what a node has given back counts as well.
    await expect.poll(written, SOON).toBeGreaterThanOrEqual(2 * counted);
  }, 60_000);

  it('show live, on each of them, what the others accept and deliver', async () => {
    const [a, b] = nodes;
    const abort = new AbortController();
    const { body } = await fetch(`${b?.httpUrl ?? ''}/api/v1/events`, {
      headers: { 'mailpace-server-token': a?.token ?? '' },
      signal: abort.signal,
    });
    let text = '';
    const reading = (async () => {
      for await (const octets of body ?? []) text += Buffer.from(octets as Uint8Array).toString();
    })().catch(() => undefined);
    await expect.poll(() => text, SOON).toContain('event: ready');
    const talk = await signedIn(a);
    // The first one may only be known as something that was missed.
    await send(talk);
    await expect.poll(() => text, SOON).toMatch(/event: (missed|messages)/);
    const id = await send(talk);
    await expect.poll(() => text, SOON).toContain(`"id":${id},"domain":"example.com","kind":"accepted"`);
    counted += 2;
    talk.socket.destroy();
    abort.abort();
    await reading;
  }, 60_000);

  it('together keep to the rate of a domain, to 10 %, under uneven load', async () => {
    const start = performance.now();
    let isUsedUp = false;
    const accepted = await Promise.all(
      [0, 20, 400].map(async (pause, at) => {
        const talk = await signedIn(nodes[at]);
        let accepted = 0;
        while (!isUsedUp) {
          const reply = await talk.say('MAIL FROM:<app@example.com>');
          if (reply.startsWith('450 4.7.1 Too many messages')) {
            isUsedUp = true;
            break;
          }
          expect(reply).toMatch(/^250/);
          accepted++;
          await talk.say('RSET');
          if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
        }
        talk.socket.destroy();
        return accepted;
      }),
    );
    const allowed = PER_MINUTE * (1 + (performance.now() - start) / 60_000);
    const sum = accepted.reduce((all, one) => all + one, counted);
    expect(sum / allowed).toBeGreaterThan(0.9);
    expect(sum / allowed).toBeLessThan(1.1);
  }, 60_000);

  it('remember together who failed to sign in', async () => {
    const fail = async (node: GatewayProcess | undefined): Promise<string> => {
      const talk = await Talk.greeted(node?.port ?? 0);
      const reply = await talk.signIn('wrong');
      talk.socket.destroy();
      return reply.slice(0, 3);
    };
    const [a, b, c] = nodes;
    expect([await fail(a), await fail(b), await fail(a), await fail(c), await fail(b)]).toEqual([
      ...['535', '535', '535'],
      ...['421', '421'],
    ]);
    const response = await fetch(`${a?.httpUrl ?? ''}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: 'wrong' }),
    });
    expect(response.status).toBe(429);
    // Who has the right token is never locked out.
    (await signedIn(c)).socket.destroy();
  });
});
