// POST /api/v1/send says what the mail API says, to the letter.
import { describe, expect, it } from 'vitest';
import { ApiHarness, TOKEN } from './api-harness.js';

const MAIL = {
  from: 'App <app@example.com>',
  to: 'you@example.net',
  subject: 'Hello',
  textbody: 'It works.',
};

describe('a message that is accepted', () => {
  it('gets its id as a safe integer, and the status pending', async () => {
    const harness = await ApiHarness.start();
    const response = await harness.send(MAIL);
    expect(response.statusCode).toBe(200);
    const body = response.json<{ id: number }>();
    expect(body).toEqual({ id: expect.any(Number), status: 'pending' });
    expect(Number.isSafeInteger(body.id)).toBe(true);
    const message = await harness.message(body.id);
    expect(message).toMatchObject({
      domain: 'example.com',
      from: 'app@example.com',
      reversePath: 'app@example.com',
      to: ['you@example.net'],
      subject: 'Hello',
      tags: [],
      clientAddress: '127.0.0.1',
    });
    const raw = await harness.raw(body.id);
    expect(raw).toMatch(/^Received: from \[127\.0\.0\.1\] \(\[127\.0\.0\.1\]\) by mx\.example with HTTP\b/);
    expect(raw).toContain('\r\nFrom: App <app@example.com>\r\n');
    expect(raw).toMatch(/\r\n\r\nIt works\.(\r\n)?$/);
    expect(harness.accepted).toHaveLength(1);
  });

  it('has lines that end with CRLF, however the client ended them', async () => {
    const harness = await ApiHarness.start();
    const response = await harness.send({ ...MAIL, textbody: 'one\ntwo\rthree\r\n\nfour' });
    const raw = await harness.raw(response.json<{ id: number }>().id);
    expect(raw).toMatch(/\r\n\r\none\r\ntwo\r\nthree\r\n\r\nfour\r\n$/);
  });

  it.each([
    ['/api/v1/send', { 'mailpace-server-token': TOKEN }],
    ['/api/v1/send/', { 'OhMySMTP-Server-Token': TOKEN }],
    ['/send', { authorization: `Bearer ${TOKEN}` }],
    ['/send/', { 'MAILPACE-SERVER-TOKEN': TOKEN }],
  ])('may come to %s with its token in %j', async (url, headers) => {
    const harness = await ApiHarness.start();
    const response = await harness.api.app.inject({
      method: 'POST',
      url,
      headers: {
        host: 'mx.example',
        'content-type': 'application/json; charset=utf-8',
        accept: '*/*',
        ...headers,
      },
      payload: JSON.stringify(MAIL),
    });
    expect(response.statusCode).toBe(200);
  });

  it('has every field of the API in its place', async () => {
    const harness = await ApiHarness.start();
    const response = await harness.send({
      from: '"Ärger, Inc." <app@example.com>',
      to: 'A <a@example.net>, b@example.net',
      cc: 'c@example.net',
      bcc: 'd@example.net, a@example.net',
      subject: 'Grüße',
      htmlbody: '<p>Hi <img src="cid:logo"></p>',
      textbody: 'Hi',
      replyto: 'r@example.org',
      inreplyto: '<x@example.org>',
      references: '<w@example.org> <x@example.org>',
      list_unsubscribe: 'https://example.com/u',
      tags: ['one', 'zwei ü'],
      attachments: [
        { name: 'a.txt', content: Buffer.from('A\r\nB\n').toString('base64'), content_type: 'text/plain' },
        { name: 'logo.png', content: 'iVBO\r\nRw==\r\n', content_type: 'image/png', cid: 'cid:logo' },
      ],
    });
    expect(response.json()).toEqual({ id: expect.any(Number), status: 'pending' });
    const { id } = response.json<{ id: number }>();
    const message = await harness.message(id);
    expect(message).toMatchObject({
      to: ['a@example.net', 'b@example.net', 'c@example.net', 'd@example.net'],
      subject: 'Grüße',
      tags: ['one', 'zwei ü'],
      listUnsubscribe: '<https://example.com/u>',
    });
    const raw = await harness.raw(id);
    expect(raw).not.toMatch(/^(Bcc|X-OMS-Tags|X-List-Unsubscribe):/im);
    expect(raw).not.toContain('d@example.net');
    expect(raw).toContain('\r\nReply-To: r@example.org\r\n');
    expect(raw).toContain('\r\nIn-Reply-To: <x@example.org>\r\n');
    expect(raw).toContain('\r\nReferences: <w@example.org> <x@example.org>\r\n');
    expect(raw).toContain('\r\nList-Unsubscribe: <https://example.com/u>\r\n');
    expect(raw).toContain('\r\nContent-ID: <logo>\r\n');
    expect(raw).toContain(Buffer.from('A\r\nB\n').toString('base64'));
  });

  it.each([
    [
      'nulls and empty strings',
      { cc: null, bcc: '', tags: [], attachments: null, replyto: '', htmlbody: '' },
      [],
    ],
    ['tags as a string', { tags: 'a, b' }, ['a', 'b']],
    ['tags as the text of a list', { tags: "['a', 'b']" }, ['a', 'b']],
    ['tags as a list', { tags: ['a', 'a', 'b'] }, ['a', 'b']],
  ])('takes %s', async (_, fields, tags) => {
    const harness = await ApiHarness.start();
    const response = await harness.send({ ...MAIL, ...fields });
    expect(response.statusCode).toBe(200);
    expect((await harness.message(response.json<{ id: number }>().id)).tags).toEqual(tags);
  });
});

describe('a message that is refused', () => {
  const cases: [string, object | string, number, unknown, Record<string, string>?][] = [
    ['without a token', MAIL, 401, { error: 'Missing API Token' }, { 'mailpace-server-token': '' }],
    ['with an unknown token', MAIL, 400, { error: 'Invalid API Token' }, { 'mailpace-server-token': 'x' }],
    ['with no address in from', { ...MAIL, from: 'x' }, 400, { error: 'Email from address not parseable' }],
    [
      'with two senders',
      { ...MAIL, from: 'a@example.com, b@example.com' },
      400,
      { error: 'Email from address not parseable' },
    ],
    ['without to', { ...MAIL, to: undefined }, 400, { errors: { to: ['undefined field'] } }],
    ['with null for to', { ...MAIL, to: null }, 400, { errors: { to: ['undefined field'] } }],
    ['with an empty to', { ...MAIL, to: '' }, 400, { errors: { to: ['undefined field'] } }],
    ['with a to that is no address', { ...MAIL, to: 'x' }, 400, { errors: { to: ['is invalid'] } }],
    ['with a to of another type', { ...MAIL, to: 5 }, 400, { errors: { to: ['is invalid'] } }],
    ['with a domain that is not qualified', { ...MAIL, to: 'a@b' }, 400, { errors: { to: ['is invalid'] } }],
    [
      'to 51 addresses',
      { ...MAIL, to: Array.from({ length: 51 }, (_, i) => `a${i}@example.net`).join(',') },
      400,
      { errors: { to: ['number of email addresses exceeds maximum volume'] } },
    ],
    [
      'from another domain',
      { ...MAIL, from: 'a@other.example' },
      403,
      { error: 'Verified domain does not match domain in From address of email' },
    ],
    [
      'from a domain below its own',
      { ...MAIL, from: 'a@sub.example.com' },
      403,
      { error: 'Verified domain does not match domain in From address of email' },
    ],
    [
      'with a file that is not allowed',
      { ...MAIL, attachments: [{ name: 'a.exe', content: '', content_type: 'x/y' }] },
      400,
      { errors: { 'attachments.name': ['Extension file type blocked, allowed are txt, pdf, png'] } },
    ],
    [
      'with content that is not base64',
      { ...MAIL, attachments: [{ name: 'a.txt', content: '*', content_type: 'text/plain' }] },
      400,
      { errors: { 'attachments.content': ['is not base64'] } },
    ],
    ['with an unknown field', { ...MAIL, subjct: 'x' }, 400, { errors: { subjct: ['unknown field'] } }],
    [
      'with __proto__',
      '{"from":"a@example.com","to":"b@example.net","textbody":"x","__proto__":{"cc":"c@example.net"}}',
      400,
      JSON.parse('{"errors":{"__proto__":["unknown field"]}}'),
    ],
    [
      'without a body',
      { ...MAIL, textbody: null },
      400,
      { errors: { htmlbody: ['undefined field'], textbody: ['undefined field'] } },
    ],
    ['that is not JSON', '{"from":', 406, { error: 'Invalid request format or content type' }],
    ['that is a list', [], 406, { error: 'Invalid request format or content type' }],
    ['that is nested deeply', '['.repeat(20_000), 406, { error: 'Invalid request format or content type' }],
    [
      'of another content type',
      'from=a',
      406,
      { error: 'Invalid request format or content type' },
      { 'content-type': 'application/x-www-form-urlencoded' },
    ],
  ];

  it.each(cases)('%s', async (_, body, status, answer, headers = {}) => {
    const harness = await ApiHarness.start();
    const response = await harness.send(body, headers);
    expect([response.statusCode, response.json()]).toEqual([status, answer]);
    expect(response.headers['content-security-policy']).toContain("default-src 'none'");
    expect(response.headers['x-content-type-options']).toBe('nosniff');
    expect(await harness.count()).toBe(0);
    expect(harness.failures).toEqual([]);
  });

  it('to an address on the block list, in whichever field it is', async () => {
    const harness = await ApiHarness.start();
    await harness.store.blockList.put({
      domain: 'example.com',
      address: 'no@example.net',
      verdict: 'blocked',
      reason: 'bounced',
      since: Date.now(),
    });
    const to = await harness.send({ ...MAIL, to: 'yes@example.net, no@example.net' });
    expect([to.statusCode, to.json()]).toEqual([400, { errors: { to: ['contains a blocked address'] } }]);
    const cc = await harness.send({ ...MAIL, cc: 'no@example.net' });
    expect(cc.json()).toEqual({ errors: { cc: ['contains a blocked address'] } });
    expect(await harness.count()).toBe(0);
  });

  it('beyond the rate of its domain', async () => {
    const harness = await ApiHarness.start({}, { rates: { messagesPerMinute: 1 } });
    expect((await harness.send(MAIL)).statusCode).toBe(200);
    const second = await harness.send(MAIL);
    expect([second.statusCode, second.json()]).toEqual([
      429,
      { error: 'You are sending emails too quickly' },
    ]);
  });

  it('larger than the limit, before it is read', async () => {
    const harness = await ApiHarness.start({ limits: { sendBody: 1000 } });
    const response = await harness.send({ ...MAIL, textbody: 'x'.repeat(1000) });
    expect([response.statusCode, response.json()]).toEqual([413, { error: 'The body may have 1000 octets' }]);
  });

  it('while the store has failed', async () => {
    const harness = await ApiHarness.start();
    await harness.store.close();
    const response = await harness.send(MAIL);
    expect(response.statusCode).toBe(503);
    expect(harness.failures).not.toEqual([]);
  });
});

describe('a large body', () => {
  it('is taken apart in a thread, and stored octet for octet', async () => {
    const harness = await ApiHarness.start();
    const file = Buffer.alloc(5_000_000, 'abcdefghij\n');
    const attachments = [{ name: 'a.txt', content: file.toString('base64'), content_type: 'text/plain' }];
    const response = await harness.send({ ...MAIL, attachments });
    expect(response.json()).toEqual({ id: expect.any(Number), status: 'pending' });
    const raw = await harness.raw(response.json<{ id: number }>().id);
    const begin = raw.indexOf('\r\n\r\n', raw.indexOf('filename=a.txt')) + 4;
    const encoded = raw.slice(begin, raw.indexOf('\r\n--', begin));
    expect(Buffer.from(encoded, 'base64').equals(file)).toBe(true);
  });

  it('has the errors of a small one', async () => {
    const harness = await ApiHarness.start();
    const response = await harness.send({ ...MAIL, to: 'x', textbody: 'x'.repeat(100_000) });
    expect([response.statusCode, response.json()]).toEqual([400, { errors: { to: ['is invalid'] } }]);
  });

  it('with 100,000 attachments is refused', async () => {
    const harness = await ApiHarness.start();
    const attachments = Array.from({ length: 100_000 }, () => ({
      name: 'a.txt',
      content: '',
      content_type: null,
    }));
    const response = await harness.send({ ...MAIL, attachments });
    expect(response.json()).toEqual({ errors: { attachments: ['has more than 100 attachments'] } });
  });

  it('that takes too long is refused, and the next one is taken', async () => {
    const harness = await ApiHarness.start({ limits: { composeTime: 1 } });
    const slow = await harness.send({ ...MAIL, textbody: 'x'.repeat(3_000_000) });
    expect([slow.statusCode, slow.json()]).toEqual([503, { error: 'The server is busy, try again later' }]);
    expect((await harness.send(MAIL)).statusCode).toBe(200);
  });

  it('that needs too much memory is refused, and the server goes on', async () => {
    const harness = await ApiHarness.start({ limits: { composeHeap: 16 * 1024 * 1024 } });
    // Many small objects: if a single large one does not fit, V8 ends the process.
    const huge = await harness.send({ ...MAIL, textbody: Array(900_000).fill([]) });
    expect(huge.statusCode).toBe(503);
    expect((await harness.send(MAIL)).statusCode).toBe(200);
  });
});
