// One message: its facts, content, octets, parts and links, and nothing of another domain.
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { LightMyRequestResponse } from 'fastify';
import { describe, expect, it } from 'vitest';
import { messageRecord, type MessageRecordBody } from '../../src/api/schemas/message.js';
import { OTHER_TOKEN, ApiHarness, TOKEN } from './api-harness.js';

function get(harness: ApiHarness, url: string, token = TOKEN): Promise<LightMyRequestResponse> {
  return harness.api.app.inject({ url, headers: { host: 'mx.example', 'mailpace-server-token': token } });
}

async function send(harness: ApiHarness, fields: object = {}): Promise<number> {
  const message = {
    from: 'app@example.com',
    to: 'you@example.net',
    subject: 'Héllo',
    textbody: 'x',
    ...fields,
  };
  const response = await harness.send(message);
  expect(response.statusCode).toBe(200);
  return response.json<{ id: number }>().id;
}

const PICTURE = Buffer.from('89504e470d0a1a0a0001', 'hex');
const FULL = {
  textbody: 'Your code is 123456.\nhttps://example.com/confirm?t=1.',
  htmlbody: '<p>Hi <a href="https://example.com/x?a=1&amp;b=2">here</a> <img src="cid:logo"></p>',
  tags: ['welcome'],
  list_unsubscribe: 'https://example.com/leave',
  attachments: [
    { name: 'röck.pdf', content: Buffer.from('%PDF').toString('base64'), content_type: 'application/pdf' },
    { name: 'logo.png', content: PICTURE.toString('base64'), content_type: 'image/png', cid: 'logo' },
    { name: 'page.txt', content: Buffer.from('<script>').toString('base64'), content_type: 'text/html' },
  ],
};

describe('GET /api/v1/messages/:id', () => {
  it('shows the facts and the content, as its schema says', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness, FULL);
    const response = await get(harness, `/api/v1/messages/${id}`);
    expect([response.statusCode, response.headers['content-type']]).toEqual([
      200,
      'application/json; charset=utf-8',
    ]);
    const body = response.json<MessageRecordBody>();
    expect(messageRecord.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      id,
      domain: 'example.com',
      status: 'held',
      sender: 'app@example.com',
      subject: 'Héllo',
      tags: ['welcome'],
      listUnsubscribe: '<https://example.com/leave>',
      origin: { way: 'api' },
      recipients: [{ address: 'you@example.net', status: 'held', attempts: [] }],
      webhookCalls: [],
      contentRemoved: false,
      unreadable: null,
      content: { html: FULL.htmlbody, truncated: false },
    });
    expect(body.content?.text?.trim()).toBe(FULL.textbody);
    expect(body.content?.headers).toContainEqual({ name: 'Subject', value: 'Héllo' });
    expect(body.content?.attachments.map(({ name, inline, size }) => [name, inline, size])).toEqual(
      expect.arrayContaining([
        ['röck.pdf', false, 4],
        ['logo.png', true, PICTURE.length],
      ]),
    );
  });

  it('shows the beginning of a long text, and says so', async () => {
    const harness = await ApiHarness.start({ limits: { shownText: 9 } });
    const id = await send(harness, { textbody: '12345678\u{1f600}x' });
    const { content } = (await get(harness, `/api/v1/messages/${id}`)).json<MessageRecordBody>();
    expect(content).toMatchObject({ text: '12345678', truncated: true });
  });

  it('says why a message cannot be taken apart, and gives its octets all the same', async () => {
    const harness = await ApiHarness.start();
    const head = 'From: app@example.com\r\nContent-Type: text/plain; charset=iso-2022-cn-ext\r\n\r\n';
    const id = await stored(harness, Buffer.from(`${head}\u001b$)A`));
    const { content, unreadable } = (await get(harness, `/api/v1/messages/${id}`)).json<MessageRecordBody>();
    expect([content, unreadable]).toEqual([null, expect.stringContaining('character set')]);
    expect((await get(harness, `/api/v1/messages/${id}/raw`)).body).toContain('charset=iso-2022-cn-ext');
    expect((await get(harness, `/api/v1/messages/${id}/links`)).statusCode).toBe(422);
    expect((await get(harness, `/api/v1/messages/${id}/parts/0`)).statusCode).toBe(422);
    expect(harness.failures).toEqual([]);
  });

  it('says when the content was removed', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness);
    await harness.store.mail.operate('all', {
      operation: 'cancel',
      selection: { ids: [id] },
      now: Date.now(),
    });
    await harness.store.retention.removeOld({
      now: 0,
      contentBefore: Date.now() + 1000,
      messagesBefore: null,
    });
    expect((await get(harness, `/api/v1/messages/${id}`)).json()).toMatchObject({
      contentRemoved: true,
      content: null,
    });
    for (const below of ['raw', 'links', 'html', 'parts/0']) {
      const response = await get(harness, `/api/v1/messages/${id}/${below}`);
      expect([below, response.statusCode, response.json()]).toMatchObject([
        below,
        410,
        { code: 'content_removed' },
      ]);
    }
  });
});

describe('what is below a message', () => {
  it('gives its octets exactly', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness, FULL);
    const response = await get(harness, `/api/v1/messages/${id}/raw`);
    expect(response.headers).toMatchObject({
      'content-type': 'message/rfc822',
      'content-disposition': `attachment; filename="${id}.eml"`,
      'content-security-policy': expect.stringContaining('sandbox') as string,
    });
    expect(response.rawPayload.toString('latin1')).toBe(await harness.raw(id));
  });

  it('gives each part without its encoding, and as octets where a browser might run it', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness, FULL);
    const { content } = (await get(harness, `/api/v1/messages/${id}`)).json<MessageRecordBody>();
    const parts = new Map(content?.attachments.map(({ name, part }) => [name, part]));
    const part = (name: string): Promise<LightMyRequestResponse> =>
      get(harness, `/api/v1/messages/${id}/parts/${parts.get(name) ?? -1}`);
    const picture = await part('logo.png');
    expect([picture.headers['content-type'], picture.rawPayload]).toEqual(['image/png', PICTURE]);
    const paper = await part('röck.pdf');
    expect(paper.headers['content-disposition']).toBe(
      `attachment; filename="r_ck.pdf"; filename*=UTF-8''r%C3%B6ck.pdf`,
    );
    expect((await part('page.txt')).headers['content-type']).toBe('application/octet-stream');
    const multipart = content?.parts.find(({ type }) => type.startsWith('multipart/'))?.number ?? -1;
    for (const number of [multipart, 999]) {
      expect((await get(harness, `/api/v1/messages/${id}/parts/${number}`)).statusCode).toBe(404);
    }
    expect((await get(harness, `/api/v1/messages/${id}/parts/x`)).json()).toMatchObject({
      errors: { part: expect.anything() as unknown },
    });
  });

  it('finds links and codes', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness, FULL);
    expect((await get(harness, `/api/v1/messages/${id}/links`)).json()).toEqual({
      links: [
        { url: 'https://example.com/x?a=1&b=2', text: 'here' },
        { url: 'https://example.com/confirm?t=1', text: null },
      ],
      codes: ['123456'],
    });
  });

  it('does not exist for another domain, nor under an unknown id', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness, FULL);
    for (const below of ['', '/raw', '/links', '/html', '/parts/0', '/parts/1']) {
      const foreign = await get(harness, `/api/v1/messages/${id}${below}`, OTHER_TOKEN);
      const absent = await get(harness, `/api/v1/messages/17${below}`);
      expect([below, foreign.statusCode, foreign.body]).toEqual([below, 404, absent.body]);
      for (const wrong of ['x', '0', '-1', '1.5', '9'.repeat(16), '__proto__']) {
        const response = await get(harness, `/api/v1/messages/${wrong}${below}`);
        expect([wrong, below, response.statusCode]).toEqual([wrong, below, 400]);
      }
    }
    expect(harness.failures).toEqual([]);
  });

  it('is bounded: what is beyond the room for answers gets 503, and all of it is free again', async () => {
    const harness = await ApiHarness.start({ limits: { bodiesInFlight: 3000 } });
    const id = await send(harness, { textbody: 'x'.repeat(2000) });
    const url = `/api/v1/messages/${id}`;
    const statuses = [];
    for (let count = 0; count < 5; count++) statuses.push((await get(harness, `${url}/parts/0`)).statusCode);
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    expect((await get(harness, url)).statusCode).toBe(503);
  });
});

/** Stores octets as a message of example.com. */
async function stored(harness: ApiHarness, octets: Buffer): Promise<number> {
  const draft = harness.store.open();
  await draft.write(octets);
  await draft.commit({
    domainId: harness.domain.id,
    reversePath: 'app@example.com',
    recipients: [{ forwardPath: 'you@example.net' }],
    from: 'app@example.com',
    subject: null,
    tags: [],
    listUnsubscribe: null,
    messageId: null,
    receivedAt: Date.now(),
    tls: null,
    clientAddress: '127.0.0.1',
    status: 'held',
  });
  return draft.id;
}

describe('GET /api/v1/messages/:id/html', () => {
  it('gives a document with its own images, under a policy that lets it do nothing', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness, FULL);
    const response = await get(harness, `/api/v1/messages/${id}/html`);
    expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
    const policy = String(response.headers['content-security-policy']).split('; ');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain('img-src data:');
    expect(policy).toContain('sandbox allow-popups allow-popups-to-escape-sandbox');
    expect(response.headers['x-frame-options']).toBe('SAMEORIGIN');
    expect(response.body).toContain('<p>Hi <a href="https://example.com/x?a=1&amp;b=2">here</a>');
    expect(response.body).toContain(`<img src="data:image/png;base64,${PICTURE.toString('base64')}">`);
  });

  it('allows remote images only if they are asked for', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness, FULL);
    const response = await get(harness, `/api/v1/messages/${id}/html?images=remote`);
    expect(response.headers['content-security-policy']).toContain('img-src data: http: https:;');
    expect((await get(harness, `/api/v1/messages/${id}/html?images=all`)).statusCode).toBe(400);
  });

  it('takes the effect from tags that act on their own, and leaves all else', async () => {
    const harness = await ApiHarness.start();
    const html =
      '<LINK rel=preconnect href=//x><meta http-equiv=refresh content="0;url=//x"/><base href="//x">' +
      '<linked></linked> &lt;link&gt; <p title="<meta ">cid:none</p><svg><link/></svg>';
    const id = await send(harness, { htmlbody: html });
    const { body } = await get(harness, `/api/v1/messages/${id}/html`);
    expect(body.slice(body.indexOf('</style>') + 8)).toBe(
      '<param rel=preconnect href=//x><param http-equiv=refresh content="0;url=//x"/><param href="//x">' +
        '<linked></linked> &lt;link&gt; <p title="<param ">cid:none</p><svg><param/></svg>',
    );
  });

  it('answers 404 if there is no HTML', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness);
    const response = await get(harness, `/api/v1/messages/${id}/html`);
    expect([response.statusCode, response.json()]).toEqual([
      404,
      { error: 'The message has no HTML', code: 'not_found' },
    ]);
  });

  it('uses one picture many times only as far as the document stays small', async () => {
    const harness = await ApiHarness.start();
    const picture = Buffer.alloc(3 * 1024 * 1024, 1).toString('base64');
    const id = await send(harness, {
      htmlbody: '<img src="cid:big">'.repeat(20),
      attachments: [{ name: 'big.png', content: picture, content_type: 'image/png', cid: 'big' }],
    });
    const response = await get(harness, `/api/v1/messages/${id}/html`);
    expect(response.statusCode).toBe(422);
  });
});

it('is no failure of the server if a client leaves while its message is read', async () => {
  const harness = await ApiHarness.start();
  const id = await send(harness, FULL);
  const url = new URL(await harness.listen());
  const { mail } = harness.store;
  const content = mail.content.bind(mail);
  const steps = new EventEmitter();
  const asked = once(steps, 'asked');
  const left = once(steps, 'left');
  mail.content = async function* (...which) {
    steps.emit('asked');
    await left;
    yield* content(...which);
  };
  const connected = once(harness.api.app.server, 'connection') as Promise<[Socket]>;
  const client = connect(Number(url.port), url.hostname);
  client.write(
    `GET /api/v1/messages/${id} HTTP/1.1\r\nHost: mx.example\r\nMailPace-Server-Token: ${TOKEN}\r\n\r\n`,
  );
  const [socket] = await connected;
  await asked;
  const closed = once(socket, 'close');
  client.destroy();
  await closed;
  steps.emit('left');
  // The same request once more: when it is answered, the first one has ended.
  const again = await get(harness, `/api/v1/messages/${id}`);
  expect(again.json()).toMatchObject({ content: { text: expect.stringContaining('123456') as string } });
  expect(harness.failures).toEqual([]);
});
