import { describe, expect, it } from 'vitest';
import { app, delivering, send } from '../e2e/sending.js';
import { GatewayProcess } from '../e2e/gateway-process.js';
import { scratch } from '../scratch.js';
import { accept, acceptMany, postern, runningStore } from './postern.js';

async function storeWithDomain() {
  const data = await scratch();
  const store = await runningStore(data);
  const domain = await store.addDomain('example.com', new Uint8Array(32).fill(1), 0);
  return { data, store, domainId: domain?.id ?? 0 };
}

const lines = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('postern resend', () => {
  it('adds messages beside a server that takes mail, and neither fails', async () => {
    const gateway = await GatewayProcess.start();
    const talk = await app(gateway);
    const first = await send(talk);
    const again = Array.from({ length: 3 }, () => gateway.postern('resend', first, '--json'));
    const taken: string[] = [first];
    for (let count = 0; count < 100; count++) taken.push(await send(talk));
    const results = await Promise.all(again);
    expect(results.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
    ]);
    const copies = results.flatMap(({ stdout }) => lines(stdout).map(({ copy }) => copy as string));
    const stored = (await gateway.messages()).map(({ id }) => id);
    expect(stored.sort()).toEqual([...taken, ...copies].sort());
    expect(await gateway.raw(copies[0] ?? '')).toBe(await gateway.raw(first));
  }, 60_000);

  it('waits for another command that adds messages', async () => {
    const gateway = await GatewayProcess.start();
    const id = await send(await app(gateway));
    const { openSqliteStore } = await import('../../src/store/sqlite/index.js');
    const other = await openSqliteStore({ directory: gateway.data, exclusive: false, adds: true });
    let over = false;
    const waiting = gateway.postern('resend', id).finally(() => (over = true));
    const [domain] = await other.domains();
    for (let count = 0; count < 5; count++) await acceptMany(other, domain?.id ?? 0, 10);
    expect(over).toBe(false);
    await other.close();
    expect(await waiting).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await gateway.messages()).toHaveLength(52);
  }, 60_000);

  it('gives a message that was delivered to delivery again, although the command does not know the routes', async () => {
    const folder = await scratch();
    const gateway = await delivering(`maildir:${folder}/inbox`);
    const id = await send(await app(gateway));
    await gateway.says(/"msg":"delivered"/);
    const { stdout } = await gateway.postern('resend', id, '--json');
    const [{ copy } = { copy: '' }] = lines(stdout);
    await expect
      .poll(async () => (await gateway.messages()).find((message) => message.id === copy)?.status, {
        timeout: 20_000,
      })
      .toBe('delivered');
  }, 60_000);

  it('holds the copy of a message that was held, if the configuration has no route', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const id = await accept(store, domainId);
    const { stdout } = await postern(['resend', String(id), '--json', '--data', data]);
    const copy = Number(lines(stdout)[0]?.['copy']);
    expect(await store.message(copy)).toMatchObject({ status: 'held', to: ['one@example.net'] });
    expect(lines(stdout)).toEqual([{ id: String(id), copy: String(copy), held: true }]);
    const said = await postern(['resend', String(id), '--data', data]);
    expect(said.stdout).toMatch(/is stored again as (\d+), and held .* "postern release \1" delivers it/);
  });

  it('holds no copy with --release, although the command does not know the routes', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const id = await accept(store, domainId);
    const { stdout } = await postern(['resend', String(id), '--release', '--json', '--data', data]);
    const [{ copy, held } = { copy: '', held: null }] = lines(stdout);
    expect(held).toBe(false);
    expect(await store.message(Number(copy))).toMatchObject({ status: 'queued' });
  });

  it('says of each message that cannot be sent again why, and sends the others', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const good = await accept(store, domainId);
    const blocked = await accept(store, domainId, { recipients: [{ forwardPath: 'no@example.net' }] });
    await postern(['block', 'add', 'no@example.net', '--domain', 'example.com', '--data', data]);
    const outcome = await postern(['resend', String(blocked), '7', String(good), '--data', data]);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toMatch(new RegExp(`^Message ${good} is stored again as \\d+, and held`));
    expect(outcome.stderr).toMatch(
      new RegExp(
        `^postern: message ${blocked}: .*no@example.net.*\npostern: message 7: there is no such message\n` +
          'postern: 2 messages could not be sent again\n$',
      ),
    );
  });

  it('takes the options of "postern messages" with --yes, and counts without it', async () => {
    const { data, store, domainId } = await storeWithDomain();
    for (const tags of [['a'], ['a', 'b'], ['b']]) await accept(store, domainId, { tags });
    const asked = await postern(['resend', '--tag', 'a', '--data', data]);
    expect(asked).toMatchObject({ exitCode: 2, stdout: '' });
    expect(asked.stderr).toMatch(/^postern: 2 messages would be sent again; add --yes/);
    const done = await postern(['resend', '--tag', 'a', '--yes', '--json', '--data', data]);
    expect([done.exitCode, lines(done.stdout).length]).toEqual([0, 2]);
    expect(await store.messages({ limit: 100 })).toHaveLength(5);
  });

  it('waits while the domain sends too quickly', async () => {
    const { data, store, domainId } = await storeWithDomain();
    await acceptMany(store, domainId, 70);
    const { exitCode, stdout, stderr } = await postern(
      ['resend', '--domain', 'example.com', '--yes', '--json', '--data', data],
      { POSTERN_SUBMISSION_MAX_MESSAGES_PER_MINUTE: '60' },
    );
    expect([exitCode, lines(stdout).length]).toEqual([0, 70]);
    expect(stderr).toMatch(/^(?:The domain may send no more in this minute; waiting\.\n)+$/);
  }, 60_000);
});

describe('postern delete', () => {
  it('deletes finished messages alone', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const [waits, finished] = [await accept(store, domainId), await accept(store, domainId)];
    await store.queue.cancel(finished, Date.now());
    const outcome = await postern(['delete', String(waits), String(finished), '8', '--data', data]);
    expect(outcome).toEqual({
      exitCode: 1,
      stdout: `Message ${finished} is deleted.\n`,
      stderr:
        `postern: message ${waits} is not finished; "postern cancel ${waits}" gives up what waits, then it can be deleted\n` +
        `postern: there is no message 8 in ${data}; "postern messages" shows those that are\n` +
        'postern: 2 messages could not be deleted\n',
    });
    expect(await store.message(finished)).toBeNull();
    expect(await store.message(waits)).not.toBeNull();
  });

  it('takes the options of "postern messages" with --yes', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const ids = await acceptMany(store, domainId, 250, (index) => ({ subject: index < 240 ? 'old' : 'new' }));
    const finished = ids.filter((_, index) => index !== 3);
    await Promise.all(finished.map((id) => store.queue.cancel(id, Date.now())));
    const asked = await postern(['delete', '--subject', 'old', '--data', data]);
    expect([asked.exitCode, asked.stdout]).toEqual([2, '']);
    expect(asked.stderr).toMatch(/^postern: 240 messages would be deleted; add --yes/);
    expect(await postern(['delete', '--subject', 'old', '--yes', '--data', data])).toEqual({
      exitCode: 0,
      stdout: 'Deleted: 239 messages.\n',
      stderr: 'Kept, since they are not finished: 1 message.\n',
    });
    expect(await store.messages({ limit: 100 })).toHaveLength(11);
  });
});

describe.each(['resend', 'delete'])('postern %s', (command) => {
  it.each([
    [[], /give the IDs of messages, or options that select them/],
    [['5', '--tag', 'x'], /either the IDs of messages or options/],
    [['--yes'], /give the IDs of messages/],
    [['five'], /'five' is invalid for argument 'ID'\. It must be a whole number from 1/],
    [['--since', 'tomorrow', '--yes'], /--since "tomorrow" is not a day such as/],
    [['--status', 'lost', '--yes'], /--status <STATUS>.*held, queued/],
  ])('refuses %j', async (args, reason) => {
    const outcome = await postern([command, ...args, '--data', await scratch()]);
    expect([outcome.exitCode, outcome.stdout]).toEqual([2, '']);
    expect(outcome.stderr).toMatch(reason);
  });
});
