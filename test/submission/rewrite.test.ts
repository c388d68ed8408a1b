import nodemailer from 'nodemailer';
import { describe, expect, it } from 'vitest';
import {
  HeaderRefusal,
  rewriteHeader,
  type Rewritten,
  type RewriteOptions,
} from '../../src/submission/rewrite.js';
import { TRACE } from '../message/trace.js';

const RECEIVED =
  'Received: from app.example ([192.0.2.7]) by mx.example with ESMTPA id 42 for\r\n' +
  ' <u@x.example>; Tue, 28 Jul 2026 09:05:07 +0000\r\n';
const COMPLETE = 'Date: then\r\nMessage-ID: <1@example.com>\r\n';

const rewrite = (section: string | Uint8Array, options: Partial<RewriteOptions> = {}): Rewritten =>
  rewriteHeader(Buffer.from(section), { domain: 'example.com', trace: TRACE, ...options });
const refusal = (section: string, options: Partial<RewriteOptions> = {}): HeaderRefusal => {
  try {
    rewrite(section, options);
  } catch (error) {
    if (error instanceof HeaderRefusal) return error;
    throw error;
  }
  throw new Error('was not refused');
};
/** Returns a complete section with these fields before its end. */
const withFields = (fields: string): string => `From: a@example.com\r\n${fields}${COMPLETE}`;

it('rewrites a message as an app sends it', () => {
  const result = rewrite(
    'from: =?utf-8?q?J=C3=B6rg?= <J@Example.COM>\r\n' +
      'X-OMS-Tags: welcome,\r\n =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n' +
      'To:  u@x.example ,\r\n\tv@x.example\r\n' +
      'bcc: secret@x.example\r\n' +
      'X-List-Unsubscribe: <https://example.com/u>, <mailto:u@example.com>\r\n' +
      'Resent-Bcc: secret@x.example\r\n' +
      'SUBJECT: =?utf-8?q?Hall=C3=B6chen?=,\r\n you\r\n' +
      'x-mailpace-tags: more, welcome\r\n' +
      'Mime-Version: 1.0\r\n',
  );
  const messageId = result.messageId ?? '';
  expect(messageId).toMatch(/^<[0-9a-f-]{36}@example\.com>$/);
  expect(result.octets.toString()).toBe(
    `${RECEIVED}from: =?utf-8?q?J=C3=B6rg?= <J@Example.COM>\r\n` +
      'To:  u@x.example ,\r\n\tv@x.example\r\n' +
      'SUBJECT: =?utf-8?q?Hall=C3=B6chen?=,\r\n you\r\n' +
      'Mime-Version: 1.0\r\n' +
      'List-Unsubscribe: <https://example.com/u>,\r\n <mailto:u@example.com>\r\n' +
      'Date: Tue, 28 Jul 2026 09:05:07 +0000\r\n' +
      `Message-ID: ${messageId}\r\n\r\n`,
  );
  expect(result).toMatchObject({
    from: 'J@Example.COM',
    subject: 'Hallöchen, you',
    tags: ['welcome', 'Grüße', 'more'],
    listUnsubscribe: '<https://example.com/u>, <mailto:u@example.com>',
  });
});

it('adds only Received if the message has every field that it needs', () => {
  const section = withFields('');
  expect(rewrite(section)).toEqual({
    octets: Buffer.from(`${RECEIVED}${section}\r\n`),
    from: 'a@example.com',
    subject: null,
    tags: [],
    listUnsubscribe: null,
    messageId: '<1@example.com>',
  });
});

// RFC 5321 4.4: only the host that makes the final delivery writes these fields.
it('removes the fields of a final delivery', () => {
  const section = withFields('Return-Path: <a@example.com>\r\nTo: b\r\ndelivered-to: c\r\n d\r\n');
  expect(rewrite(section).octets.toString()).toBe(`${RECEIVED}${withFields('To: b\r\n')}\r\n`);
});

it('shows the beginning of a very long subject, cut between words, and keeps all of it', () => {
  const section = withFields(`Subject: ${'=?utf-8?q?=C3=BC?= '.repeat(1000)}\r\n`);
  const { subject, octets } = rewrite(section);
  expect(subject).toMatch(/^\u00fc{200,230}\.\.\.$/);
  expect(octets.toString()).toContain(section);
});

it('leaves fields alone that occur twice, and reads the first', () => {
  const section = withFields('Subject: a\r\nSubject: b\r\nDate: x\r\nTo: c\r\nTo: d\r\nMessage-Id: none\r\n');
  const result = rewrite(section);
  expect(result.octets.toString()).toBe(`${RECEIVED}${section}\r\n`);
  expect(result.subject).toBe('a');
  expect(result.messageId).toBeNull();
});

it('shows a subject on one line, without controls', () => {
  expect(rewrite(withFields('Subject: a\r\n\tb =?utf-8?q?c=0D=0Ad=1B?=\r\n')).subject).toBe('a b c  d');
  expect(rewrite(withFields('Subject:\r\n')).subject).toBe('');
});

describe('From', () => {
  it.each([
    ['From: a@example.com', 'a@example.com'],
    ['From : A <a@EXAMPLE.com>', 'a@EXAMPLE.com'],
    ['FROM: "b@other.example" <a@example.com> (c@other.example)', 'a@example.com'],
    ['From: a@example.com.', 'a@example.com.'],
  ])('accepts %s', (field, from) => {
    expect(rewrite(`${field}\r\n`).from).toBe(from);
    expect(rewrite(`${field}\r\n`, { domain: 'Example.com.' }).from).toBe(from);
  });

  it('compares the domain in both its forms', () => {
    expect(rewrite('From: a@bücher.example\r\n', { domain: 'xn--bcher-kva.example' }).from).toBe(
      'a@bücher.example',
    );
    expect(rewrite('From: a@XN--bcher-kva.example\r\n', { domain: 'Bücher.example' }).messageId).toMatch(
      /@xn--bcher-kva\.example>$/,
    );
  });

  it.each([
    ['To: a@example.com', 'there is no From field'],
    ['From:', 'expected an address where it ends'],
    ['From: a@example.com\r\nFrom: a@example.com', 'there are 2 From fields'],
    ['From: a@example.com\r\nfrom\t: a@other.example', 'there are 2 From fields'],
    ['From: a@example.com, b@example.com', 'the field holds 2'],
    ['From: a@example.com, b@example.com\r\nSender: a@example.com', 'the field holds 2'],
    ['From: a@other.example', 'the address is of other.example'],
    ['From: a@sub.example.com', 'the address is of sub.example.com'],
    ['From: a@com', 'the address is of com'],
    ['From: a@[192.0.2.1]', 'the address is of [192.0.2.1]'],
    ['From: a@example.com%2f', 'the address is of example.com%2f'],
    ['From: a@example.com/x', 'the address is of example.com/x'],
    ['From: a@ex%61mple.com', 'the address is of ex%61mple.com'],
    ['From: a@ｅxample.com', 'the address is of another domain'],
    ['From: "a@example.com" <b@other.example>', 'the address is of other.example'],
    ['From: a@example.com <b@other.example>', 'expected "," or the end at character 16'],
    ['From: Staff: a@example.com;', 'a group is not a sender'],
  ])('refuses %j', (fields, problem) => {
    const refused = refusal(`${fields}\r\nX-OMS-Tags: x\r\n`);
    expect(refused.kind).toBe('from');
    expect(refused.reason).toBe(`From must be one address at example.com: ${problem}`);
  });

  it('refuses octets that are not UTF-8', () => {
    const section = Buffer.from('From: \xfc <a@example.com>\r\n', 'latin1');
    expect(() => rewrite(section)).toThrow(expect.objectContaining({ kind: 'from' }));
  });
});

describe('tags', () => {
  it('come from the configured fields, in the order of the message', () => {
    const section = withFields('x-two: b\r\nX-One: a\r\nX-OMS-Tags: c\r\n');
    const result = rewrite(section, { tagFields: ['X-One', 'X-Two'] });
    expect(result.tags).toEqual(['b', 'a']);
    expect(result.octets.toString()).toBe(`${RECEIVED}${withFields('X-OMS-Tags: c\r\n')}\r\n`);
  });

  it('are refused with the reason if they exceed a limit', () => {
    const many = Array.from({ length: 21 }, (_, index) => index).join();
    expect(refusal(withFields(`X-OMS-Tags: ${many}\r\n`))).toMatchObject({
      kind: 'tags',
      reason: 'X-OMS-Tags: more than 20 tags',
    });
  });
});

describe('List-Unsubscribe', () => {
  it('is recorded and not changed if the app sent the plain field', () => {
    const section = withFields('List-Unsubscribe:\t<https://x>,\r\n  <mailto:y>\r\n');
    expect(rewrite(section).listUnsubscribe).toBe('<https://x>,  <mailto:y>');
    expect(rewrite(section).octets.toString()).toBe(`${RECEIVED}${section}\r\n`);
  });

  it('is replaced by X-List-Unsubscribe, and several of these are one list', () => {
    const result = rewrite(
      withFields(
        'List-Unsubscribe: <https://old>\r\nX-List-Unsubscribe: <https://x>\r\n' +
          'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n' +
          'x-list-unsubscribe: <mailto:y>, <https://x>\r\n',
      ),
    );
    expect(result.listUnsubscribe).toBe('<https://x>, <mailto:y>');
    expect(result.octets.toString()).toBe(
      `${RECEIVED}${withFields('List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n')}` +
        'List-Unsubscribe: <https://x>,\r\n <mailto:y>\r\n\r\n',
    );
  });

  it.each(['', ' ', ' yes', ' https://x', ' <https://x>\r\nX-List-Unsubscribe: y'])('refuses %j', (value) => {
    const refused = refusal(withFields(`X-List-Unsubscribe:${value}\r\n`));
    expect(refused.kind).toBe('list-unsubscribe');
    expect(refused.reason).toMatch(
      /^X-List-Unsubscribe must be <uri>, or several with commas between: expected/,
    );
  });
});

it('names the line of a malformed section', () => {
  expect(refusal(`${COMPLETE}oops\r\n`)).toMatchObject({
    kind: 'malformed',
    reason: 'header line 3 is neither a field nor a continuation',
  });
});

it('accepts the messages that nodemailer sends', async () => {
  const transport = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const sent = await transport.sendMail({
    from: { name: 'Jörg, M.', address: 'jorg@example.com' },
    to: 'u@x.example',
    bcc: 'v@x.example',
    subject: 'Grüße an alle, die so lange Betreffzeilen lesen, dass sie gefaltet werden müssen',
    headers: {
      'X-OMS-Tags': 'Grüße, naïve café, third',
      'X-List-Unsubscribe': `<https://example.com/${'long/'.repeat(40)}>, <mailto:u@example.com>`,
    },
    text: 'x',
  });
  const message = sent.message as Buffer;
  expect(rewrite(message.subarray(0, message.indexOf('\r\n\r\n') + 2))).toMatchObject({
    from: 'jorg@example.com',
    subject: 'Grüße an alle, die so lange Betreffzeilen lesen, dass sie gefaltet werden müssen',
    tags: ['Grüße', 'naïve café', 'third'],
    listUnsubscribe: `<https://example.com/${'long/'.repeat(40)}>, <mailto:u@example.com>`,
  });
});
