import { Fault } from '../../../src/base/fault.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/delivery/transports/https/address.js';
import {
  type ComposedRequest,
  type RequestFacts,
  composeRequest,
} from '../../../src/delivery/transports/https/compose.js';
import {
  MAX_ADDRESSES,
  positionsOf,
  requestKey,
  spread,
} from '../../../src/delivery/transports/https/requests.js';
import { parseRetryAfter } from '../../../src/delivery/transports/https/retry-after.js';
import { MemoryBudget } from '../../../src/delivery/workers/memory-budget.js';
import { JsonSink } from '../../../src/delivery/workers/sink.js';
import { wellFormed } from '../../../src/message/charset.js';
import { parseApiUrl } from '../../../src/delivery/transports/https/target.js';
import { resultOf } from '../../../src/delivery/transports/https/outcome.js';
import { parseMailboxList } from '../../../src/message/mailbox.js';
import { recipient } from '../files/shipment.js';

describe('parseApiUrl', () => {
  it('takes the token, and the name of its field, out of the URL', () => {
    const target = parseApiUrl(
      'https://se%2Fcret@mail.example/api/v1/send?token_header=MailPace-Server-Token&x=1',
    );
    expect(target).toMatchObject({
      url: 'https://mail.example/api/v1/send?x=1',
      tokenHeader: 'MailPace-Server-Token',
    });
    expect(target instanceof Fault ? '' : target.token?.expose()).toBe('se/cret');
    expect(parseApiUrl('http://[::1]:8025/api/v1/send')).toEqual({
      url: 'http://[::1]:8025/api/v1/send',
      token: null,
      tokenHeader: 'OhMySMTP-Server-Token',
    });
  });

  it.each([
    ['http://mail.example/', 'http: is allowed for this machine only'],
    ['http://127.0.0.1.mail.example/', 'http: is allowed for this machine only'],
    ['ftp://mail.example/', 'neither https: nor http:'],
    ['https://', 'not a URL'],
    ['https://mail.example/?token_header=a%20b', 'token_header'],
    ['https://secret%0d%0aX:@mail.example/', 'characters that no header field can carry'],
    ['https://secret%zz@mail.example/', 'characters that no header field can carry'],
  ])('%s', (text, reason) => {
    const target = parseApiUrl(text);
    expect(target instanceof Fault && target.reason).toContain(reason);
    expect(JSON.stringify(target)).not.toContain('secret');
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
    const made = resultOf(answer, 0);
    expect(made).toMatchObject(verdict);
    expect(made.transportFailed).toBe('transportFailed' in verdict ? true : undefined);
  });
});

describe('spread', () => {
  it('sends to each recipient once, to no other address, to at most 50 at once, and hides Bcc recipients', () => {
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
          const mailed = requests
            .flatMap((request) => [...request.to, ...request.cc, ...request.bcc])
            .map(({ text }) => text);
          const bare = mailed.map((text) => text.replace(/^N <(.*)>$/, '$1'));
          expect([...bare].sort()).toEqual([...paths].sort());
          expect(requests.flatMap(positionsOf).map((at) => paths[at])).toEqual(bare);
          const visible = new Set([...to, ...cc].map((one) => one.address.toLowerCase()));
          for (const request of requests) {
            const positions = positionsOf(request);
            expect(request.to.length).toBeGreaterThan(0);
            expect(positions.length).toBeLessThanOrEqual(MAX_ADDRESSES);
            const shown = [...request.to, ...request.cc]
              .map(({ text }) => text)
              .filter((text) => !text.startsWith('N '));
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
      ).map((request) => positionsOf(request).length);
    expect([sizes(50), sizes(51)]).toEqual([[50], [50, 1]]);
  });

  it('sends to an address once, however often the envelope has it', () => {
    const paths = ['d@example.net', 'd@EXAMPLE.net', 'x@example.net', 'D@example.net'];
    const to = [
      { name: '', address: 'd@example.net' },
      { name: '', address: 'd@example.net' },
    ];
    const made = spread(
      paths.map((path, position) => recipient(position, path)),
      { to: to.slice(0, 1), cc: [] },
    );
    expect(made).toEqual([
      {
        to: [{ positions: [0, 1], text: 'd@example.net' }],
        cc: [],
        bcc: [
          { positions: [2], text: 'x@example.net' },
          { positions: [3], text: 'D@example.net' },
        ],
      },
    ]);
    const once = spread([recipient(0, 'd@example.net'), recipient(1, 'd@Example.NET')], { to, cc: to });
    expect(once).toEqual([{ to: [{ positions: [0, 1], text: 'd@example.net' }], cc: [], bcc: [] }]);
  });

  it('makes one key for each set of recipients, whatever their order', () => {
    const of = (...positions: number[]): string =>
      requestKey('k', { to: positions.map((at) => ({ positions: [at], text: '' })), cc: [], bcc: [] });
    expect(of(1, 2)).toBe(of(2, 1));
    expect(new Set([of(1, 2), of(12), of(1), of(2)]).size).toBe(4);
  });
});

describe('formatAddress', () => {
  it('writes an address that parses to the same again', () => {
    const name = fc.string({ unit: 'grapheme-ascii' }).map((text) => text.trim().replace(/\s+/g, ' '));
    fc.assert(
      fc.property(name, (name) => {
        const read = parseMailboxList(formatAddress({ name, address: 'a@x.example' }));
        expect(read).toMatchObject([{ address: 'a@x.example' }]);
        expect(read instanceof Fault || (read[0]?.displayName ?? '')).toBe(name);
      }),
    );
  });
});

describe('composeRequest', () => {
  const FACTS = { recipients: [recipient(0, 'you@example.net')], tags: [], most: 1_000_000 };

  /** Returns the JSON that all requests of a message have in common. */
  function compose(
    text: string,
    facts: Partial<RequestFacts> = {},
  ): Record<string, unknown> & ComposedRequest {
    const { value, pieces } = composeRequest({ ...FACTS, ...facts }, Buffer.from(text, 'latin1'));
    const fields = JSON.parse(`{${Buffer.concat(pieces).toString()}`) as Record<string, unknown>;
    return { ...value, ...fields };
  }

  const multipart = (type: string, ...parts: string[]): string =>
    `From: a@b\r\nContent-Type: multipart/${type}; boundary=X\r\n\r\n` +
    `${parts.map((part) => `--X\r\n${part}\r\n`).join('')}--X--\r\n`;

  it('makes text, HTML and inline pictures with their Content-ID', () => {
    const fields = compose(
      multipart(
        'related',
        'Content-Type: text/html; charset=iso-8859-1\r\n\r\n<p>Gr\xfc\xdfe <img src="cid:logo">',
        'Content-Type: image/png\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==',
        'Content-Type: application/pdf; name="a.pdf"\r\nContent-Disposition: attachment\r\n\r\n%PDF',
      ),
    );
    expect(fields).toMatchObject({
      htmlbody: '<p>Grüße <img src="cid:logo">',
      attachments: [
        { name: 'attachment-1.png', content: 'iVBORw==', content_type: 'image/png', cid: 'logo' },
        { name: 'a.pdf', content: Buffer.from('%PDF').toString('base64'), content_type: 'application/pdf' },
      ],
    });
    expect(fields).not.toHaveProperty('textbody');
  });

  it('keeps a message in the message whole, and the parameters of an invitation', () => {
    const inner = 'Subject: inner\r\n\r\ninner text\r\n';
    expect(
      compose(
        multipart(
          'mixed',
          'Content-Type: text/plain\r\n\r\nouter',
          `Content-Type: message/rfc822\r\n\r\n${inner}`,
          'Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR',
        ),
      ),
    ).toMatchObject({
      textbody: 'outer',
      attachments: [
        {
          name: 'attachment-1.eml',
          content_type: 'message/rfc822',
          content: Buffer.from(inner).toString('base64'),
        },
        { name: 'attachment-2.ics', content_type: 'text/calendar; method=REQUEST' },
      ],
    });
  });

  it('makes a body of one space if there is no text', () => {
    const pdf =
      'From: a@b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF\r\n';
    expect(compose(pdf)).toMatchObject({ textbody: ' ', attachments: [{ name: 'a.pdf' }] });
    expect(compose('From: a@b\r\n\r\n')).toMatchObject({ textbody: ' ' });
  });

  it('makes a subject without line ends', () => {
    expect(compose('Subject: =?utf-8?Q?a=0D=0ABcc:_x=40example.net?=\r\n\r\nx')).toMatchObject({
      subject: 'a  Bcc: x@example.net',
    });
  });

  it('makes the members of groups, with decoded names', () => {
    const { fromName, requests } = compose(
      'From: =?utf-8?q?=C3=89?= <a@b>\r\nTo: Team: "A, B" <x@y>, z@y;\r\nCc: undisclosed-recipients:;\r\n\r\nx',
      { recipients: [recipient(0, 'x@y'), recipient(1, 'z@y')] },
    );
    expect(fromName).toBe('É');
    expect(requests).toEqual([
      {
        to: [
          { positions: [0], text: '"A, B" <x@y>' },
          { positions: [1], text: 'z@y' },
        ],
        cc: [],
        bcc: [],
      },
    ]);
  });

  it.each([
    ['multipart/signed; protocol="application/pgp-signature"; boundary=X', '5.6.2'],
    ['Multipart/Encrypted ; boundary=X', '5.6.2'],
    ['application/x-pkcs7-mime; smime-type=enveloped-data', '5.6.2'],
  ])('does not break %s', (type, enhancedCode) => {
    const sealed = `Content-Type: ${type}\r\n\r\n--X\r\n\r\nx\r\n--X--\r\n`;
    expect(() => compose(`From: a@b\r\n${sealed}`)).toThrow(expect.objectContaining({ enhancedCode }));
  });

  it('does not refuse a message to which a mailing list added a footer', () => {
    const signed = 'Content-Type: multipart/signed; boundary=S\r\n\r\n--S\r\n\r\nx\r\n--S--';
    expect(() => compose(multipart('mixed', signed, '\r\nfooter'))).toThrow('what multipart/signed seals');
  });

  it('refuses a message one octet above the limit, and takes it at the limit', () => {
    const text = 'From: a@b\r\nSubject: \xc3\xbc"\r\n\r\nx\x01';
    const { size } = compose(text);
    expect(compose(text, { most: size })).toMatchObject({ subject: 'ü"', textbody: 'x\x01' });
    expect(() => compose(text, { most: size - 1 })).toThrow(`more than ${size - 1} octets for the mail API`);
  });

  it('keeps long texts and files as they are, whatever the pieces', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        text,
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 4000 }),
        (part, octets, times) => {
          const sink = new JsonSink(1e9, '');
          const long = wellFormed(part.repeat(times));
          const file = Buffer.concat(Array.from({ length: times }, () => octets));
          sink.raw('[');
          sink.string(long);
          sink.raw(',');
          sink.base64(file);
          sink.raw(']');
          sink.end();
          const made = Buffer.concat(sink.pieces);
          expect(made).toHaveLength(sink.size);
          expect(JSON.parse(made.toString())).toEqual([long, file.toString('base64')]);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('Room', () => {
  it('never holds more than its limit, except one message alone, and admits all in the end', async () => {
    const one = fc.record({ tenant: fc.integer({ min: 1, max: 3 }), size: fc.integer({ min: 0, max: 15 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 1 }), async (all) => {
        const room = new MemoryBudget(10, 4);
        const inside: { tenant: number; size: number }[] = [];
        await Promise.all(
          all.map((each) =>
            room.hold(each.tenant, each.size, async () => {
              inside.push(each);
              const sum = inside.reduce((total, { size }) => total + size, 0);
              expect(sum <= 10 || inside.filter(({ size }) => size > 0).length === 1).toBe(true);
              expect(inside.length).toBeLessThanOrEqual(4);
              const own = inside.filter(({ tenant }) => tenant === each.tenant);
              expect(own.length === 1 || own.reduce((total, { size }) => total + size, 0) <= 5).toBe(true);
              await Promise.resolve();
              inside.splice(inside.indexOf(each), 1);
            }),
          ),
        );
        await expect(room.hold(1, 1, () => Promise.reject(new Error('x')))).rejects.toThrow('x');
        await room.hold(1, 10, () => Promise.resolve());
      }),
    );
  });

  it('leaves half of it to others, whatever one tenant holds', async () => {
    const room = new MemoryBudget(10, 100);
    const never = new Promise<void>(() => undefined);
    for (let count = 0; count < 20; count++) void room.hold(1, 1, () => never);
    await room.hold(2, 5, () => Promise.resolve());
  });
});
