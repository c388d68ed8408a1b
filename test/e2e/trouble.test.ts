/**
 * Invariant: whatever is wrong with a far side, its messages wait with the reason on record, the log has one line
 * for all of them, nothing is tried in a hot loop, and the server lives.
 */
import { expect, it } from 'vitest';
import { dnsServer } from '../delivery/dns-server.js';
import { startRemoteServer } from '../delivery/remote-server.js';
import { apiServer } from '../delivery/https/api-server.js';
import { pki } from '../delivery/pki.js';
import { app, delivering, lines, send, recipientsOnce } from './sending.js';

const authority = await pki();

const closedPort = async (): Promise<number> => {
  const far = await startRemoteServer();
  await far.close();
  return far.port;
};

interface Trouble {
  readonly url: string;
  /** The reason on record for each message. */
  readonly reason: RegExp;
  /** How often the far side was asked. */
  readonly asked: () => number;
  readonly messages?: number;
}

const TROUBLES: Readonly<Record<string, () => Promise<Trouble>>> = {
  'a relay that is not there': async () => ({
    url: `smtp://127.0.0.1:${await closedPort()}`,
    reason: /cannot be reached: .*refused/i,
    asked: () => 0,
  }),
  'a wrong password': async () => {
    const far = await startRemoteServer({ users: { us: 'right' } });
    return {
      url: `smtp://us:wrong-password@127.0.0.1:${far.port}`,
      reason: /refused the user name and the password: 535/,
      asked: () => far.connections,
    };
  },
  'a certificate that has expired': async () => {
    const far = await startRemoteServer({ certificates: await authority.issue(['127.0.0.1'], true) });
    return {
      url: `smtp://127.0.0.1:${far.port}?tls=required&ca=${authority.ca}`,
      reason: /gave no TLS: .*expired/i,
      asked: () => far.connections,
    };
  },
  'an API that answers in no JSON': async () => {
    const api = await apiServer(() => ({ body: '<h1>Welcome to our Wi-Fi</h1>' }));
    return {
      url: api.url,
      reason: /^HTTP 200 without the id of a message in JSON$/,
      asked: () => api.taken.length,
    };
  },
  'a name server that does not answer': async () => {
    const dns = await dnsServer({ 'example.net': 'silence' });
    return {
      url: `mx://?resolver=${dns.address}&sts=off`,
      reason: /^4\.4\.3 .*did not answer in time \(ETIMEOUT\)$/,
      asked: () => dns.asked.length,
      messages: 2,
    };
  },
};

/** More than the number of messages that are tried at once at a destination that has never been reached. */
const MESSAGES = 12;

async function waits({ url, reason, asked, messages = MESSAGES }: Trouble): Promise<void> {
  const gateway = await delivering(url, { POSTERN_DELIVERY_RETRY_BASE: '1h' });
  const talk = await app(gateway);
  const ids: string[] = [];
  for (let n = 0; n < messages; n++) ids.push(await send(talk));
  talk.socket.destroy();
  for (const id of [ids[0], ids.at(-1)]) {
    const [you] = await recipientsOnce(gateway, id ?? '', 'deferred');
    expect(you?.attempts).toMatchObject([{ outcome: 'deferred', reply: expect.stringMatching(reason) }]);
    expect(you?.nextAttemptAt).not.toBeNull();
  }
  expect(gateway.log.filter(({ level }) => level === 'warn')).toMatchObject([
    { msg: 'cannot deliver', reason: expect.stringMatching(reason) },
  ]);
  expect(lines(gateway, 'deferred')).toEqual([]);
  // Twice a question where DNS does not answer, and never again before the next try is due.
  expect(asked()).toBeLessThanOrEqual(2 * messages);
  expect(await gateway.stop()).toBe(0);
  expect(gateway.stderr).not.toMatch(/Warning|"level":"(?:error|fatal)"|wrong-password/);
}

it(`messages wait, with one line of the log for ${Object.keys(TROUBLES).join(', ')}`, async () => {
  await Promise.all(Object.values(TROUBLES).map(async (trouble) => waits(await trouble())));
}, 60_000);
