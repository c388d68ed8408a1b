import { spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { keyRecord, newPrivateKey } from '../../../src/delivery/dkim/new-key.js';
import { RelaxedBody, relaxedField } from '../../../src/delivery/dkim/relaxed.js';
import { Signer } from '../../../src/delivery/dkim/signer.js';
import type { DkimKey } from '../../../src/store/dkim-keys.js';
import { scratch } from '../../scratch.js';
import { dnsServer } from '../dns-server.js';

const OPENDKIM = ['/usr/sbin/opendkim-testmsg', '/usr/bin/opendkim-testmsg'].find(
  (path) => spawnSync(path, ['-h']).error === undefined,
);

const keys: DkimKey[] = [];
beforeAll(async () => {
  for (const algorithm of ['rsa-sha256', 'ed25519-sha256'] as const) {
    const privateKey = await newPrivateKey(algorithm);
    keys.push({
      domain: 'example.com',
      selector: algorithm.slice(0, 3),
      algorithm,
      privateKey,
      createdAt: 0,
      active: true,
    });
  }
});

const signer = (): Signer =>
  new Signer({ list: async (domain) => keys.filter((key) => key.domain === domain) });

/** Signs a message that comes in pieces of a given size. */
async function sign(message: Buffer, piece = 65_536, by = signer()): Promise<Buffer> {
  async function* content(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < message.length; at += piece) yield message.subarray(at, at + piece);
  }
  const signed = await by.signedContent('example.com', { size: message.length, content });
  const pieces: Uint8Array[] = [];
  for await (const octets of signed.content()) pieces.push(octets);
  const whole = Buffer.concat(pieces);
  expect(whole.length).toBe(signed.size);
  expect(whole.subarray(whole.length - message.length)).toEqual(message);
  return whole;
}

/** Returns mailauth's result for each signature, with the records from a name server. */
async function verified(message: Buffer): Promise<[string | undefined, string | undefined][]> {
  const records = keys.map((key) => keyRecord(key));
  const server = await dnsServer(
    Object.fromEntries(records.map(({ name, value }) => [name, { TXT: [value] }])),
  );
  const resolver = new Resolver();
  resolver.setServers([server.address]);
  const { results } = await dkimVerify(message, {
    resolver: (name: string, type: string) => resolver.resolve(name, type),
  } as Parameters<typeof dkimVerify>[1]);
  return results.map((result) => [(result as { algo?: string }).algo, result.status.result]);
}

const PASS = [
  ['ed25519-sha256', 'pass'],
  ['rsa-sha256', 'pass'],
];

const HEADER = 'From: App <app@example.com>\r\nTo: you@example.net\r\nSubject: Hello\r\n';

describe('signatures', () => {
  it.each([
    ['plain', `${HEADER}\r\nHello\r\n`],
    ['no body', `${HEADER}\r\n`],
    ['empty lines at the end', `${HEADER}\r\nHello\r\n\r\n\r\n`],
    ['empty lines only', `${HEADER}\r\n\r\n\r\n\r\n`],
    ['no line end', `${HEADER}\r\nHello`],
    ['white space', `${HEADER}\r\n \t one\t\t two  \r\n\t\r\n  \r\nend \t\r\n \r\n`],
    ['folded', 'From:\r\n App\r\n\t <app@example.com>\r\nSUBJECT :  a \r\n  b\t \r\n\tc \r\n\r\nx\r\n'],
    ['repeated', `Received: a\r\n${HEADER}Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx\r\n`],
    ['8-bit', 'From: app@example.com\r\nSubject: Gr\xc3\xbc\xc3\x9fe\r\n\r\n\xff\xfe\x00\xa0 \xa0\r\n'],
    ['dots', `${HEADER}\r\n.\r\n..\r\n.x\r\n`],
  ])('are valid for a message with %s', async (_, text) => {
    const message = Buffer.from(text, 'latin1');
    const signed = await sign(message);
    expect((await verified(signed)).sort()).toEqual(PASS);
    // The hashes are the same, however the content is split.
    for (const piece of [1, 3, 7]) {
      const hash = (octets: Buffer): string | undefined => /bh=(\S+);/.exec(octets.toString('latin1'))?.[1];
      expect(hash(await sign(message, piece))).toBe(hash(signed));
    }
  });

  it('fail if a signed field is changed, added or doubled', async () => {
    const signed = (await sign(Buffer.from(`${HEADER}\r\nHello\r\n`))).toString();
    for (const broken of [
      signed.replace('Subject: Hello', 'Subject: Hullo'),
      signed.replace('Subject:', 'Subject: Another\r\nSubject:'),
      signed.replace('From:', 'From: evil@example.com\r\nFrom:'),
      signed.replace('To:', 'Cc: more@example.net\r\nTo:'),
      signed.replace('To:', 'Reply-To: evil@example.net\r\nTo:'),
      signed.replace('Hello\r\n', 'Hello!\r\n'),
    ]) {
      const results = await verified(Buffer.from(broken));
      expect(results.map(([, result]) => result)).not.toContain('pass');
    }
    const traced = `Received: by mx\r\nX-Spam: no\r\n${signed}\r\n\r\n`;
    expect((await verified(Buffer.from(traced))).map(([, result]) => result)).toEqual(['pass', 'pass']);
  });

  it('name fields as often as they occur, and once more if none may be added', async () => {
    const signed = await sign(Buffer.from(`${HEADER}List-Unsubscribe: <https://x>\r\nDate: x\r\n\r\nx\r\n`));
    const [, names = ''] = /h=([^;]*);/.exec(signed.toString()) ?? [];
    expect(names.replace(/\s+/g, '')).toBe(
      'From:From:Reply-To:Subject:Subject:To:To:Cc:Date:Date:List-Unsubscribe',
    );
  });

  it('cover ten fields of a name at most, the last ones, and do not grow with the header section', async () => {
    const many = `From: App <app@example.com>\r\n${'To: you@example.net\r\n'.repeat(5000)}`;
    const message = Buffer.from(`${many}\r\nHello\r\n`);
    const signed = await sign(message);
    expect(signed.length - message.length).toBeLessThan(2500);
    const [, names = ''] = /h=([^;]*);/.exec(signed.toString()) ?? [];
    expect(
      names
        .replace(/\s+/g, '')
        .split(':')
        .filter((name) => name === 'To'),
    ).toHaveLength(10);
    expect((await verified(signed)).sort()).toEqual(PASS);
    const ten = Buffer.from(
      `From: App <app@example.com>\r\n${'To: you@example.net\r\n'.repeat(10)}\r\nHello\r\n`,
    );
    const [, all = ''] = /h=([^;]*);/.exec((await sign(ten)).toString()) ?? [];
    expect(
      all
        .replace(/\s+/g, '')
        .split(':')
        .filter((name) => name === 'To'),
    ).toHaveLength(11);
  });

  it('have the domain, whatever its length, in lines that mail can carry', async () => {
    const domain = `${Array.from({ length: 4 }, () => 'd'.repeat(61)).join('.')}.e`;
    const long = keys.map((key) => ({ ...key, domain, selector: 's'.repeat(60) }));
    const by = new Signer({ list: async () => long });
    const signed = (await sign(Buffer.from(`${HEADER}\r\nx\r\n`), 9999, by)).toString();
    expect(signed.match(/^ d=d{61}\.d/gm)).toHaveLength(2);
    expect(Math.max(...signed.split('\r\n').map(({ length }) => length))).toBeLessThanOrEqual(998);
  });

  it('are missing if the domain has no keys, or the message has no header section', async () => {
    const message = Buffer.from(`${HEADER}\r\nx\r\n`);
    expect(await sign(message, 9999, new Signer({ list: async () => [] }))).toEqual(message);
    const off = keys.map((key) => ({ ...key, active: false }));
    expect(await sign(message, 9999, new Signer({ list: async () => off }))).toEqual(message);
    const none = Buffer.from('no header\r\n\r\nx\r\n');
    expect(await sign(none)).toEqual(none);
  });

  it('use cached keys for a while, and ask again after a failure', async () => {
    let [asked, fails, time] = [0, true, 0];
    const list = async (): Promise<DkimKey[]> => {
      asked += 1;
      if (fails) throw new Error('the store is gone');
      return keys;
    };
    const by = new Signer({ list }, { keysFor: 100, now: () => time });
    const message = Buffer.from(`${HEADER}\r\nx\r\n`);
    await expect(sign(message, 9999, by)).rejects.toThrow('the store is gone');
    fails = false;
    await sign(message, 9999, by);
    time = 99;
    await sign(message, 9999, by);
    expect(asked).toBe(2);
    time = 100;
    await sign(message, 9999, by);
    expect(asked).toBe(3);
  });
});

describe('relaxed canonicalization', () => {
  it('is that of RFC 6376 3.4.5', () => {
    expect(relaxedField('A: X\r\n')).toBe('a:X');
    expect(relaxedField('B : Y\t\r\n\tZ  \r\n')).toBe('b:Y Z');
    expect(hash(' C \r\nD \t E\r\n\r\n\r\n')).toBe(sha256(' C\r\nD E\r\n'));
    expect(hash('\r\n\r\n')).toBe(sha256(''));
  });

  it('gives the same for a body in pieces as the definition for the whole body', () => {
    const token = fc.constantFrom(' ', '\t', '\r', '\n', '\r\n', 'x', '\xa0');
    fc.assert(
      fc.property(fc.array(fc.array(token).map((list) => list.join(''))), (pieces) => {
        const lines = pieces
          .join('')
          .split('\r\n')
          .map((line) => line.replace(/[ \t]+/g, ' ').replace(/ $/, ''));
        while (lines.at(-1) === '') lines.pop();
        expect(hash(...pieces)).toBe(sha256(lines.map((line) => `${line}\r\n`).join('')));
      }),
      { numRuns: 2000 },
    );
  });

  it('handles a long line, and many empty ones, in linear time', () => {
    const body = new RelaxedBody();
    const line = Buffer.alloc(262_144, 'x');
    for (let piece = 0; piece < 160; piece++) body.update(line);
    const ends = Buffer.alloc(262_144, '\r\n');
    for (let piece = 0; piece < 160; piece++) body.update(ends);
    body.update(Buffer.from('.'));
    expect(body.digest()).toMatch(/=$/);
  });

  it.skipIf(OPENDKIM === undefined)('agrees with OpenDKIM, also on letters with the octet A0', async () => {
    const folder = await scratch();
    const [rsa] = keys;
    const key = createPrivateKey({ key: Buffer.from(rsa?.privateKey ?? []), format: 'der', type: 'pkcs8' });
    await writeFile(join(folder, 'key.pem'), key.export({ format: 'pem', type: 'pkcs1' }), { mode: 0o600 });
    const header =
      'From: \xc3\xa0 <app@example.com>\r\nDate: Mon, 23 Nov 2026 04:00:00 +0000\r\n' +
      'Subject: voil\xc3\xa0 \r\n\t\xc3\xa0\t  x \r\n';
    const args = ['-C', '-d', 'example.com', '-s', 'rsa', '-k', join(folder, 'key.pem'), '-t', folder];
    const input = Buffer.from(`${header}\r\nx\r\n`, 'latin1');
    const { stdout, status, stderr } = spawnSync(OPENDKIM ?? '', args, { input });
    expect([status, stderr.toString()]).toEqual([0, '']);
    const field = /^DKIM-Signature:(?:.*\r?\n[ \t])*.*\r?\n/m.exec(stdout.toString('latin1'))?.[0] ?? '';
    const tag = (name: string): string =>
      new RegExp(`[;\\s]${name}=([^;]*)`).exec(field)?.[1]?.replace(/\s+/g, '') ?? '';
    expect([tag('a'), tag('c')]).toEqual(['rsa-sha1', 'relaxed/simple']);
    // OpenDKIM's signature, checked over the fields as Postern canonicalizes them.
    const fields = header.split(/(?<=\r\n)(?![ \t])/);
    const signed = tag('h')
      .split(':')
      .flatMap((name) => fields.filter((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`)))
      .map((one) => `${relaxedField(one)}\r\n`);
    const self = relaxedField(field.replace(/([;\s]b=)[^;]*/, '$1').replace(/\r?\n/g, '\r\n'));
    const data = Buffer.from(signed.join('') + self, 'latin1');
    // The program repeats the end of its output: 2048 bits are 344 characters.
    const signature = Buffer.from(tag('b').slice(0, 344), 'base64');
    expect(verify('sha1', data, createPublicKey(key), signature)).toBe(true);
  });
});

function hash(...pieces: string[]): string {
  const body = new RelaxedBody();
  for (const piece of pieces) body.update(Buffer.from(piece, 'latin1'));
  return body.digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('base64');
}
