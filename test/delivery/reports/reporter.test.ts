/**
 * Invariant: each notification that is due is sent once: a message on the same queue is stored in the transaction that
 * marks it as done, whatever fails meanwhile, and even if two processes do so at one time.
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ReportsOptions, startReports } from '../../../src/delivery/reports/reporter.js';
import { DELIVERY } from '../../../src/delivery/limits.js';
import { settlementOf } from '../../../src/delivery/queue/settlement.js';
import { type NewMessage, StoreError, type Store } from '../../../src/store/port.js';
import type { Lease } from '../../../src/store/queue.js';
import { openSqliteStore } from '../../../src/store/sqlite/index.js';
import { until } from '../../server/harness.js';
import { addDomain, contentOf, newMessage, tempFolder } from '../../store/fixtures.js';
import { MESSAGE } from './owed.js';
import { parse } from './parse.js';

const RETRY = {
  base: DELIVERY.retryBase.initial,
  max: DELIVERY.retryMax.initial,
  expireAfter: DELIVERY.expireAfter.initial,
  delayAfter: DELIVERY.delayAfter.initial,
};
const OPTIONS: ReportsOptions = { hostname: 'mx.example', retry: RETRY };

async function openStore(): Promise<{ store: Store; domainId: number }> {
  const folder = tempFolder();
  onTestFinished(folder.remove);
  const store = await openSqliteStore({ directory: folder.path, exclusive: true });
  onTestFinished(() => store.close());
  return { store, domainId: (await addDomain(store)).id };
}

/** Puts a message on the queue. */
async function submit(store: Store, domainId: number, changes: Partial<NewMessage> = {}): Promise<number> {
  const draft = store.open();
  await draft.write(Buffer.from(MESSAGE));
  await draft.commit(newMessage(domainId, { status: 'queued', receivedAt: Date.now(), ...changes }));
  return draft.id;
}

/** Takes the due messages, and lets each recipient fail for good, as the runner does. */
async function bounceAll(store: Store): Promise<Lease[]> {
  const now = Date.now();
  const leases = await store.queue.lease({ now, until: now + 60_000, limit: 100, perDomain: 100 });
  for (const lease of leases) {
    const settlements = lease.recipients.map((recipient) =>
      settlementOf(
        RETRY,
        lease,
        recipient,
        {
          position: recipient.position,
          outcome: 'bounced',
          reply: '550 5.1.1 No such user',
          enhancedCode: '5.1.1',
          remoteHost: 'mx.example.net',
          tls: null,
        },
        { now, chance: 0 },
      ),
    );
    await store.queue.settle(lease, settlements, true);
  }
  return leases;
}

function start(store: Parameters<typeof startReports>[0], options: Partial<ReportsOptions> = {}) {
  const reports = startReports(store, { ...OPTIONS, ...options });
  onTestFinished(() => reports.close());
  return reports;
}

/** Returns the stored notifications, oldest first. */
async function notifications(store: Store) {
  const messages = await store.messages({ limit: 100 });
  return messages.filter(({ from }) => from.startsWith('MAILER-DAEMON@')).reverse();
}

/** Waits until no notification is due and so many are stored. */
async function paid(store: Store, count: number): Promise<void> {
  let done = false;
  const look = async (): Promise<void> => {
    const owed = await store.queue.owedReports(10);
    done = owed.length === 0 && (await notifications(store)).length === count;
  };
  await until(`${count} notifications`, () => {
    void look();
    return done;
  });
}

describe('a notification that is due', () => {
  it('is a message from the null reverse-path to the sender, on the same queue', async () => {
    const { store, domainId } = await openStore();
    const reports = start(store);
    const terms = { ret: 'FULL', envelopeId: 'Q', priority: 3, requireTls: false } as const;
    const id = await submit(store, domainId, {
      messageId: '<1@example.com>',
      recipients: [{ forwardPath: 'a@example.net' }, { forwardPath: 'b@example.net' }],
      terms,
    });
    await bounceAll(store);
    reports.wake();
    await paid(store, 1);
    const [summary] = await notifications(store);
    const detail = await store.message(summary?.id ?? 0);
    expect(detail).toMatchObject({
      reversePath: '',
      status: 'queued',
      from: 'MAILER-DAEMON@mx.example',
      to: ['bounces@example.com'],
      recipients: [{ notify: [] }],
      terms: { priority: 3, requireTls: false, body: '7BIT', smtputf8: false },
      needs: { eightBit: false, utf8Header: false, binary: false, longLines: false },
    });
    expect((await store.mail.message('all', summary?.id ?? 0))?.origin.way).toBe('report');
    const { status, returned, header } = await parse(Buffer.from(await contentOf(store, summary?.id ?? 0)));
    expect(status.map((group) => group['final-recipient'])).toEqual([
      undefined,
      'rfc822; a@example.net',
      'rfc822; b@example.net',
    ]);
    expect(returned?.type).toBe('message/rfc822');
    expect(header.get('in-reply-to')).toBe('<1@example.com>');
    expect((await store.message(id))?.status).toBe('bounced');
  });

  it('goes like its message: with its priority, its requirement on TLS and its tags', async () => {
    const { store, domainId } = await openStore();
    await submit(store, domainId, { tags: ['invoice'], terms: { priority: -4, requireTls: true } });
    await bounceAll(store);
    start(store);
    await paid(store, 1);
    const [summary] = await notifications(store);
    expect(await store.message(summary?.id ?? 0)).toMatchObject({
      tags: ['invoice'],
      terms: { priority: -4, requireTls: true },
    });
  });

  it('stays due after a crash, and the next server sends it', async () => {
    const { store, domainId } = await openStore();
    await submit(store, domainId);
    await bounceAll(store);
    start(store);
    await paid(store, 1);
  });

  it('is never about a notification: a bounce has no bounce', async () => {
    const { store, domainId } = await openStore();
    const reports = start(store);
    await submit(store, domainId);
    await submit(store, domainId, { reversePath: '' });
    await bounceAll(store);
    reports.wake();
    await paid(store, 1);
    const again = await bounceAll(store);
    expect(again.map(({ reversePath }) => reversePath)).toEqual(['']);
    expect(await store.queue.owedReports(10)).toEqual([]);
    reports.wake();
    await reports.close();
    expect(await notifications(store)).toHaveLength(1);
  });

  it('is sent once though several reporters run at the same time', async () => {
    const { store, domainId } = await openStore();
    for (let count = 0; count < 10; count++) await submit(store, domainId);
    await bounceAll(store);
    start(store);
    start(store);
    start(store);
    await paid(store, 10);
  });

  it('goes without the header section if the content of the message is gone', async () => {
    const { store, domainId } = await openStore();
    await submit(store, domainId);
    await bounceAll(store);
    async function* nothing(): AsyncGenerator<Uint8Array> {
      // As after a removal.
    }
    start(withMethods(store, { content: nothing, message: async () => null }));
    await paid(store, 1);
    const [summary] = await notifications(store);
    expect(summary?.subject).toBe('Not delivered: your message');
    expect((await parse(Buffer.from(await contentOf(store, summary?.id ?? 0)))).returned).toBeNull();
  });
});

describe('a store that fails', () => {
  it('is asked again, reported once, and works in the end', async () => {
    const { store, domainId } = await openStore();
    await submit(store, domainId);
    await bounceAll(store);
    const faults: string[] = [];
    let failures = 2;
    start(
      withMethods(store, {
        open: () => {
          if (failures-- > 0) throw new StoreError('full', 'no room');
          return store.open();
        },
      }),
      { observer: { onFault: (what) => void faults.push(what) } },
    );
    await paid(store, 1);
    expect(faults).toEqual(['the store fails, and senders wait for notifications']);
  });

  it('does not hold up notifications if it does not give out the content of a message', async () => {
    const { store, domainId } = await openStore();
    const lost = await submit(store, domainId);
    await submit(store, domainId);
    await bounceAll(store);
    const faults: string[] = [];
    start(
      withMethods(store, {
        async *content(id: number) {
          if (id === lost) throw new StoreError('failed', 'EIO: i/o error, read');
          yield* store.content(id);
        },
      }),
      { observer: { onFault: (what) => void faults.push(what) } },
    );
    await paid(store, 2);
    expect(faults).toEqual([`the notification of message ${lost} returns no part of it`]);
    const returned = await Promise.all(
      (await notifications(store)).map(
        async ({ id }) => (await parse(Buffer.from(await contentOf(store, id)))).returned,
      ),
    );
    expect(returned.map((part) => part === null).sort()).toEqual([false, true]);
  });

  it('is not asked again after it is closed', async () => {
    const { store } = await openStore();
    const faults: unknown[] = [];
    const reports = start(store, { observer: { onFault: (...fault) => void faults.push(fault) } });
    await store.close();
    reports.wake();
    await reports.close();
    expect(faults).toEqual([]);
  });
});

it('drops a notification that cannot be made, and sends the others', async () => {
  const { store, domainId } = await openStore();
  const poisoned = await submit(store, domainId);
  await submit(store, domainId);
  await bounceAll(store);
  const faults: unknown[] = [];
  const recorded: number[] = [];
  start(
    withMethods(store, {
      message: async (id) => {
        if (id === poisoned) throw new TypeError('a bug');
        return store.message(id);
      },
    }),
    {
      observer: {
        onFault: (what) => void faults.push(what),
        onReported: ({ report }) => void recorded.push(report.id),
      },
    },
  );
  await paid(store, 1);
  expect(faults).toEqual([`no notification could be made of message ${poisoned}`]);
  expect(recorded).toHaveLength(1);
});

/** Returns a store with some of its methods replaced. */
function withMethods(
  store: Store,
  methods: Partial<Pick<Store, 'open' | 'message' | 'content'>>,
): Pick<Store, 'queue' | 'open' | 'message' | 'content'> {
  return {
    queue: store.queue,
    open: () => store.open(),
    message: (id) => store.message(id),
    content: (id) => store.content(id),
    ...methods,
  };
}
