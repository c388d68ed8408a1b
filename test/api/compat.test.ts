// Bodies that cannot be read as a whole, at the routes that speak for Postmark and Resend: one error, as these services
// have it, and nothing is sent.
import { describe, expect, it } from 'vitest';
import { ApiHarness, TOKEN } from './api-harness.js';

const POSTMARK = { From: 'app@example.com', To: 'a@example.net', TextBody: 'x' };
const RESEND = { from: 'app@example.com', to: 'a@example.net', subject: 'x', text: 'x' };
/** More than is taken apart on the event loop. */
const LARGE = 'x'.repeat(100_000);

async function post(
  harness: ApiHarness,
  url: string,
  body: string | object,
  headers: Record<string, string> = {},
): Promise<[status: number, body: unknown]> {
  const response = await harness.send(body, { 'x-postmark-server-token': TOKEN, ...headers }, url);
  return [response.statusCode, response.json()];
}

describe('POST /compat/postmark/email/batch', () => {
  const url = '/compat/postmark/email/batch';

  it.each([
    ['no JSON', 'not json'],
    ['JSON that is cut off', '[{"From":'],
    ['a large body that is no JSON', LARGE],
    ['an object', POSTMARK],
    ['an empty list', []],
  ])('refuses %s with 422 and the code 402', async (_, body) => {
    const harness = await ApiHarness.start();
    expect(await post(harness, url, body)).toEqual([
      422,
      { ErrorCode: 402, Message: 'Invalid request format or content type' },
    ]);
    expect(await harness.count()).toBe(0);
  });

  it('refuses too many messages with 422 and the code 410', async () => {
    const harness = await ApiHarness.start();
    const messages = Array.from({ length: 101 }, () => POSTMARK);
    const refused = [422, { ErrorCode: 410, Message: 'A batch may have 100 messages' }];
    expect(await post(harness, url, messages)).toEqual(refused);
    expect(await post(harness, url, [...messages, { ...POSTMARK, TextBody: LARGE }])).toEqual(refused);
    expect(await harness.count()).toBe(0);
  });

  it('refuses another content type with 422 and the code 409', async () => {
    const harness = await ApiHarness.start();
    const type = { 'content-type': 'text/plain' };
    expect(await post(harness, url, 'x', type)).toEqual([
      422,
      { ErrorCode: 409, Message: expect.any(String) },
    ]);
  });

  it('gives a message that is wrong a result of its own, also if it is no object', async () => {
    const harness = await ApiHarness.start();
    const [status, results] = await post(harness, url, [POSTMARK, null, 'x', [], POSTMARK]);
    expect([status, (results as { ErrorCode: number }[]).map(({ ErrorCode }) => ErrorCode)]).toEqual([
      200,
      [0, 402, 402, 402, 0],
    ]);
    expect(await harness.count()).toBe(2);
  });
});

describe('the routes for Resend', () => {
  it.each(['/compat/resend/emails', '/compat/resend/emails/batch'])(
    '%s refuses what is no JSON with 400',
    async (url) => {
      const harness = await ApiHarness.start();
      const refused = [400, { statusCode: 400, name: 'validation_error', message: expect.any(String) }];
      expect(await post(harness, url, 'not json')).toEqual(refused);
      expect(await post(harness, url, LARGE)).toEqual(refused);
      expect(await post(harness, url, 'x', { 'content-type': 'text/plain' })).toEqual(refused);
    },
  );

  it('refuse a batch that has too many messages', async () => {
    const harness = await ApiHarness.start();
    const messages = Array.from({ length: 101 }, () => RESEND);
    expect(await post(harness, '/compat/resend/emails/batch', messages)).toEqual([
      400,
      { statusCode: 400, name: 'validation_error', message: 'A batch may have 100 messages' },
    ]);
    expect(await harness.count()).toBe(0);
  });
});
