import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { NO_TERMS } from '../store/fixtures.js';
import { scratch } from '../scratch.js';
import { Collector, MAIN, accept, acceptMany, postern, runningStore, spawnPostern } from './postern.js';

async function storeWithDomain() {
  const data = await scratch();
  // A clock that stands still: ids follow each other without a gap, so that a page that skips one is seen.
  const store = await runningStore(data, () => Date.UTC(2026, 0, 1));
  const domain = await store.addDomain('example.com', new Uint8Array(32).fill(1), 0);
  return { data, store, domainId: domain?.id ?? 0 };
}

const lines = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('postern messages', () => {
  it('prints JSON lines of a fixed form, newest first', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const first = await accept(store, domainId, { subject: null });
    const second = await accept(store, domainId, {
      recipients: [{ forwardPath: 'z@example.net' }, { forwardPath: 'a@example.net' }],
      tags: ['b', 'a'],
      subject: 'Grüße',
      listUnsubscribe: '<https://example.com/u>',
      tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
    });
    const { exitCode, stdout, stderr } = await spawnPostern(['messages', '--json', '--data', data]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      `{"id":"${second}","domain":"example.com","status":"held","from":"app@example.com",` +
        '"to":["z@example.net","a@example.net"],"subject":"Grüße","tags":["b","a"],' +
        '"listUnsubscribe":"<https://example.com/u>","size":21,"receivedAt":"2026-01-02T03:04:05.678Z",' +
        '"tls":"TLSv1.3 TLS_AES_256_GCM_SHA384"}\n' +
        `{"id":"${first}","domain":"example.com","status":"held","from":"app@example.com",` +
        '"to":["one@example.net"],"subject":null,"tags":[],' +
        '"listUnsubscribe":null,"size":21,"receivedAt":"2026-01-02T03:04:05.678Z","tls":null}\n',
    );
  });

  it('keeps to --domain, --tag, --status and --limit', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const other = await store.addDomain('other.example', new Uint8Array(32).fill(2), 0);
    const ids = [
      await accept(store, domainId, { tags: ['x'] }),
      await accept(store, domainId, { status: 'queued' }),
      await accept(store, other?.id ?? 0, { tags: ['x', 'y'] }),
    ].map(String);
    const found = async (...args: string[]) =>
      lines((await postern(['messages', '--json', '--data', data, ...args])).stdout).map(({ id }) => id);
    expect(await found()).toEqual([ids[2], ids[1], ids[0]]);
    expect(await found('--domain', 'Example.com')).toEqual([ids[1], ids[0]]);
    expect(await found('--tag', 'x')).toEqual([ids[2], ids[0]]);
    expect(await found('--tag', 'x', '--domain', 'example.com')).toEqual([ids[0]]);
    expect(await found('--status', 'queued')).toEqual([ids[1]]);
    expect(await found('--limit', '2')).toEqual([ids[2], ids[1]]);
    expect(await found('--tag', 'none')).toEqual([]);
  });

  it('lists everything with --json, page by page, and the newest 50 in a table', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const ids = await acceptMany(store, domainId, 410);
    const newest = ids.reverse().map(String);
    const all = await postern(['messages', '--json', '--data', data]);
    expect(lines(all.stdout).map(({ id }) => id)).toEqual(newest);
    const some = await postern(['messages', '--json', '--limit', '201', '--data', data]);
    expect(lines(some.stdout).map(({ id }) => id)).toEqual(newest.slice(0, 201));
    const shown = await postern(['messages', '--data', data]);
    expect(
      shown.stdout
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split(' ')[0]),
    ).toEqual(newest.slice(0, 50));
    expect(shown.stderr).toBe('There are older ones; --limit shows more than 50.\n');
  });

  it('prints a table in which no message can drive the terminal', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const id = await accept(store, domainId, {
      subject: 'A\u001b]0;title\u0007\nB\u202e',
      tags: ['one', 'two'],
    });
    const { stdout } = await postern(['messages', '--data', data]);
    expect(stdout).toBe(
      `ID${' '.repeat(String(id).length)}RECEIVED              STATUS  DOMAIN       FROM             TO               TAGS      SUBJECT\n` +
        `${id}  2026-01-02T03:04:05Z  held    example.com  app@example.com  one@example.net  one, two  A\ufffd]0;title\ufffd\ufffdB\ufffd\n`,
    );
    const detail = await postern(['message', String(id), '--data', data]);
    expect(detail.stdout).toContain('Subject:     A\ufffd]0;title\ufffd\ufffdB\ufffd\n');
    expect(detail.stdout).toContain('To:          one@example.net (held)\n');
  });

  it('says that there are no messages, without output', async () => {
    const { data } = await storeWithDomain();
    const none = { exitCode: 0, stdout: '', stderr: 'There are no such messages.\n' };
    expect(await postern(['messages', '--data', data])).toEqual(none);
    expect(await postern(['messages', '--json', '--data', data])).toEqual({ ...none, stderr: '' });
  });

  it.each([
    [['--status', 'lost'], /held, queued, deferred, delivered, bounced/],
    [['--limit', '0'], /--limit <N>.*from 1/],
    [['--limit', '5x'], /--limit <N>.*from 1/],
    [['--limt', '5'], /--limit/],
  ])('refuses %j', async (args, reason) => {
    const { exitCode, stdout, stderr } = await postern(['messages', ...args]);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(reason);
  });
});

describe('postern message', () => {
  it('--json has the fields of the list, and the envelope', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const id = await accept(store, domainId);
    const [listed] = lines((await postern(['messages', '--json', '--data', data])).stdout);
    const [shown] = lines((await postern(['message', String(id), '--json', '--data', data])).stdout);
    expect(shown).toEqual({
      ...listed,
      reversePath: 'bounce@example.com',
      messageId: '<1@example.com>',
      clientAddress: '127.0.0.1',
      recipients: [
        {
          forwardPath: 'one@example.net',
          status: 'held',
          notify: null,
          originalRecipient: null,
          nextAttemptAt: null,
          attempts: [],
        },
      ],
      contentRemoved: false,
      needs: null,
      terms: NO_TERMS,
    });
  });

  it('--json shows what the content needs of servers, if that is known', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const needs = { eightBit: true, utf8Header: false, binary: false, longLines: true };
    const id = await accept(store, domainId, { needs });
    const [shown] = lines((await postern(['message', String(id), '--json', '--data', data])).stdout);
    expect(shown).toMatchObject({ needs });
  });

  it('shows what the sender asked of the delivery', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const id = await accept(store, domainId, {
      recipients: [{ forwardPath: 'one@example.net', notify: [], originalRecipient: 'rfc822;1@example.net' }],
      terms: {
        ret: 'HDRS',
        envelopeId: 'QQ 1',
        releaseAt: Date.UTC(2026, 0, 3),
        deliverBy: { time: Date.UTC(2026, 0, 4), otherwise: 'return', trace: true },
        priority: -3,
        requireTls: true,
      },
    });
    const [shown] = lines((await postern(['message', String(id), '--json', '--data', data])).stdout);
    expect(shown).toMatchObject({
      recipients: [{ notify: [], originalRecipient: 'rfc822;1@example.net' }],
      terms: {
        ret: 'HDRS',
        envelopeId: 'QQ 1',
        releaseAt: '2026-01-03T00:00:00.000Z',
        deliverBy: { time: '2026-01-04T00:00:00.000Z', otherwise: 'return', trace: true },
        priority: -3,
        requireTls: true,
      },
    });
    const { stdout } = await postern(['message', String(id), '--data', data]);
    expect(stdout).toContain('Envelope ID: QQ 1\n');
    expect(stdout).toContain('Not before:  2026-01-03T00:00:00.000Z\n');
    expect(stdout).toContain('Deliver by:  2026-01-04T00:00:00.000Z, or return\n');
    expect(stdout).toContain('Priority:    -3\n');
  });

  it('--raw writes the stored octets and nothing else, of any size', async () => {
    const { data, store, domainId } = await storeWithDomain();
    for (const size of [0, 1, 3_000_001]) {
      const content = randomBytes(size);
      const id = await accept(store, domainId, {}, content);
      const child = spawn(process.execPath, [MAIN, 'message', String(id), '--raw', '--data', data]);
      const [digest, collector] = [createHash('sha256'), new Collector()];
      child.stdout.pipe(collector);
      await once(child, 'close');
      expect(digest.update(collector.octets()).digest('hex')).toBe(
        createHash('sha256').update(content).digest('hex'),
      );
    }
  });

  it('waits for a reader that is slow', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const id = await accept(store, domainId, {}, Buffer.alloc(2_000_000));
    let [waiting, most] = [0, 0];
    const stdout = new Collector();
    const write = stdout._write.bind(stdout);
    stdout._write = (piece, encoding, done) => {
      most = Math.max(most, ++waiting + stdout.writableLength / 300_000);
      setTimeout(() => {
        waiting--;
        write(piece, encoding, done);
      }, 5);
    };
    await run(['message', String(id), '--raw', '--data', data], {
      stdout,
      stderr: new Collector(),
      environment: {},
    });
    expect(stdout.octets()).toHaveLength(2_000_000);
    expect(most).toBeLessThan(2);
  });

  it.each(['message ID --raw', 'messages --json'])(
    'ends quietly when the reader of %s goes away',
    async (args) => {
      const { data, store, domainId } = await storeWithDomain();
      const id = await accept(store, domainId, {}, Buffer.alloc(3_000_000));
      await acceptMany(store, domainId, 400, () => ({ subject: 'x'.repeat(900) }));
      const words = args.replace('ID', String(id)).split(' ');
      const child = spawn(process.execPath, [MAIN, ...words, '--data', data]);
      const stderr = new Collector();
      child.stderr.pipe(stderr);
      await once(child.stdout, 'data');
      child.stdout.destroy();
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
      expect([code, signal, stderr.text()]).toEqual([0, null, '']);
    },
  );

  it('stops reading once the reader has gone away', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const id = await accept(store, domainId, {}, Buffer.alloc(2_000_000));
    let pieces = 0;
    const stdout = new Writable({
      autoDestroy: false,
      write(_piece, _encoding, done) {
        pieces++;
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      },
    });
    const stderr = new Collector();
    const args = ['message', String(id), '--raw', '--data', data];
    const exitCode = await run(args, { stdout, stderr, environment: {} });
    expect([exitCode, stderr.text(), pieces]).toEqual([0, '', 1]);
  });

  it('fails if its output cannot be written for another reason', async () => {
    const { data, store, domainId } = await storeWithDomain();
    const id = await accept(store, domainId);
    const stdout = new Writable({
      write: (_piece, _encoding, done) => done(Object.assign(new Error('no space left'), { code: 'ENOSPC' })),
    });
    const stderr = new Collector();
    const args = ['message', String(id), '--raw', '--data', data];
    const exitCode = await run(args, { stdout, stderr, environment: {} });
    expect([exitCode, stderr.text()]).toEqual([1, expect.stringContaining('no space left')]);
  });

  it('says that there is no such message', async () => {
    const { data } = await storeWithDomain();
    for (const option of ['--raw', '--json']) {
      expect(await postern(['message', '7', option, '--data', data])).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: `postern: there is no message 7 in ${data}; "postern messages" shows those that are\n`,
      });
    }
  });

  it.each([['0'], ['-1'], ['1.5'], ['0x1'], ['99999999999999999999'], ['1', '--raw', '--json'], []])(
    'refuses %j %j %j',
    async (...args) => {
      expect(await postern(['message', ...args])).toMatchObject({ exitCode: 2, stdout: '' });
    },
  );
});
