import { performance } from 'node:perf_hooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  Stopped,
  ContentWorkers,
  type ContentWorkersOptions,
} from '../../../src/delivery/workers/workers.js';
import type { RequestFacts } from '../../../src/delivery/transports/https/compose.js';
import { RUNNING } from '../files/shipment.js';

const FACTS: RequestFacts = {
  recipients: [{ position: 0, forwardPath: 'a@x.example' }],
  tags: [],
  most: 1 << 30,
};
const MESSAGE = 'From: a@example.com\r\nTo: a@x.example\r\n\r\nHello\r\n';

function open(options: ContentWorkersOptions = {}): ContentWorkers {
  const workers = new ContentWorkers(options);
  onTestFinished(() => workers.close());
  return workers;
}

async function* content(...pieces: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}

/** The body that a job makes, as JSON without its first brace. */
async function body(workers: ContentWorkers, octets: AsyncIterable<Uint8Array>, tenant = 1): Promise<string> {
  const { pieces } = await workers.run(tenant, 'request', FACTS, octets, RUNNING);
  return Buffer.concat(pieces).toString();
}

/** A message whose text takes 100 MB of heap and some seconds. */
const LARGE = Buffer.concat([
  Buffer.from('Content-Type: text/plain; charset=utf-8; format=flowed\r\n\r\n'),
  Buffer.from('\u20ac \r\n'.repeat(2_500_000)),
]);

describe('a job', () => {
  it('takes a message in pieces, leaves them as they were, and gives its body in pieces', async () => {
    const workers = open();
    const piece = Buffer.from(MESSAGE.slice(0, 30));
    expect(await body(workers, content(piece, MESSAGE.slice(30)))).toBe('"textbody":"Hello\\n"}');
    expect(piece.toString()).toBe(MESSAGE.slice(0, 30));
  });

  it('that takes too long is refused, and the next one is done', async () => {
    const workers = open({ threads: 1, time: 50 });
    await expect(body(workers, content(LARGE))).rejects.toMatchObject({
      enhancedCode: '5.3.4',
      message: 'the message takes more than 0.05 s to take apart',
    });
    const patient = open({ threads: 1 });
    expect(await body(patient, content(MESSAGE))).toContain('Hello');
  });

  it('that takes too much memory is refused, and the one after it is done', async () => {
    const workers = open({ threads: 1, heap: 24 * 1024 * 1024 });
    const fields = Array.from({ length: 190_000 }, (_, at) => `${at.toString(36)}:\r\n`).join('');
    const refused = expect(body(workers, content(fields))).rejects.toMatchObject({
      enhancedCode: '5.3.4',
      message: 'the message takes more than 24 MiB of memory to take apart',
    });
    const after = body(workers, content(MESSAGE));
    await refused;
    expect(await after).toContain('Hello');
  });

  it('that cannot be done is refused in words', async () => {
    const nested = Array.from(
      { length: 250 },
      (_, at) => `Content-Type: multipart/mixed; boundary=B${at}\r\n\r\n--B${at}\r\n`,
    );
    await expect(body(open(), content(nested.join('')))).rejects.toMatchObject({
      enhancedCode: '5.6.0',
      message: 'the message has multiparts nested more than 50 deep',
    });
  });

  it('fails as its content does', async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('x');
      throw new Error('the store is gone');
    };
    await expect(body(open(), broken())).rejects.toThrow('the store is gone');
  });
});

describe('stopping', () => {
  it('ends what is under way and what waits at once', async () => {
    const workers = open({ threads: 1 });
    const jobs = [LARGE, MESSAGE, MESSAGE].map((each) => body(workers, content(each)));
    const ended = Promise.all(jobs.map((job) => expect(job).rejects.toBeInstanceOf(Stopped)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    workers.close();
    await ended;
    await expect(body(workers, content(MESSAGE))).rejects.toBeInstanceOf(Stopped);
  });

  it('by a signal ends one job, running or waiting, and no other one', async () => {
    const workers = open({ threads: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    const running = workers.run(1, 'request', FACTS, content(LARGE), first.signal);
    const waiting = workers.run(1, 'request', FACTS, content(MESSAGE), second.signal);
    const other = body(workers, content(MESSAGE));
    const ended = Promise.all([running, waiting].map((job) => expect(job).rejects.toBeInstanceOf(Stopped)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    second.abort();
    first.abort();
    await ended;
    expect(await other).toContain('Hello');
  });
});

it('lets tenants take turns', async () => {
  const workers = open({ threads: 1 });
  const done: number[] = [];
  const jobs = [1, 1, 1, 1, 2, 3].map(async (tenant) => {
    await body(workers, content(MESSAGE), tenant);
    done.push(tenant);
  });
  await Promise.all(jobs);
  expect(done.slice(0, 4).sort()).toEqual([1, 1, 2, 3]);
  expect(done).toHaveLength(6);
});

it('leaves the event loop free while a hostile message is taken apart', async () => {
  const workers = open();
  const before = performance.eventLoopUtilization();
  await expect(
    body(workers, content('From: a@b\r\n\r\n', Buffer.alloc(9_000_000, '\r\n'))),
  ).resolves.toContain('\\n');
  // A share and not a time: the loop copies the octets and waits.
  expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5);
});
