import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Page, PageRequest } from '../../src/store/mail.js';
import type { MessageSummary, Scope } from '../../src/store/port.js';
import { Arrivals } from '../../src/cli/commands/arrivals.js';
import { app, send } from '../e2e/sending.js';
import { GatewayProcess, Running } from '../e2e/gateway-process.js';
import { scratch } from '../scratch.js';
import { newMessage } from '../store/fixtures.js';
import { accept, acceptMany, MAIN, postern, runningStore } from './postern.js';

const lines = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function storeWithDomain() {
  const data = await scratch();
  const store = await runningStore(data);
  const domain = await store.addDomain('example.com', new Uint8Array(32).fill(1), 0);
  return { data, store, domainId: domain?.id ?? 0 };
}

describe('the filters of postern messages', () => {
  it('select what the same parameters of the HTTP API select', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const other = await store.addDomain('other.example', new Uint8Array(32).fill(2), 0);
    const day = Date.UTC(2026, 10, 29);
    const ids = [
      await accept(store, domainId, { subject: 'Invoice 7', tags: ['a', 'b'], receivedAt: day }),
      await accept(store, domainId, {
        subject: 'Receipt',
        tags: ['a'],
        status: 'queued',
        recipients: [{ forwardPath: 'anna@customer.example' }],
        receivedAt: day + 1,
      }),
      await accept(store, other?.id ?? 0, {
        subject: 'Invoice 8',
        from: 'billing@other.example',
        receivedAt: day + 86_400_000,
      }),
    ];
    const found = async (...args: string[]) =>
      lines((await postern(['messages', '--json', '--data', data, ...args])).stdout)
        .map(({ id }) => ids.indexOf(Number(id)))
        .sort();
    expect(await found('--subject', 'invoice')).toEqual([0, 2]);
    expect(await found('--from', 'billing@other')).toEqual([2]);
    expect(await found('--to', 'anna@customer.example')).toEqual([1]);
    expect(await found('--tag', 'a', '--tag', 'b')).toEqual([0]);
    expect(await found('--status', 'queued', '--status', 'held')).toEqual([0, 1, 2]);
    expect(await found('--domain', 'example.com', '--domain', 'Other.Example')).toEqual([0, 1, 2]);
    expect(await found('--since', '2026-11-29', '--until', '2026-11-30')).toEqual([0, 1]);
    expect(await found('--since', '2026-11-30')).toEqual([2]);
    expect(await found('--search', 'subject:invoice -from:billing')).toEqual([0]);
    expect(await found('--search', '"invoice 8"', '--domain', 'example.com')).toEqual([]);
    expect(await found('--search', 'is:queued to:anna')).toEqual([1]);
  });

  it('list all that matches, however far apart it is', async () => {
    const { data, store, domainId } = await storeWithDomain();
    await acceptMany(store, domainId, 700, (index) => ({ subject: index % 350 === 0 ? 'rare' : 'common' }));
    const { stdout } = await postern(['messages', '--json', '--search', 'subject:rare', '--data', data]);
    expect(lines(stdout)).toHaveLength(2);
  });

  it('point at the part of a search that is wrong', async () => {
    const { exitCode, stderr } = await postern([
      'messages',
      '--search',
      'from:anna is:lost',
      '--data',
      'none',
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      'postern: --search: is: needs one of held, queued, deferred, delivered, bounced, cancelled\n' +
        '  from:anna is:lost\n' +
        '            ^^^^^^^\n',
    );
  });

  it.each([
    [['--since', 'monday'], /^postern: --since "monday" is not a day such as 2026-11-29/],
    [['--until', '31-12-2026'], /^postern: --until "31-12-2026" is not a day/],
    [['--search', '"open'], /^postern: --search: The quotation mark is not closed\n {2}"open\n {2}\^{5}\n$/],
    [
      ['--domain', 'a@example.com'],
      /"a@example.com" is not a domain name; give only what stands after the @/,
    ],
  ])('refuse %j', async (args, reason) => {
    const { exitCode, stdout, stderr } = await postern(['messages', ...args, '--data', 'none']);
    expect(exitCode).toBeGreaterThan(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(reason);
  });
});

describe('postern messages --follow', () => {
  const following = (data: string, ...args: string[]): Running =>
    new Running(spawn(process.execPath, [MAIN, 'messages', '--follow', ...args, '--data', data]));

  it('shows the newest, oldest first, then each one that comes in, once, until SIGINT', async () => {
    const gateway = await GatewayProcess.start();
    const talk = await app(gateway);
    const before = [await send(talk), await send(talk), await send(talk)];
    const follower = following(gateway.data, '--json', '--limit', '2');
    await follower.says(new RegExp(`"id":"${before[2] ?? ''}"`));
    const after: string[] = [];
    for (let count = 0; count < 30; count++) after.push(await send(talk));
    await follower.says(new RegExp(`"id":"${after.at(-1) ?? ''}"`));
    expect(await follower.stop('SIGINT')).toBe(0);
    expect(lines(follower.stdout).map(({ id }) => id)).toEqual([...before.slice(1), ...after]);
    expect(follower.stderr).toBe('');
  }, 60_000);

  it('keeps to the filter', async () => {
    const gateway = await GatewayProcess.start();
    const talk = await app(gateway);
    await send(talk);
    const follower = following(gateway.data, '--json', '--tag', 'wanted');
    // It has begun once it shows a message that came after it was started.
    const wanted = await send(talk, { fields: 'X-OMS-Tags: wanted\r\n' });
    await follower.says(new RegExp(`"id":"${wanted}"`));
    await send(talk, { fields: 'X-OMS-Tags: other\r\n' });
    const last = await send(talk, { fields: 'X-OMS-Tags: wanted, other\r\n' });
    await follower.says(new RegExp(`"id":"${last}"`));
    expect(lines(follower.stdout).map(({ id }) => id)).toEqual([wanted, last]);
    expect(await follower.stop('SIGTERM')).toBe(0);
  }, 60_000);

  it.runIf(process.platform === 'linux')(
    'ends when the reader of its pipe has gone away, although nothing comes in',
    async () => {
      const gateway = await GatewayProcess.start();
      await send(await app(gateway));
      const command = `"${process.execPath}" "${MAIN}" messages --follow --json --data "${gateway.data}"; echo "status $?" >&2`;
      const shell = new Running(spawn('sh', ['-c', `{ ${command}; } | head -n 1`]));
      expect(await shell.exited).toBe(0);
      expect(lines(shell.stdout)).toHaveLength(1);
      expect(shell.stderr).toBe('status 0\n');
    },
    60_000,
  );
});

describe('Arrivals', () => {
  it('finds a message that was stored late, however late, once', async () => {
    const { store, domainId } = await storeWithDomain();
    await accept(store, domainId);
    const slow = store.open();
    const arrivals = await Arrivals.begin(store.mail, {});
    const quick = await accept(store, domainId);
    expect((await arrivals.look()).map(({ id }) => id)).toEqual([quick]);
    for (let count = 0; count < 3; count++) {
      const later = await accept(store, domainId);
      expect((await arrivals.look()).map(({ id }) => id)).toEqual([later]);
      expect(await arrivals.look()).toEqual([]);
    }
    await slow.write(Buffer.from('Subject: x\r\n\r\n'));
    await slow.commit(newMessage(domainId));
    expect((await arrivals.look()).map(({ id }) => id)).toEqual([slow.id]);
    for (let count = 0; count < 3; count++) expect(await arrivals.look()).toEqual([]);
    expect(slow.id).toBeLessThan(quick);
  });

  it('finds a message that the look before missed, since another node stored it at the same moment', async () => {
    const message = (id: number) => ({ id }) as MessageSummary;
    // What one look after the other gets: the second one goes on from 1, in which 2 is not yet.
    const pages: Page[] = [
      { messages: [], next: null, latest: 1 },
      { messages: [message(3)], next: null, latest: 3 },
      { messages: [message(3), message(2)], next: null, latest: 3 },
      { messages: [], next: null, latest: 3 },
    ];
    const asked: (number | undefined)[] = [];
    const page = async (_scope: Scope, { newerThan }: PageRequest): Promise<Page> => {
      asked.push(newerThan);
      return pages.shift() ?? expect.fail('too many questions');
    };
    const arrivals = await Arrivals.begin({ page }, {});
    expect(await arrivals.look()).toEqual([message(3)]);
    expect(await arrivals.look()).toEqual([message(2)]);
    expect(await arrivals.look()).toEqual([]);
    expect(asked).toEqual([undefined, 1, 1, 3]);
  });

  it('takes what is stored at its begin for old, also if there is more than one page', async () => {
    const { store, domainId } = await storeWithDomain();
    await acceptMany(store, domainId, 450);
    const arrivals = await Arrivals.begin(store.mail, {});
    expect(await arrivals.look()).toEqual([]);
    const fresh = await acceptMany(store, domainId, 450);
    expect((await arrivals.look()).map(({ id }) => id)).toEqual(fresh);
    expect(await arrivals.look()).toEqual([]);
  });
});
