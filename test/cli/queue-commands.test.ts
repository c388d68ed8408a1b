import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { scratch } from '../scratch.js';
import { accept, postern, runningStore } from './postern.js';

const NOON = Date.UTC(2026, 0, 2, 12);

async function storeWithDomain() {
  const data = await scratch();
  const store = await runningStore(data);
  const domain = await store.addDomain('example.com', new Uint8Array(32).fill(1), 0);
  return { data, store, domainId: domain?.id ?? 0 };
}

const command = (data: string, ...args: string[]) => postern([...args, '--data', data]);

function lines(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A message to two, of whom the first has been put off. */
async function deferred(store: Store, domainId: number): Promise<number> {
  const recipients = [{ forwardPath: 'one@example.net' }, { forwardPath: 'two@example.net' }];
  const id = await accept(store, domainId, { status: 'queued', recipients, receivedAt: NOON });
  const [lease] = await store.queue.lease({ now: NOON, until: NOON + 1, limit: 1, perDomain: 1 });
  if (lease === undefined) throw new Error('nothing is due');
  const reply = '451 4.3.0 Later\u001b[2J';
  const attempt = { at: NOON, outcome: 'deferred', remoteHost: 'mx.example.net', reply, tls: null } as const;
  const settlement = { position: 0, attempt, nextAttemptAt: NOON + 60_000, report: null, block: false };
  await store.queue.settle(lease, [settlement], true);
  return id;
}

async function statusesOf(store: Store, id: number): Promise<string[]> {
  return (await store.message(id))?.recipients.map(({ status }) => status) ?? [];
}

describe('postern queue', () => {
  it('prints JSON lines of a fixed form, oldest first', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const id = await deferred(store, domainId);
    await accept(store, domainId, { status: 'held' });
    const { exitCode, stdout, stderr } = await command(data, 'queue', '--json');
    expect([exitCode, stderr]).toEqual([0, '']);
    const common =
      `{"id":"${id}","domain":"example.com","from":"app@example.com",` +
      '"to":"ONE","status":"STATUS","receivedAt":"2026-01-02T12:00:00.000Z","attempts":TRIES,';
    const line = (to: string, status: string, tries: number, rest: string) =>
      common.replace('ONE', to).replace('STATUS', status).replace('TRIES', String(tries)) + rest;
    expect(stdout).toBe(
      `${line(
        'one@example.net',
        'deferred',
        1,
        '"nextAttemptAt":"2026-01-02T12:01:00.000Z","leased":false,"lastAttempt":' +
          '{"at":"2026-01-02T12:00:00.000Z","outcome":"deferred","remoteHost":"mx.example.net",' +
          '"reply":"451 4.3.0 Later\\u001b[2J","tls":null}}',
      )}\n${line(
        'two@example.net',
        'queued',
        0,
        '"nextAttemptAt":"2026-01-02T12:00:00.000Z","leased":false,"lastAttempt":null}',
      )}\n`,
    );
  });

  it('shows people which recipients wait and why, and nothing that drives the terminal', async () => {
    const { data, store, domainId } = await storeWithDomain();
    await deferred(store, domainId);
    const { stdout } = await command(data, 'queue');
    expect(stdout).toMatch(/^ID +DOMAIN +TO +STATUS +TRIES +NEXT +WHY\n/);
    expect(stdout).toMatch(
      /one@example\.net +deferred +1 +2026-01-02T12:01:00Z +451 4\.3\.0 Later\ufffd\[2J\n/,
    );
    expect(stdout).toMatch(/two@example\.net +queued +0 +2026-01-02T12:00:00Z\n/);
  });

  it('applies --domain and --limit, and lists everything with --json, page by page', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const other = await store.addDomain('other.example', new Uint8Array(32).fill(2), 0);
    for (let n = 0; n < 210; n++) await accept(store, domainId, { status: 'queued' });
    const last = await accept(store, other?.id ?? 0, { status: 'queued' });
    const ids = async (...args: string[]) =>
      lines((await command(data, 'queue', '--json', ...args)).stdout).map(({ id }) => id);
    const all = await ids();
    expect(all).toHaveLength(211);
    expect(all).toEqual([...all].sort());
    expect(await ids('--domain', 'Other.Example')).toEqual([String(last)]);
    expect(await ids('--limit', '201')).toEqual(all.slice(0, 201));
    const people = await command(data, 'queue');
    expect(people.stdout.split('\n')).toHaveLength(52);
    expect(people.stderr).toBe('There are more; --limit shows more than 50.\n');
  });

  it('says when nothing waits', async () => {
    const { data } = await storeWithDomain();
    expect(await command(data, 'queue')).toEqual({ exitCode: 0, stdout: '', stderr: 'Nothing waits.\n' });
    expect((await command(data, 'queue', '--json')).stderr).toBe('');
  });
});

describe('postern retry', () => {
  it('makes the waiting recipients due now', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const id = await deferred(store, domainId);
    const before = Date.now();
    expect((await command(data, 'retry', String(id))).stdout).toBe(
      `2 recipients of message ${id} will be tried now.\n`,
    );
    const [recipient] = (await store.message(id))?.recipients ?? [];
    expect(recipient?.nextAttemptAt).toBeGreaterThanOrEqual(before);
    expect(lines((await command(data, 'retry', String(id), '--json')).stdout)).toEqual([
      { id: String(id), recipients: 2 },
    ]);
  });
});

describe('postern cancel', () => {
  it('ends waiting and held recipients, and no others', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const id = await deferred(store, domainId);
    const held = await accept(store, domainId, { status: 'held' });
    expect((await command(data, 'cancel', String(id))).stdout).toMatch(/^2 recipients/);
    expect((await command(data, 'cancel', String(held))).stdout).toMatch(/^1 recipient /);
    expect(await statusesOf(store, id)).toEqual(['cancelled', 'cancelled']);
    expect(await statusesOf(store, held)).toEqual(['cancelled']);
    const again = await command(data, 'cancel', String(id));
    expect([again.exitCode, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toContain(`nothing of message ${id} waits or is held`);
  });
});

describe('postern release', () => {
  it('releases one message, whose age counts from then on', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const id = await accept(store, domainId, { status: 'held' });
    const before = Date.now();
    expect((await command(data, 'release', String(id))).stdout).toBe(
      `1 recipient of message ${id} may have it now.\n`,
    );
    expect(await statusesOf(store, id)).toEqual(['queued']);
    const [lease] = await store.queue.lease({ now: Date.now(), until: 2e12, limit: 1, perDomain: 1 });
    expect(lease?.terms.releaseAt).toBeGreaterThanOrEqual(before);
    expect((await command(data, 'release', String(id))).stderr).toContain(`message ${id} is not held`);
  });

  it('releases all messages of a domain, or all there are, page by page', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const other = await store.addDomain('other.example', new Uint8Array(32).fill(2), 0);
    for (let n = 0; n < 205; n++) await accept(store, domainId);
    await accept(store, other?.id ?? 0);
    expect((await command(data, 'release', '--domain', 'other.example')).stdout).toBe(
      '1 message to 1 recipient may leave now.\n',
    );
    expect(lines((await command(data, 'release', '--all', '--json')).stdout)).toEqual([
      { messages: 205, recipients: 205 },
    ]);
    expect(await store.messages({ status: 'held', limit: 1 })).toEqual([]);
    expect((await command(data, 'release', '--all')).stderr).toBe('No such message is held.\n');
  });

  it.each([[[]], [['5', '--all']], [['--all', '--domain', 'example.com']]])('refuses %j', async (args) => {
    const { data } = await storeWithDomain();
    const { exitCode, stderr } = await command(data, 'release', ...args);
    expect([exitCode, stderr]).toEqual([
      1,
      'postern: give one of them: the ID of a message, --domain NAME, or --all\n',
    ]);
  });
});

describe('a message that does not exist', () => {
  it.each(['retry', 'cancel', 'release'])('%s says so', async (what) => {
    const { data } = await storeWithDomain();
    const { exitCode, stderr } = await command(data, what, '7');
    expect([exitCode, stderr]).toEqual([
      1,
      `postern: there is no message 7 in ${data}; "postern messages" shows those that are\n`,
    ]);
  });
});

describe('postern message', () => {
  it('shows the attempts of each recipient', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const id = await deferred(store, domainId);
    const { stdout } = await command(data, 'message', String(id));
    expect(stdout).toContain(`To:          one@example.net (deferred)
             2026-01-02T12:00:00.000Z deferred by mx.example.net: 451 4.3.0 Later\ufffd[2J
             2026-01-02T12:01:00.000Z next try
To:          two@example.net (queued)
             2026-01-02T12:00:00.000Z due
`);
  });
});
