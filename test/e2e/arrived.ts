import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { BODY, RECIPIENTS, SENDER, type Way } from './clients.js';
import type { GatewayProcess, MessageLine } from './gateway-process.js';

/**
 * Looks at what arrived when one client sent the message once in each way, in order, through the command
 * line while the server runs.
 */
export async function expectArrived(gateway: GatewayProcess, ways: readonly Way[]): Promise<void> {
  const messages = (await gateway.messages()).reverse();
  expect(messages, gateway.stderr).toHaveLength(ways.length);
  for (const [index, message] of messages.entries()) {
    const way = ways[index];
    if (way === undefined) throw new Error('more messages than ways');
    expectLine(message, way);
    expectOctets(message, way, await stored(gateway.data, message.id));
    const [line] = gateway.log.filter(({ msg, id }) => msg === 'accepted' && id === message.id);
    expect(line).toMatchObject({ level: 'info', domain: 'example.com', recipients: 2 });
    expect(line?.['session']).toMatch(/^[0-9a-f]+-[0-9a-z]+$/);
  }
  const first = messages[0]?.id ?? '';
  expect(await gateway.raw(first)).toBe(await stored(gateway.data, first));
  await expectNoSecret(gateway);
}

function expectLine(message: MessageLine, { link }: Way): void {
  expect(message).toEqual({
    id: message.id,
    domain: 'example.com',
    status: 'held',
    from: SENDER,
    to: RECIPIENTS,
    subject: 'Grüße',
    tags: ['welcome', 'first mail', 'ümlaut', 'last'],
    listUnsubscribe: '<https://example.com/u?x=1>, <mailto:out@example.com>',
    size: message.size,
    receivedAt: message.receivedAt,
    tls: link === 'plain' ? null : message.tls,
  });
  expect(new Date(message.receivedAt).toISOString()).toBe(message.receivedAt);
  if (link !== 'plain') expect(message.tls).toMatch(/^TLSv1\.[23] [A-Z0-9_]+$/);
}

function expectOctets(message: MessageLine, { link }: Way, raw: string): void {
  expect(raw).toHaveLength(message.size);
  const end = raw.indexOf('\r\n\r\n');
  const header = raw.slice(0, end + 2);
  expect(Buffer.from(raw.slice(end + 4), 'latin1').toString()).toBe(BODY);
  // RFC 3848: who authenticated came by ESMTPA, over TLS by ESMTPSA.
  const keyword = link === 'plain' ? 'ESMTPA' : 'ESMTPSA';
  expect(header.replaceAll('\r\n ', ' ')).toMatch(
    new RegExp(
      `^Received: from \\S+ \\(\\[127\\.0\\.0\\.1\\]\\) by mx\\.example with ${keyword}(?: \\(${message.tls ?? 'none'}\\))? id ${message.id};`,
    ),
  );
  expect(header).toContain('\r\nList-Unsubscribe: <https://example.com/u?x=1>,');
  expect(header).not.toMatch(/^(X-OMS-Tags|X-MailPace-Tags|X-List-Unsubscribe|Bcc):/im);
  expect(header).toContain('\r\nX-Kept:   as  it\r\n\tstands\r\n');
  expect(header.match(/^Message-ID:/gim)).toHaveLength(1);
  expect(header.match(/^Date:/gim)).toHaveLength(1);
}

async function stored(data: string, id: string): Promise<string> {
  const store = await openSqliteStore({ directory: data, exclusive: false });
  try {
    const pieces: Uint8Array[] = [];
    for await (const piece of store.content(Number(id))) pieces.push(piece);
    return Buffer.concat(pieces).toString('latin1');
  } finally {
    await store.close();
  }
}

/** The token stands nowhere but in the file of the first start: not in the log, not in the data. */
export async function expectNoSecret({ token, stdout, stderr, data }: GatewayProcess): Promise<void> {
  const places = new Map([
    ['standard output', stdout],
    ['standard error', stderr],
  ]);
  for (const file of await readdir(data, { recursive: true, withFileTypes: true })) {
    if (file.name === 'first-token') continue;
    if (file.isFile()) places.set(file.name, await readFile(join(file.parentPath, file.name), 'latin1'));
  }
  const forms = [token, btoa(token), btoa(`\0${token}\0${token}`), btoa(`${token}:${token}`)];
  for (const [place, text] of places) {
    for (const form of forms) {
      const at = text.indexOf(form.replace(/=+$/, ''));
      if (at >= 0) throw new Error(`a secret in ${place}: ${text.slice(Math.max(0, at - 200), at + 200)}`);
    }
  }
}
