import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { receivedField, type Trace, withKeyword } from '../../src/message/received.js';
import { HeaderSection } from '../../src/message/section.js';
import { TRACE } from './trace.js';

const trace: Trace = { ...TRACE, tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384' };
const received = (part: Partial<Trace> = {}): string => receivedField({ ...trace, ...part });

it('states the facts of the transaction', () => {
  expect(received()).toBe(
    'Received: from app.example ([192.0.2.7]) by mx.example with ESMTPSA\r\n' +
      ' (TLSv1.3 TLS_AES_256_GCM_SHA384) id 42 for <u@x.example>; Tue, 28 Jul 2026\r\n' +
      ' 09:05:07 +0000\r\n',
  );
});

it('states the priority if one was given', () => {
  expect(received({ priority: -4 })).toContain(' for <u@x.example> PRIORITY -4; ');
  expect(received({ priority: 0, recipients: [] })).toContain(' id 42 PRIORITY 0; ');
  expect(received({ priority: null })).toBe(received());
});

it.each([
  [false, null, false, false, 'SMTP'],
  [false, 'TLSv1.3', false, false, 'SMTP'],
  [true, null, false, false, 'ESMTP'],
  [true, 'TLSv1.3', false, false, 'ESMTPS'],
  [true, null, true, false, 'ESMTPA'],
  [true, 'TLSv1.3', true, false, 'ESMTPSA'],
  [true, null, false, true, 'UTF8SMTP'],
  [true, 'TLSv1.3', false, true, 'UTF8SMTPS'],
  [true, null, true, true, 'UTF8SMTPA'],
  [true, 'TLSv1.3', true, true, 'UTF8SMTPSA'],
])('extended %s, tls %s, authenticated %s, utf8 %s: %s', (extended, tls, authenticated, utf8, keyword) => {
  expect(withKeyword({ extended, tls, authenticated, utf8 })).toBe(keyword);
  expect(received({ extended, tls, authenticated, utf8 })).toMatch(new RegExp(`\\swith\\s${keyword}\\s`));
});

it.each([
  ['2001:db8::1', '([IPv6:2001:db8::1])'],
  ['::ffff:192.0.2.7', '([192.0.2.7])'],
  ['fe80::1%eth0', '([IPv6:fe80::1])'],
])('shows the client %s as %s', (clientAddress, shown) => {
  expect(received({ clientAddress })).toContain(shown);
});

it('leaves out an invalid address, and TLS if there was no TLS', () => {
  expect(received({ clientAddress: 'x) evil (', tls: null })).not.toContain('(');
});

it.each([
  ['a<b>.example', 'a?b?.example'],
  ['a\0b', 'a?b'],
  ['x\r\nBcc: y', 'x??Bcc??y'],
  ['x) (y', 'x???y'],
  ['a;b', 'a?b'],
  ['b\xfc\xff.example', 'b??.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['[192.0.2.9]', '[192.0.2.9]'],
  ['[IPv6:2001:db8::9]', '[IPv6:2001:db8::9]'],
  ['[a b]', '?a?b?'],
  ['', 'unknown'],
])('makes the hello name %j safe: %s', (helloName, shown) => {
  expect(received({ helloName }).replace(/\r\n/g, '')).toContain(`from ${shown} (`);
});

describe('for', () => {
  it('names the recipient if there is exactly one', () => {
    expect(received({ recipients: ['"a>b c"@x'] })).toContain('for <"a>b c"@x>;');
    expect(received({ recipients: [] })).not.toContain('for');
    expect(received({ recipients: ['a@x', 'b@x'] })).not.toMatch(/for|@/);
  });

  it('names an internationalised recipient only if SMTPUTF8 is in use', () => {
    expect(received({ recipients: ['jörg@x'] })).not.toContain('for');
    expect(received({ recipients: ['jörg@x'], utf8: true })).toContain('for <jörg@x>;');
  });

  it.each(['a\r\nX: y@x', 'a\0@x', 'a\u2028@x', 'a'.repeat(257)])('does not name %j', (recipient) => {
    expect(received({ recipients: [recipient], utf8: true })).not.toContain('for');
  });
});

// Invariant: whatever the client sent, the result is one field, printable, and no line is longer than 998 octets.
it('is one field, whatever is in the trace', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 900, maxLength: 2000 }));
  const parts = fc.record({
    helloName: text,
    clientAddress: text,
    hostname: text,
    tls: fc.option(text),
    id: text,
    recipients: fc.array(text, { maxLength: 2 }),
    utf8: fc.boolean(),
  });
  fc.assert(
    fc.property(parts, (part) => {
      const field = received(part);
      expect(
        HeaderSection.parse(Buffer.from(field))
          .take('Received')
          .map((one) => one.octets.toString()),
      ).toEqual([field]);
      expect(field.replaceAll('\r\n ', ' ')).toMatch(part.utf8 ? /^\P{Cc}+\r\n$/u : /^[ -~]+\r\n$/);
      for (const line of field.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(998);
    }),
  );
});

it('folds below 78 octets unless one part is longer by itself', () => {
  const words = fc.stringMatching(/^[a-z.]{1,60}$/);
  fc.assert(
    fc.property(words, words, words, (helloName, hostname, local) => {
      const field = received({
        helloName,
        hostname,
        recipients: [`${local}@x`],
        clientAddress: '2001:db8::1',
      });
      for (const line of field.split('\r\n')) expect(line.length).toBeLessThanOrEqual(78);
    }),
  );
});

// RFC 3848, RFC 6531 4.3
it.each([
  [null, false, false, 'LMTP'],
  ['TLSv1.3', false, false, 'LMTPS'],
  ['TLSv1.3', true, false, 'LMTPSA'],
  [null, true, true, 'UTF8LMTPA'],
])('lmtp, tls %s, authenticated %s, utf8 %s: %s', (tls, authenticated, utf8, keyword) => {
  expect(received({ lmtp: true, tls, authenticated, utf8 })).toMatch(new RegExp(`\\swith\\s${keyword}\\s`));
});
