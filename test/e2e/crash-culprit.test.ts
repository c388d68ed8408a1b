// A message that is the reason why the server dies bounces, and all other mail is delivered.
import { expect, it } from 'vitest';
import type { Waiting } from '../../src/store/queue.js';
import { type DialogueMoment, type RemoteServer, startRemoteServer } from '../delivery/remote-server.js';
import { CrashFolder } from './crash-folder.js';
import type { GatewayProcess } from './gateway-process.js';
import { lines } from './sending.js';

const CULPRIT = 'culprit@example.net';
/** Starts after which a test gives up. */
const LIVES = 8;

function arrivedAt(far: RemoteServer): string[] {
  return far.received.flatMap(({ recipients }) => recipients.map(({ address }) => address));
}

it('a message that ends the server each time bounces, all other mail is delivered once', async () => {
  const folder = await CrashFolder.create();
  const running: { gateway: GatewayProcess | null } = { gateway: null };
  // The mail that a dying server has in flight is taken by no one, so that each message arrives once.
  let dying = Promise.resolve(false);
  let inFlight = 0;
  const company: number[] = [];
  const far = await startRemoteServer({
    behave: async ({ phase, address }: DialogueMoment) => {
      if (phase === 'end') {
        inFlight++;
        await new Promise((resolve) => setTimeout(resolve, 20));
        const died = await dying;
        inFlight--;
        return died ? '451 4.3.0 The client is gone' : undefined;
      }
      const { gateway } = running;
      if (phase !== 'rcpt' || address !== CULPRIT || gateway === null) return undefined;
      let dead = (): void => undefined;
      dying = new Promise((resolve) => (dead = () => resolve(true)));
      const arrived = new Set(arrivedAt(far));
      const isNoted = ({ forwardPath }: Waiting): boolean => !arrived.has(forwardPath);
      await folder.until((waiting) => waiting.every(isNoted), gateway);
      company.push(inFlight);
      await gateway.stop('SIGKILL');
      far.cut();
      dead();
      dying = Promise.resolve(false);
      return 'silence';
    },
  });
  let last: GatewayProcess | null = null;
  for (let life = 0; life < LIVES && last === null; life++) {
    await folder.add(25, ...(life === 0 ? [CULPRIT] : []));
    // It may die before it is ready.
    const gateway = await folder.gateway(far);
    running.gateway = gateway;
    await folder.until((waiting) => waiting.length === 0, gateway);
    expect(gateway.child.exitCode, gateway.stderr).toBeNull();
    if (gateway.child.signalCode === null) last = gateway;
  }
  expect(company.length).toBe(3);
  expect(await folder.of('bounced')).toEqual([CULPRIT]);
  expect(await folder.of('delivered')).toEqual([...folder.innocents].sort());
  expect(arrivedAt(far).sort()).toEqual([...folder.innocents].sort());
  expect(
    last === null ? [] : lines(last, 'message given up: the server died each time that it was delivered'),
  ).toMatchObject([{ level: 'error', domain: 'example.com', crashes: 3 }]);
}, 300_000);
