import { describe, expect, it, onTestFinished } from 'vitest';
import { Refusal } from '../../src/server/index.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { Submissions } from '../../src/submission/submissions.js';
import { tempFolder } from '../store/fixtures.js';

const IN_FLIGHT = 4 * 1024 * 1024;
const PIECE = Buffer.from(`X-A: ${'a'.repeat(8185)}\r\n`);

async function submissions() {
  const folder = tempFolder();
  const store = await openSqliteStore({ directory: folder.path, exclusive: true, inFlightOctets: IN_FLIGHT });
  onTestFinished(async () => {
    await store.close();
    folder.remove();
  });
  const domain = await store.addDomain('example.com', new Uint8Array(32), 0);
  if (domain === null) throw new Error('there is no domain');
  const rules = new Submissions({ store, hostname: 'mx.example' });
  return () =>
    rules.accept({
      domain,
      reversePath: 'app@example.com',
      recipients: [{ forwardPath: 'you@example.net' }],
      parameters: {},
      helloName: 'app',
      extended: true,
      lmtp: false,
      authenticated: true,
      utf8: false,
      clientAddress: '192.0.2.7',
      tls: null,
    });
}

/** Writes a piece, and returns whether the message is still being taken. */
function goesOn(acceptance: ReturnType<Awaited<ReturnType<typeof submissions>>>, piece: Uint8Array): boolean {
  try {
    void acceptance.write(piece);
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    expect(error.reply.toString()).toContain('452 4.3.1');
    acceptance.abort();
    return false;
  }
}

describe('header sections that are not complete', () => {
  // 10,000 sections of 255 KB took 3 GB, because store.in_flight did not count them.
  it('have half of store.in_flight in all, and the largest give way', async () => {
    const accept = await submissions();
    let open = Array.from({ length: 2000 }, accept);
    for (let round = 0; round < 31; round += 1) open = open.filter((acceptance) => goesOn(acceptance, PIECE));
    const held = open.filter((acceptance) => goesOn(acceptance, Buffer.from('X'))).length * 31 * PIECE.length;
    expect(held).toBeGreaterThan(IN_FLIGHT / 8);
    expect(held).toBeLessThanOrEqual(IN_FLIGHT / 2);
    // A small section in two pieces is accepted beside the large ones.
    const small = accept();
    expect(goesOn(small, Buffer.from('From: app@example.com\r\n'))).toBe(true);
    expect(goesOn(small, Buffer.from('\r\nHello\r\n'))).toBe(true);
    await expect(small.end()).resolves.toMatchObject({ from: 'app@example.com' });
    for (const acceptance of open) acceptance.abort();
    // The octets that were counted are free again.
    const again = Array.from({ length: 8 }, accept);
    for (let round = 0; round < 24; round += 1) {
      expect(again.every((acceptance) => goesOn(acceptance, PIECE))).toBe(true);
    }
  });
});
