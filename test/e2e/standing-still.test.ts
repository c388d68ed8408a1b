/** A server that stood still while another one took its mail over, as the remote server sees it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RemoteServer } from '../delivery/remote-server.js';
import { Talk } from '../server/talk.js';
import { type Cluster, startCluster } from '../store/postgres-cluster.js';
import { GatewayProcess } from './gateway-process.js';
import { send } from './sending.js';

const MESSAGES = 80;
/** A node counts as gone 15 s after its last heartbeat; others look for such nodes every three seconds. */
const STILL_MS = 22_000;
const SOON = { timeout: 60_000, interval: 100 };

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

it('sends nothing that the other one has sent when it goes on', async () => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const far = await RemoteServer.open({
    // Nothing is taken until the node stands still; then it is slow.
    behave: async ({ phase }) => {
      if (phase === 'rcpt') await opened;
      if (phase === 'data') await pause(200);
      return undefined;
    },
  });
  const url = await cluster.schema();
  const environment = {
    POSTERN_STORE: url,
    POSTERN_DELIVER: `smtp://127.0.0.1:${far.port}?tls=off`,
    POSTERN_DELIVERY_PER_DESTINATION: '8',
  };
  const start = (name: string) => GatewayProcess.start({ environment, args: ['--hostname', name] });
  const stands = await start('stands.example');
  await start('goes-on.example');
  const talk = await Talk.greeted(stands.port);
  expect(await talk.signIn(stands.token)).toMatch(/^235/);
  const ids = new Set<string>();
  for (let n = 0; n < MESSAGES; n++) ids.add(await send(talk));
  expect(ids.size).toBe(MESSAGES);
  const leased = async (): Promise<number> => {
    const [row] = await cluster.query(
      url,
      `SELECT count(*)::int AS count FROM queue JOIN node USING (slot) WHERE name = 'stands.example'`,
    );
    return Number(row?.['count']);
  };
  await expect.poll(leased, SOON).toBeGreaterThan(20);
  stands.child.kill('SIGSTOP');
  const had = await leased();
  open();
  await pause(STILL_MS);
  // Another node has taken over, and has not sent all of it yet.
  expect(await leased()).toBe(0);
  stands.child.kill('SIGCONT');
  const waiting = async (): Promise<number> =>
    Number((await cluster.query(url, 'SELECT count(*)::int AS count FROM queue'))[0]?.['count']);
  await expect.poll(waiting, SOON).toBe(0);
  const keys = far.received.map(({ content }) => /^Message-ID: .*$/im.exec(content.toString())?.[0]);
  expect(had).toBeGreaterThan(20);
  expect(new Set(keys).size).toBe(MESSAGES);
  expect(keys).toHaveLength(MESSAGES);
  await far.close();
}, 180_000);
