import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/delivery/transports/https/address.js';
import { readMessage } from '../../../src/delivery/transports/https/message.js';
import { MAX_ADDRESSES, requestKey, spread } from '../../../src/delivery/transports/https/requests.js';
import { parseRetryAfter } from '../../../src/delivery/transports/https/retry-after.js';
import { Room } from '../../../src/delivery/transports/https/room.js';
import { parseApiUrl } from '../../../src/delivery/transports/https/target.js';
import { judge } from '../../../src/delivery/transports/https/verdict.js';
import { parseMailboxList } from '../../../src/message/mailbox.js';
import { recipient } from '../files/shipment.js';

describe('parseApiUrl', () => {
  it('takes the token out of the URL, and the name of its field', () => {
    const target = parseApiUrl(
      'https://se%2Fcret@mail.example/api/v1/send?token_header=MailPace-Server-Token&x=1',
    );
    expect(target).toMatchObject({
      url: 'https://mail.example/api/v1/send?x=1',
      tokenHeader: 'MailPace-Server-Token',
    });
    expect(typeof target === 'string' ? '' : target.token?.expose()).toBe('se/cret');
    expect(parseApiUrl('http://[::1]:8025/api/v1/send')).toEqual({
      url: 'http://[::1]:8025/api/v1/send',
      token: null,
      tokenHeader: 'OhMySMTP-Server-Token',
    });
  });

  it.each([
    ['http://mail.example/', 'http: is for this machine alone'],
    ['http://127.0.0.1.mail.example/', 'http: is for this machine alone'],
    ['ftp://mail.example/', 'neither https: nor http:'],
    ['https://', 'no URL'],
    ['https://mail.example/?token_header=a%20b', 'token_header'],
    ['https://secret%0d%0aX:@mail.example/', 'characters that no header field can carry'],
    ['https://secret%zz@mail.example/', 'characters that no header field can carry'],
  ])('%s', (text, reason) => {
    expect(parseApiUrl(text)).toEqual(expect.stringContaining(reason));
    expect(parseApiUrl(text)).not.toEqual(expect.stringContaining('secret'));
  });
});

describe('parseRetryAfter', () => {
  const now = Date.UTC(2026, 0, 1);
  it.each([
    ['7', 7000],
    [' 0 ', 0],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Thu, 01 Jan 2020 00:00:00 GMT', 0],
    ['999999999999', 86_400_000],
    ['soon', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    [undefined, undefined],
  ])('%s', (value, wait) => {
    expect(parseRetryAfter(value, now)).toBe(wait);
  });
});

describe('judge', () => {
  const json = 'application/json';
  const defer = { outcome: 'deferred' };
  const fail = { outcome: 'deferred', transportFailed: true };
  const bounce = { outcome: 'bounced' };
  it.each([
    [200, json, '{"id":1,"status":"pending"}', { outcome: 'delivered', reply: 'HTTP 200 id 1 pending' }],
    [202, 'Application/JSON; charset=utf-8', '{"id":"a"}', { outcome: 'delivered', reply: 'HTTP 202 id a' }],
    [200, json, '{"id":null}', defer],
    [200, json, '[', defer],
    [200, json, 'null', defer],
    [200, 'text/plain', '{"id":1}', defer],
    [301, json, '{"error":"moved"}', fail],
    [400, json, '{"error":"Invalid API Token"}', fail],
    [401, json, '{"error":"Missing API Token"}', fail],
    [403, json, '{"error":"Organization disabled"}', fail],
    [
      403,
      json,
      '{"error":"Verified domain does not match domain in From address of email"}',
      { ...bounce, reply: 'HTTP 403 Verified domain does not match domain in From address of email' },
    ],
    [400, json, '{"error":"Email from address not parseable"}', bounce],
    [400, json, '{"errors":{"to":["is invalid"]}}', { ...bounce, hard: true, addressRefused: true }],
    [
      400,
      json,
      '{"errors":{"to":["contains a blocked address"]}}',
      { ...bounce, reply: 'HTTP 400 to contains a blocked address', hard: false, addressRefused: true },
    ],
    [
      400,
      json,
      '{"errors":{"attachments.name":["Extension file type blocked, x"],"to":["is invalid"]}}',
      { ...bounce, reply: 'HTTP 400 attachments.name Extension file type blocked, x; to is invalid' },
    ],
    [400, json, '{"errors":{}}', fail],
    [400, json, '{"errors":{"to":{"deep":1}}}', { ...bounce, reply: 'HTTP 400 to {"deep":1}' }],
    [404, 'text/html', '<h1>', fail],
    [406, json, '{"error":"Invalid request format or content type"}', bounce],
    [409, json, '{"error":"in flight"}', defer],
    [413, 'text/html', '', { ...bounce, reply: 'HTTP 413 Content Too Large' }],
    [429, json, '{"error":"You are sending emails too quickly"}', defer],
    [500, undefined, '', { ...defer, reply: 'HTTP 500' }],
    [503, json, '{"error":"down"}', { ...defer, reply: 'HTTP 503 down' }],
  ])('%i %s %s', (status, type, body, verdict) => {
    const answer = { status, headers: { 'content-type': type }, body: Buffer.from(body), tls: null };
    const made = judge(answer, 0);
    expect(made).toMatchObject(verdict);
    expect(made.transportFailed).toBe('transportFailed' in verdict ? true : undefined);
  });
});

describe('spread', () => {
  it('mails each recipient once, nobody else, at most 50 at once, and shows blind ones to nobody', () => {
    const address = fc.integer({ min: 0, max: 150 }).map((number) => `r${number}@x.example`);
    const named = address.map((text) => ({ name: 'N', address: text.toUpperCase() }));
    fc.assert(
      fc.property(
        fc.uniqueArray(address, { minLength: 1, maxLength: 140 }),
        fc.array(named, { maxLength: 90 }),
        fc.array(named, { maxLength: 90 }),
        (paths, to, cc) => {
          const requests = spread(
            paths.map((path, position) => recipient(position, path)),
            { to, cc },
          );
          const mailed = requests.flatMap((request) => [...request.to, ...request.cc, ...request.bcc]);
          const bare = mailed.map((text) => text.replace(/^N <(.*)>$/, '$1'));
          expect([...bare].sort()).toEqual([...paths].sort());
          expect(requests.flatMap(({ positions }) => positions.map((at) => paths[at]))).toEqual(bare);
          const visible = new Set([...to, ...cc].map((one) => one.address.toLowerCase()));
          for (const request of requests) {
            const { positions } = request;
            expect(request.to.length).toBeGreaterThan(0);
            expect(positions.length).toBeLessThanOrEqual(MAX_ADDRESSES);
            const shown = [...request.to, ...request.cc].filter((text) => !text.startsWith('N '));
            expect(shown.every((text) => !visible.has(text))).toBe(true);
            if (shown.length > 0) expect(positions).toHaveLength(1);
          }
        },
      ),
    );
  });

  it('puts 50 in one request and the 51st in another', () => {
    const to = Array.from({ length: 51 }, (_, at) => ({ name: '', address: `${at}@x.example` }));
    const sizes = (count: number): number[] =>
      spread(
        to.slice(0, count).map((one, at) => recipient(at, one.address)),
        { to, cc: [] },
      ).map(({ positions }) => positions.length);
    expect([sizes(50), sizes(51)]).toEqual([[50], [50, 1]]);
  });

  it('has a key for each set of recipients, whatever their order', () => {
    const of = (...positions: number[]): string => requestKey('k', { positions, to: [], cc: [], bcc: [] });
    expect(of(1, 2)).toBe(of(2, 1));
    expect(new Set([of(1, 2), of(12), of(1), of(2)]).size).toBe(4);
  });
});

describe('formatAddress', () => {
  it('writes what is read again as the same', () => {
    const name = fc.string({ unit: 'grapheme-ascii' }).map((text) => text.trim().replace(/\s+/g, ' '));
    fc.assert(
      fc.property(name, (name) => {
        const read = parseMailboxList(formatAddress({ name, address: 'a@x.example' }));
        expect(read).toMatchObject({ ok: true, value: [{ address: 'a@x.example' }] });
        expect(read.ok && (read.value[0]?.displayName ?? '')).toBe(name);
      }),
    );
  });
});

describe('readMessage', () => {
  const read = (text: string): ReturnType<typeof readMessage> => readMessage(Buffer.from(text, 'latin1'));
  const multipart = (type: string, ...parts: string[]): string =>
    `From: a@b\r\nContent-Type: multipart/${type}; boundary=X\r\n\r\n` +
    `${parts.map((part) => `--X\r\n${part}\r\n`).join('')}--X--\r\n`;

  it('has text, HTML and inline pictures by their Content-ID', async () => {
    const { fields } = await read(
      multipart(
        'related',
        'Content-Type: text/html; charset=iso-8859-1\r\n\r\n<p>Gr\xfc\xdfe <img src="cid:logo">',
        'Content-Type: image/png\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==',
        'Content-Type: application/pdf; name="a.pdf"\r\nContent-Disposition: attachment\r\n\r\n%PDF',
      ),
    );
    expect(fields).toEqual({
      htmlbody: expect.stringContaining('Grüße'),
      attachments: [
        { name: 'attachment-1.png', content: 'iVBORw==', content_type: 'image/png', cid: 'logo' },
        { name: 'a.pdf', content: Buffer.from('%PDF\n').toString('base64'), content_type: 'application/pdf' },
      ],
    });
  });

  it('keeps a message in the message whole, and an attachment without a name', async () => {
    const inner = 'Subject: inner\r\n\r\ninner text';
    const { fields } = await read(
      multipart(
        'mixed',
        'Content-Type: text/plain\r\n\r\nouter',
        `Content-Type: message/rfc822\r\n\r\n${inner}`,
      ),
    );
    expect(fields.textbody).toBe('outer\n');
    expect(fields.attachments).toMatchObject([{ name: 'attachment-1.att', content_type: 'message/rfc822' }]);
    const content = Buffer.from(fields.attachments?.[0]?.content ?? '', 'base64').toString();
    expect(content.replaceAll('\r\n', '\n')).toContain('Subject: inner\n\ninner text');
  });

  it('has an invitation as an attachment beside its text', async () => {
    const { fields } = await read(
      multipart(
        'alternative',
        'Content-Type: text/plain\r\n\r\nCome',
        'Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR',
      ),
    );
    expect(fields).toMatchObject({
      textbody: 'Come\n',
      attachments: [{ content: Buffer.from('BEGIN:VCALENDAR\n').toString('base64') }],
    });
  });

  it('has a body of one space where there is no text', async () => {
    const pdf =
      'From: a@b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF\r\n';
    expect((await read(pdf)).fields).toMatchObject({ textbody: ' ', attachments: [{ name: 'a.pdf' }] });
    expect((await read('From: a@b\r\n\r\n')).fields).toEqual({ textbody: ' ' });
  });

  it('gives the members of groups, and names decoded', async () => {
    const { to, cc, fromName } = await read(
      'From: =?utf-8?q?=C3=89?= <a@b>\r\nTo: Team: "A, B" <x@y>, z@y;\r\nCc: undisclosed-recipients:;\r\n\r\nx',
    );
    expect([fromName, to, cc]).toEqual([
      'É',
      [
        { name: 'A, B', address: 'x@y' },
        { name: '', address: 'z@y' },
      ],
      [],
    ]);
  });

  it.each([
    ['multipart/signed; protocol="application/pgp-signature"; boundary=X', '5.6.2'],
    ['Multipart/Encrypted ; boundary=X', '5.6.2'],
    ['application/x-pkcs7-mime; smime-type=enveloped-data', '5.6.2'],
  ])('does not break %s', async (type, enhancedCode) => {
    await expect(read(`From: a@b\r\nContent-Type: ${type}\r\n\r\nx`)).rejects.toMatchObject({ enhancedCode });
  });

  it('gives up on parts in parts without end', async () => {
    const nested = Array.from(
      { length: 300 },
      (_, at) => `Content-Type: multipart/mixed; boundary=B${at}\r\n\r\n--B${at}\r\n`,
    );
    await expect(read(`From: a@b\r\n${nested.join('')}`)).rejects.toMatchObject({ enhancedCode: '5.6.0' });
  });
});

describe('Room', () => {
  it('never holds more than it has, but for one alone, and lets everybody in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 1 }), async (sizes) => {
        const room = new Room(10);
        const inside: number[] = [];
        await Promise.all(
          sizes.map((size) =>
            room.hold(size, async () => {
              inside.push(size);
              const sum = inside.reduce((a, b) => a + b, 0);
              expect(sum <= 10 || inside.filter((one) => one > 0).length === 1).toBe(true);
              await Promise.resolve();
              inside.splice(inside.indexOf(size), 1);
            }),
          ),
        );
        await expect(room.hold(1, () => Promise.reject(new Error('x')))).rejects.toThrow('x');
        await room.hold(10, () => Promise.resolve());
      }),
    );
  });
});
