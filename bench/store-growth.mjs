// Whether a message costs the same however many are kept already: durable commits a second into a store of no
// messages, and of ten, a hundred, a thousand thousand, and what it takes to list the newest.
//
//   npm run -s build && node bench/store-growth.mjs [messages] [--json]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../dist/store/sqlite/index.js';

const JSON_ONLY = process.argv.includes('--json');
const MOST = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 1_000_000);
/** Commits that are timed at each size. */
const TIMED = 10_000;
const SENDERS = 50;
const CONTENT = Buffer.from(
  `From: app@example.com\r\nSubject: x\r\n\r\n${'0123456789abcdef'.repeat(60)}\r\n`,
);

const directory = mkdtempSync(join(tmpdir(), 'postern-bench-'));
const store = await openSqliteStore({ directory, exclusive: true });
const domain = await store.addDomain('example.com', new Uint8Array(32), Date.now());

async function commit(number) {
  const draft = store.open();
  void draft.write(CONTENT);
  await draft.commit({
    domainId: domain.id,
    reversePath: 'app@example.com',
    recipients: [{ forwardPath: `rcpt${number}@example.net` }],
    from: 'app@example.com',
    subject: 'x',
    tags: [],
    listUnsubscribe: null,
    messageId: `<${number}@example.com>`,
    receivedAt: Date.now(),
    tls: null,
    clientAddress: '127.0.0.1',
    status: 'held',
  });
}

let kept = 0;
async function commitTo(total, senders) {
  const send = async () => {
    while (kept < total) await commit(kept++);
  };
  await Promise.all(Array.from({ length: senders }, send));
}

const points = [];
try {
  await commitTo(1_000, SENDERS);
  for (const size of [1_000, 10_000, 100_000, 1_000_000].filter((size) => size <= MOST)) {
    // More at once than the timed ones have: this is only the way there.
    await commitTo(size, 500);
    const began = performance.now();
    await commitTo(size + TIMED, SENDERS);
    const perSecond = (TIMED / (performance.now() - began)) * 1000;
    const asked = performance.now();
    for (let count = 0; count < 20; count++) await store.messages({ domain: 'example.com', limit: 50 });
    const listing = (performance.now() - asked) / 20;
    points.push({ kept: size, perSecond, listing });
    if (!JSON_ONLY) {
      console.log(
        `${String(size).padStart(9)} kept: ${perSecond.toFixed(0)} commits a second, the newest 50 in ${listing.toFixed(2)} ms`,
      );
    }
  }
} finally {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
}
if (JSON_ONLY) console.log(JSON.stringify({ points }));
