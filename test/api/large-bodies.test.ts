// Where bodies are taken apart, and what is in memory meanwhile.
import { describe, expect, it } from 'vitest';
import { Composer } from '../../src/api/compose/composer.js';
import { composeRequest, type ComposeRequest } from '../../src/api/compose/request.js';
import { DEFAULT_API } from '../../src/api/limits.js';
import { ApiHarness, TOKEN } from './api-harness.js';

const MAIL = { from: 'app@example.com', to: 'you@example.net', textbody: 'x' };

function request(body: object): ComposeRequest {
  const octets = Buffer.from(JSON.stringify(body));
  return { shape: 'mailpace', octets, domain: 'example.com', extensions: [], now: 0 };
}

describe('a small body', () => {
  // A composer that is closed has no thread, and refuses what it would give to one.
  const composed = async (body: object) => {
    const composer = new Composer(DEFAULT_API);
    await composer.close();
    return composer.compose(request(body));
  };
  const attachments = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ name: `${at}.txt`, content: '' }));

  it('is taken apart on the event loop', async () => {
    const html = '<style>'.concat('a, b { top: 0 } '.repeat(100));
    const [result] = await composed({ ...MAIL, htmlbody: html, attachments: attachments(10) });
    expect(result?.ok).toBe(true);
  });

  it('is given to the thread if it has many attachments, since each takes as long as a text', async () => {
    const body = { ...MAIL, attachments: attachments(100) };
    expect(JSON.stringify(body).length).toBeLessThan(DEFAULT_API.inlineBody);
    await expect(composed(body)).rejects.toMatchObject({ code: 'stopping' });
  });
});

describe('a large body', () => {
  it('is refused before it is parsed if it has millions of values', () => {
    const tags = (count: number) => request({ ...MAIL, tags: Array.from({ length: count }, () => 'a') });
    expect(() => composeRequest(tags(1_000_001))).toThrow(expect.objectContaining({ code: 'wrong_format' }));
    expect(composeRequest(tags(100_000))).toMatchObject([{ ok: true }]);
  });

  it.each([
    ['mailpace', MAIL, 'subject'],
    ['resend', { from: MAIL.from, to: MAIL.to, text: 'x' }, 'subject'],
    ['postmark', { From: MAIL.from, To: MAIL.to, TextBody: 'x' }, 'Subject'],
  ] as const)('is refused if its subject has more than a million characters (%s)', (shape, mail, name) => {
    const of = (length: number) =>
      composeRequest({ ...request({ ...mail, [name]: 'x'.repeat(length) }), shape });
    expect(of(DEFAULT_API.subjectLength + 1)).toMatchObject([
      { ok: false, fields: { [name]: ['is too long'] } },
    ]);
    expect(of(DEFAULT_API.subjectLength)).toMatchObject([{ ok: true }]);
  });

  const LARGE = 300_000;
  const octetsOf = (
    body: object,
    shape: ComposeRequest['shape'] = 'mailpace',
    escape = (json: string) => json,
  ) => {
    const given = { ...request(body), shape, octets: Buffer.from(escape(JSON.stringify(body))) };
    const [result] = composeRequest(given);
    if (result?.ok !== true) throw new Error(JSON.stringify(result));
    return Buffer.from(result.message.octets).toString('latin1');
  };
  const attached = (message: string): Buffer => {
    const [, encoded = ''] = /filename=a\.txt\r\n\r\n([\w+/=\r\n]+)/.exec(message) ?? [];
    return Buffer.from(encoded, 'base64');
  };

  it.each([
    ['padded', LARGE + 1, (json: string) => json],
    ['not padded', LARGE + 1, (json: string) => json.replaceAll('=', '')],
    ['with escaped slashes', LARGE, (json: string) => json.replaceAll('/', '\\/')],
    ['in lines', LARGE, (json: string) => json.replace(/[\w+/=]{76}/g, '$&\\r\\n')],
    ['with spaces before it', LARGE + 2, (json: string) => json.replace('"content":', '"content" :\n ')],
  ])('has its attachment decoded before it is parsed: %s', (_, length, escape) => {
    const content = Buffer.from(Array.from({ length }, (_, at) => (at * at + (at >> 3)) & 0xff));
    const files = [{ name: 'a.txt', content: content.toString('base64') }];
    expect(attached(octetsOf({ ...MAIL, attachments: files }, 'mailpace', escape)).equals(content)).toBe(
      true,
    );
  });

  it('is parsed as a whole if something else looks like a content', () => {
    const value = 'QUJD'.repeat(LARGE / 4);
    const resend = { from: MAIL.from, to: MAIL.to, subject: 'x', text: 'x', headers: { content: value } };
    expect(octetsOf(resend, 'resend').replace(/\s/g, '')).toContain(value);
    expect(octetsOf({ ...MAIL, textbody: value }).replace(/=?\r\n/g, '')).toContain(value);
  });

  it('is refused if a content is no base64', () => {
    for (const content of [`${'QUJD'.repeat(LARGE / 4)}!`, `${'QUJD'.repeat(LARGE / 4)}Q`]) {
      const [result] = composeRequest(request({ ...MAIL, attachments: [{ name: 'a.txt', content }] }));
      expect(result).toMatchObject({ ok: false, fields: { 'attachments.content': ['is not base64'] } });
    }
  });

  it('is not kept while its message is made', () => {
    const given = request(MAIL);
    composeRequest(given);
    expect(given.octets).toHaveLength(0);
  });

  it.each([true, false])('arrives octet for octet, with and without a length (%s)', async (hasLength) => {
    const harness = await ApiHarness.start();
    const base = await harness.listen();
    const content = Buffer.alloc(3_000_000, 'some words, and then more ');
    const body = JSON.stringify({
      ...MAIL,
      attachments: [{ name: 'a.txt', content: content.toString('base64') }],
    });
    const response = await fetch(`${base}/api/v1/send`, {
      method: 'POST',
      headers: { 'mailpace-server-token': TOKEN, 'content-type': 'application/json' },
      body: hasLength ? body : new Blob([body]).stream(),
      duplex: 'half',
    });
    const { id } = (await response.json()) as { id: number };
    const pieces: Uint8Array[] = [];
    for await (const octets of harness.store.content(id)) pieces.push(octets);
    const [, encoded = ''] =
      /filename=a\.txt\r\n\r\n([\w+/=\r\n]+)/.exec(Buffer.concat(pieces).toString('latin1')) ?? [];
    expect(Buffer.from(encoded, 'base64').equals(content)).toBe(true);
  });
});
