/**
 * Invariant: the server's memory is bounded by its configuration, whatever is sent to it at once.
 *
 * POSTERN_MEMORY_MIB says how large each of the twenty messages is; 50 is the largest that the default
 * configuration takes.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { GatewayProcess, memoryOf } from '../e2e/gateway-process.js';
import { Talk } from '../server/talk.js';

const SENDERS = 20;
const MIB = 1024 * 1024;
const BODY_MIB = Number(process.env['POSTERN_MEMORY_MIB'] ?? 8);
const LIMIT_MIB = 300;

/** A mebibyte of lines, all of them different. */
const BLOCK = Buffer.from(
  randomBytes(MIB)
    .toString('base64')
    .slice(0, (MIB / 64) * 62)
    .replace(/.{62}/g, '$&\r\n'),
  'latin1',
);

describe.skipIf(!existsSync('/proc/self/status'))('peak memory', () => {
  it.each(['plain', 'tls'] as const)(
    `of ${SENDERS} messages of ${BODY_MIB} MiB at once over %s is under ${LIMIT_MIB} MiB`,
    async (link) => {
      const scheme = link === 'tls' ? 'smtps' : 'smtp';
      const gateway = await GatewayProcess.start({ listen: [`${scheme}://127.0.0.1:0`] });
      const before = await memoryOf(gateway.pid, 'VmHWM');
      const hash = createHash('sha256');
      for (let n = 0; n < BODY_MIB - 1; n++) hash.update(BLOCK);
      const expected = hash.digest('hex');
      await Promise.all(Array.from({ length: SENDERS }, () => send(gateway, link === 'tls')));
      const peak = await memoryOf(gateway.pid, 'VmHWM');
      console.log(`${link}: ${kib(before)} at rest, ${kib(peak)} at the most`);
      await gateway.stop();
      expect(await storedHashes(gateway.data)).toEqual(Array<string>(SENDERS).fill(expected));
      expect(peak).toBeLessThan(LIMIT_MIB * 1024);
    },
    300_000,
  );
});

function kib(value: number | null): string {
  return `${Math.round((value ?? NaN) / 1024)} MiB`;
}

async function send(gateway: GatewayProcess, tls: boolean): Promise<void> {
  const talk = await Talk.greeted(gateway.port, { tls });
  expect(await talk.signIn(gateway.token)).toMatch(/^235/);
  await talk.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<you@example.net>', '< 250');
  await talk.play('> DATA', '< 354');
  talk.write('From: app@example.com\r\n\r\n');
  for (let n = 0; n < BODY_MIB - 1; n++) {
    if (!talk.socket.write(BLOCK)) await new Promise((resolve) => talk.socket.once('drain', resolve));
  }
  talk.write('.\r\n');
  // A slow disk takes its time over all this.
  expect(await talk.reply(120_000)).toMatch(/^250/);
  talk.socket.destroy();
}

async function storedHashes(data: string): Promise<string[]> {
  const store = await openSqliteStore({ directory: data, exclusive: false });
  try {
    const hashes: string[] = [];
    for (const { id } of await store.messages({ limit: 100 })) {
      const hash = createHash('sha256');
      let header = Buffer.alloc(0);
      let inBody = false;
      for await (const piece of store.content(id)) {
        if (inBody) {
          hash.update(piece);
          continue;
        }
        header = Buffer.concat([header, piece]);
        const end = header.indexOf('\r\n\r\n');
        if (end < 0) continue;
        inBody = true;
        hash.update(header.subarray(end + 4));
      }
      hashes.push(hash.digest('hex'));
    }
    return hashes;
  } finally {
    await store.close();
  }
}
