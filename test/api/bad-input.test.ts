// Bodies that are made to hurt, at every route that sends: each gets a clear error of its API, nothing is stored, and the
// server takes the next message.
import { describe, expect, it } from 'vitest';
import { ApiHarness, TOKEN } from './api-harness.js';

interface Shape {
  readonly url: string;
  /** A body with these fields of the message beside those that it needs, which are right. */
  readonly body: (fields?: { readonly attachments?: unknown; readonly tags?: unknown }) => unknown;
  readonly attachment: (content: string) => object;
  /** The name of the list of attachments. */
  readonly attachments: string;
  /** The status of what is wrong with the body as a whole, with a field, and of another content type. */
  readonly whole: number;
  readonly field: number;
}

const mail = { from: 'app@example.com', to: 'you@example.net' };
const postmark = { From: 'app@example.com', To: 'you@example.net', TextBody: 'x' };

const MAILPACE: Shape = {
  url: '/api/v1/send',
  body: (fields) => ({ ...mail, textbody: 'x', ...fields }),
  attachment: (content) => ({ name: 'a.txt', content, content_type: 'text/plain' }),
  attachments: 'attachments',
  whole: 406,
  field: 400,
};
const RESEND: Shape = {
  url: '/compat/resend/emails',
  body: (fields) => ({ ...mail, subject: 'x', text: 'x', ...fields }),
  attachment: (content) => ({ filename: 'a.txt', content }),
  attachments: 'attachments',
  whole: 400,
  field: 422,
};
const POSTMARK: Shape = {
  url: '/compat/postmark/email',
  body: ({ attachments, tags } = {}) => ({
    ...postmark,
    ...(attachments === undefined ? {} : { Attachments: attachments }),
    ...(tags === undefined ? {} : { Tag: tags }),
  }),
  attachment: (content) => ({ Name: 'a.txt', Content: content, ContentType: 'text/plain' }),
  attachments: 'Attachments',
  whole: 422,
  field: 422,
};
const SHAPES: readonly Shape[] = [
  MAILPACE,
  RESEND,
  { ...RESEND, url: '/compat/resend/emails/batch', body: (fields) => [RESEND.body(fields)] },
  POSTMARK,
  // Each message has a result of its own, with a code that is not 0.
  { ...POSTMARK, url: '/compat/postmark/email/batch', body: (fields) => [POSTMARK.body(fields)], field: 200 },
];

const LEVELS = 100_000;
const NESTED = `${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}`;
const NESTED_OBJECTS = `${'{"a":'.repeat(LEVELS)}1${'}'.repeat(LEVELS)}`;

/** Puts JSON into a body in place of a word. */
function withJson(body: unknown, json: string): string {
  return JSON.stringify(body).replace('"here"', () => json);
}

const WHOLE: [title: string, body: (shape: Shape) => string | Buffer][] = [
  ['nothing', () => ''],
  [
    '3 MB of JSON that breaks off',
    ({ body }) => JSON.stringify(body({ tags: 'x'.repeat(3_000_000) })).slice(0, -2),
  ],
  ['3 MB that are no JSON', () => 'x'.repeat(3_000_000)],
  ['100,000 levels that are not closed', () => '['.repeat(LEVELS)],
  [
    'octets that are not UTF-8',
    ({ body }) => Buffer.from(JSON.stringify(body({ tags: '\u00ff' })), 'latin1'),
  ],
  ['a number', () => '1e9999'],
  ['a text', () => '"text"'],
];

const FIELDS: [title: string, body: (shape: Shape) => string][] = [
  ['100,000 levels of lists in a field', ({ body }) => withJson(body({ tags: 'here' }), NESTED)],
  ['100,000 levels of objects in a field', ({ body }) => withJson(body({ tags: 'here' }), NESTED_OBJECTS)],
  [
    '100,000 attachments',
    ({ body, attachment }) =>
      JSON.stringify(body({ attachments: Array.from({ length: LEVELS }, () => attachment('')) })),
  ],
  [
    '3 MB that are no base64',
    ({ body, attachment }) => JSON.stringify(body({ attachments: [attachment('*'.repeat(3_000_000))] })),
  ],
  [
    '3 MB of base64 with one octet of garbage at the end',
    ({ body, attachment }) =>
      JSON.stringify(body({ attachments: [attachment(`${'A'.repeat(3_000_000)}*`)] })),
  ],
  [
    'a file without a name',
    ({ body, attachment }) =>
      JSON.stringify(body({ attachments: [attachment('')] })).replace('"a.txt"', '"../../"'),
  ],
  ['__proto__', ({ body }) => JSON.stringify(body({})).replace('{', '{"__proto__":{"polluted":true},')],
  [
    'constructor.prototype',
    ({ body }) => JSON.stringify(body({})).replace('{', '{"constructor":{"prototype":{"polluted":true}},'),
  ],
];

async function post(
  harness: ApiHarness,
  { url }: Shape,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const response = await harness.send(body, { 'x-postmark-server-token': TOKEN, ...headers }, url);
  return { status: response.statusCode, text: response.body };
}

/** Expects that a small message is still taken, and that it is the only one. */
async function expectWorks(harness: ApiHarness): Promise<void> {
  const { status } = await post(harness, MAILPACE, JSON.stringify(MAILPACE.body()));
  expect(status).toBe(200);
  expect(await harness.count()).toBe(1);
  expect(harness.failures).toEqual([]);
  expect('polluted' in {}).toBe(false);
}

describe('every route that sends', () => {
  it.each(WHOLE)(
    'refuses %s as a whole',
    async (_, make) => {
      const harness = await ApiHarness.start();
      for (const shape of SHAPES) {
        const { status, text } = await post(harness, shape, make(shape));
        expect([shape.url, status, text.length < 1000]).toEqual([shape.url, shape.whole, true]);
      }
      await expectWorks(harness);
    },
    120_000,
  );

  it.each(FIELDS)(
    'refuses %s',
    async (_, make) => {
      const harness = await ApiHarness.start();
      for (const shape of SHAPES) {
        const { status, text } = await post(harness, shape, make(shape));
        expect([shape.url, status, text.length < 1000]).toEqual([shape.url, shape.field, true]);
        if (status === 200)
          expect(JSON.parse(text)).toEqual([{ ErrorCode: 300, Message: expect.any(String) }]);
      }
      await expectWorks(harness);
    },
    120_000,
  );

  it('refuses a header field that a client may not set, or that is none', async () => {
    const harness = await ApiHarness.start();
    const names = ['__proto__', 'Bcc', 'Received', 'a:b', 'ü', ''];
    for (const name of names.slice(1)) {
      const text = JSON.stringify({ ...(RESEND.body() as object), headers: { [name]: 'x' } });
      expect([name, (await post(harness, RESEND, text)).status]).toEqual([name, 422]);
    }
    const lines = JSON.stringify({
      ...(RESEND.body() as object),
      headers: { 'X-A': 'x\r\nBcc: you@example.net' },
    });
    expect((await post(harness, RESEND, lines)).status).toBe(200);
    const [message] = await harness.store.messages({ limit: 1 });
    expect(await harness.raw(message?.id ?? 0)).toContain('\r\nX-A: x Bcc: you@example.net\r\n');
  });

  it.each([
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/xml',
    'nonsense',
    'application/json5',
  ])('refuses %s in the words of its API', async (type) => {
    const harness = await ApiHarness.start();
    for (const shape of SHAPES) {
      const { status } = await post(harness, shape, JSON.stringify(shape.body()), { 'content-type': type });
      expect([shape.url, status]).toEqual([shape.url, shape.whole]);
    }
    await expectWorks(harness);
  });

  it('refuses a body that is compressed', async () => {
    const harness = await ApiHarness.start();
    const { gzipSync } = await import('node:zlib');
    for (const shape of SHAPES) {
      const body = gzipSync(JSON.stringify(shape.body()));
      const { status } = await post(harness, shape, body, { 'content-encoding': 'gzip' });
      expect([shape.url, status]).toEqual([shape.url, shape.whole]);
    }
    await expectWorks(harness);
  });
});

describe('the routes of the API', () => {
  it.each([
    ['no JSON', 'x'.repeat(200_000)],
    ['levels that are not closed', '['.repeat(LEVELS)],
    ['levels of objects', NESTED_OBJECTS.slice(0, 250_000)],
    ['a name of 200,000 characters', `{"${'x'.repeat(200_000)}":1}`],
    ['100,000 ids that are none', `{"ids":[${'x,'.repeat(LEVELS)}1]}`],
    ['20,000 unknown fields', `{${Array.from({ length: 20_000 }, (_, at) => `"f${at}":1`).join(',')}}`],
  ])('refuse %s with a short answer', async (_, body) => {
    const harness = await ApiHarness.start();
    const headers = {
      host: 'mx.example',
      'mailpace-server-token': TOKEN,
      'content-type': 'application/json',
    };
    for (const url of ['/api/v1/messages/cancel', '/api/v1/domains/example.com/block-list']) {
      const answer = await harness.api.app.inject({ method: 'POST', url, headers, payload: body });
      expect([url, answer.statusCode, answer.body.length < 4000]).toEqual([url, 400, true]);
    }
    expect(harness.failures).toEqual([]);
  });
});
