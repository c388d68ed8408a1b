/**
 * The configuration of HAProxy in `docs/guides/scaling.md`, in front of three nodes on one database. Skipped where Debian's
 * haproxy is not installed.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { startLoad } from '../chaos/load.js';
import { startRemoteServer } from '../delivery/remote-server.js';
import { HAPROXY_PRESENT, startHaproxy } from '../haproxy.js';
import { Talk } from '../server/talk.js';
import { contentOf } from '../store/fixtures.js';
import { type Cluster, startCluster } from '../store/postgres-cluster.js';
import { GatewayProcess, sha256 } from './gateway-process.js';
import { QUICK, send } from './sending.js';

/** Messages to be acknowledged before a node is killed, and after it. */
const MESSAGES = 60;

let cluster: Cluster;
beforeAll(async () => {
  if (HAPROXY_PRESENT) cluster = await startCluster();
});
afterAll(async () => {
  if (HAPROXY_PRESENT) await cluster.stop();
});

/** The configuration of the guide, with addresses of this machine. */
function configuration(address: string, nodes: readonly GatewayProcess[]): string {
  const guide = readFileSync(new URL('../../docs/guides/scaling.md', import.meta.url), 'utf8');
  const [, text = ''] = /^```\n(frontend submission\n[^`]*)```$/m.exec(guide) ?? [];
  const lines = text.split('\n');
  const server = lines.find((line) => line.includes('server node1')) ?? '';
  expect(server).toMatch(/ server node1 10\.0\.0\.11:2525 send-proxy-v2 /);
  return [
    ...lines.filter((line) => !/ server node\d /.test(line)).map((line) => line.replace(':587', address)),
    ...nodes.map(({ port }, at) =>
      server.replace('node1', `n${at}`).replace('10.0.0.11:2525', `127.0.0.1:${port}`),
    ),
    '',
  ].join('\n');
}

it.skipIf(!HAPROXY_PRESENT)(
  'a balancer in front of three nodes: clients keep their addresses, and the kill of a node loses nothing',
  async () => {
    const arrived = new Map<string, number>();
    const far = await startRemoteServer();
    const url = await cluster.database();
    const start = () =>
      GatewayProcess.start({
        listen: ['smtp://127.0.0.1:0?proxy=required'],
        args: ['--store', url, '--http', 'off'],
        environment: {
          ...QUICK,
          POSTERN_DELIVER: `smtp://127.0.0.1:${far.port}`,
          POSTERN_SMTP_TRUSTED_PROXIES: '127.0.0.1',
        },
      });
    const first = await start();
    const nodes = [first, await start(), await start()];
    const front = await startHaproxy((address) => configuration(address, nodes));

    const talk = await Talk.greeted(front, { from: '127.0.0.7' });
    expect(await talk.signIn(first.token)).toMatch(/^235/);
    const id = Number(await send(talk));
    const store = await openPostgresStore({ url });
    try {
      expect((await store.message(id))?.clientAddress).toBe('127.0.0.7');
      talk.socket.destroy();

      const tenants = Array.from({ length: 6 }, () => ({ domain: 'example.com', token: first.token }));
      const load = startLoad(() => [front], tenants);
      await expect.poll(() => load.accepted(), { timeout: 60_000 }).toBeGreaterThan(MESSAGES);
      expect(nodes.map(({ log }) => log.some(({ msg }) => msg === 'accepted'))).toEqual([true, true, true]);
      await nodes[1]?.stop('SIGKILL');
      const before = load.accepted();
      await expect.poll(() => load.accepted(), { timeout: 60_000 }).toBeGreaterThan(before + MESSAGES);
      await load.end();

      const accepted = load.offered.filter(({ outcome }) => outcome === 'accepted');
      for (const { id, bodyHash } of accepted) {
        const content = (await contentOf(store, Number(id))).toString('latin1');
        expect(sha256(content.slice(content.indexOf('\r\n\r\n') + 4))).toBe(bodyHash);
      }
      // Another node takes over the leases of the killed one 15 seconds later.
      const waiting = async (): Promise<number> => (await store.queue.waiting({ limit: 10_000 })).length;
      await expect.poll(waiting, { timeout: 60_000, interval: 500 }).toBe(0);
      for (const { content } of far.received) {
        const [, key = ''] = /^Subject: (.*)\r$/m.exec(content.toString('latin1')) ?? [];
        arrived.set(key, (arrived.get(key) ?? 0) + 1);
      }
      expect(accepted.filter(({ key }) => !arrived.has(key))).toEqual([]);
    } finally {
      await store.close();
    }
    const left = nodes.filter((_, at) => at !== 1);
    expect(await Promise.all(left.map((node) => node.stop()))).toEqual([0, 0]);
  },
  300_000,
);
