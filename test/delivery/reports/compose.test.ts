// Invariant: whatever a remote server replied and a sender asked for, a notification is a report that other programs
// can read, and reports for each recipient its result, and nothing else.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resultOf } from '../../../src/delivery/transports/https/outcome.js';
import { DELIVERY } from '../../../src/delivery/limits.js';
import { noticesOf } from '../../../src/delivery/reports/notice.js';
import type { ReportKind } from '../../../src/store/queue.js';
import { HEADER, MESSAGE, notification, owed, recipient, TIMES } from './owed.js';
import { hasPython, lf, parse, parseByPython } from './parse.js';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('a notification of failure', () => {
  const report = owed(
    [
      recipient({ originalRecipient: 'rfc822;You+There@example.net' }),
      recipient({
        position: 2,
        forwardPath: 'them@example.org',
        attempt: {
          at: TIMES.tried,
          outcome: 'bounced',
          remoteHost: null,
          reply: '5.4.7 Delivery time expired; the last try came to: no answer',
          tls: null,
        },
      }),
    ],
    {
      envelopeId: 'Q 1',
      deliverBy: { time: TIMES.until, otherwise: 'return', trace: false },
      releaseAt: TIMES.received,
    },
  );

  it('goes from the server to the sender, names the message, and is marked as automatic', async () => {
    const composed = await notification(report);
    const { header } = await parse(composed.octets);
    expect(header.get('from')).toBe('Mail Delivery System <MAILER-DAEMON@mx.example>');
    expect(header.get('to')).toBe('bounces@example.com');
    expect(header.get('subject')).toBe('Not delivered: Your order');
    expect(header.get('auto-submitted')).toBe('auto-replied');
    expect(header.get('in-reply-to')).toBe('<1@example.com>');
    expect(header.get('references')).toBe('<1@example.com>');
    expect(header.get('date')).toBe('Tue, 28 Jul 2026 09:06:08 +0000');
    expect(header.get('message-id')).toBe(composed.messageId);
    expect(header.get('content-type')).toMatch(/^multipart\/report; report-type=delivery-status; boundary=/);
    expect(composed).toMatchObject({ from: 'MAILER-DAEMON@mx.example', isEightBit: false, utf8: false });
  });

  it('does not take an HTTP reply for an SMTP reply', async () => {
    const { reply } = resultOf(
      { status: 400, headers: JSON_TYPE, body: Buffer.from('{"error":"No"}'), tls: null },
      0,
    );
    const { status } = await parse((await notification(owed([recipient({}, reply)]))).octets);
    expect(status[1]).toMatchObject({ status: '5.0.0', 'diagnostic-code': 'x-postern; HTTP 400 No' });
  });

  it("does not attribute Postern's own reasons to the remote server", async () => {
    const reply = '5.4.7 Delivery time expired; the last try came to: 451 4.7.1 Later';
    const { text } = await parse((await notification(owed([recipient({}, reply)]))).octets);
    expect(text).toContain(`  you@example.net\n    ${reply}\n`);
  });

  it('has a part for people, in words', async () => {
    const { text } = await parse((await notification(report)).octets);
    expect(text).toContain('could not be delivered');
    expect(text).toContain('  you@example.net\n    mx.example.net said: 550 5.1.1 No such user\n');
    expect(text).toContain(
      '  them@example.org\n    5.4.7 Delivery time expired; the last try came to: no answer\n',
    );
    expect(text).toContain('Your order');
    expect(text).toContain('Tue, 28 Jul 2026 09:05:07 +0000');
    expect(text).toContain('the header of your message');
  });

  it('has a part for programs, in fields', async () => {
    const { status, statusType } = await parse((await notification(report)).octets);
    expect(statusType).toBe('message/delivery-status');
    expect(status).toEqual([
      {
        'original-envelope-id': 'Q 1',
        'reporting-mta': 'dns; mx.example',
        'arrival-date': 'Tue, 28 Jul 2026 09:05:07 +0000',
        'deliver-by-date': 'Thu, 30 Jul 2026 09:05:07 +0000',
        'future-release-request': 'until; 2026-07-28T09:05:07Z',
      },
      {
        'original-recipient': 'rfc822; You+There@example.net',
        'final-recipient': 'rfc822; you@example.net',
        action: 'failed',
        status: '5.1.1',
        'remote-mta': 'dns; mx.example.net',
        'diagnostic-code': 'smtp; 550 5.1.1 No such user',
        'last-attempt-date': 'Tue, 28 Jul 2026 09:06:08 +0000',
      },
      {
        'final-recipient': 'rfc822; them@example.org',
        action: 'failed',
        status: '5.4.7',
        'diagnostic-code': 'x-postern; 5.4.7 Delivery time expired; the last try came to: no answer',
        'last-attempt-date': 'Tue, 28 Jul 2026 09:06:08 +0000',
      },
    ]);
  });

  it.runIf(hasPython)('is parsed in the same way by Python', async () => {
    const { octets } = await notification(report);
    const python = parseByPython(octets);
    expect(python).toMatchObject({
      type: 'multipart/report',
      reportType: 'delivery-status',
      types: ['text/plain', 'message/delivery-status', 'text/rfc822-headers'],
      defects: [],
    });
    expect(python.status.map((group) => group['Status'])).toEqual([undefined, '5.1.1', '5.4.7']);
    expect(python.status[0]?.['Original-Envelope-Id']).toBe('Q 1');
  });
});

describe('the other kinds', () => {
  it('a delay says until when the message is retried', async () => {
    const attempt = {
      at: TIMES.tried,
      outcome: 'deferred',
      remoteHost: '192.0.2.4',
      reply: '451 4.3.0 Later',
      tls: null,
    } as const;
    const { header, text, status } = await parse(
      (await notification(owed([recipient({ report: 'delayed', attempt })]))).octets,
    );
    expect(header.get('subject')).toBe('Not delivered yet: Your order');
    expect(text).toContain('until\nThu, 30 Jul 2026 09:05:07 +0000.');
    expect(status[1]).toMatchObject({
      action: 'delayed',
      status: '4.3.0',
      'remote-mta': 'dns; [192.0.2.4]',
      'will-retry-until': 'Thu, 30 Jul 2026 09:05:07 +0000',
    });
  });

  it('a delay beyond BY has the status 4.4.7', async () => {
    const late = { time: TIMES.tried, otherwise: 'notify', trace: false } as const;
    const report = owed([recipient({ report: 'delayed' }, '451 4.3.0 Later')], { deliverBy: late });
    expect((await parse((await notification(report)).octets)).status[1]?.['status']).toBe('4.4.7');
  });

  it.each([
    ['delivered', '2.0.0', 'Delivered', 'has been delivered'],
    ['relayed', '2.1.5', 'Handed on', 'taken by mx.example.net'],
  ] as const)('%s has its own status and words', async (report, code, subject, words) => {
    const reply = report === 'delivered' ? '' : '250 2.1.5 Ok';
    const { header, text, status } = await parse(
      (await notification(owed([recipient({ report }, reply)]))).octets,
    );
    expect(header.get('subject')).toBe(`${subject}: Your order`);
    expect(text).toContain(words);
    expect(status[1]).toMatchObject({ action: report, status: code });
  });

  it('come in notifications of their own', () => {
    const kinds: ReportKind[] = ['failed', 'relayed', 'failed'];
    const notices = noticesOf(owed(kinds.map((report, position) => recipient({ report, position }))));
    expect(notices.map(({ kind, recipients }) => [kind, recipients.map(({ position }) => position)])).toEqual(
      [
        ['failed', [0, 2]],
        ['relayed', [1]],
      ],
    );
  });
});

describe('the returned part', () => {
  const returned = async (...about: Parameters<typeof notification>) =>
    (await parse((await notification(...about)).octets)).returned;

  it('waives TLS if the message did', async () => {
    for (const [field, expected] of [
      ['TLS-Required: No\r\n', 'No'],
      ['TLS-Required: Yes\r\n', undefined],
      ['', undefined],
    ] as const) {
      const { octets } = await notification(owed([recipient()]), `${field}${MESSAGE}`);
      expect((await parse(octets)).header.get('tls-required')).toBe(expected);
    }
  });

  it('is the header section by default, and if RET=HDRS asks for it', async () => {
    for (const ret of [null, 'HDRS'] as const) {
      expect(await returned(owed([recipient()], { ret }))).toEqual({
        type: 'text/rfc822-headers',
        lines: lf(HEADER),
      });
    }
  });

  it('is the message if RET=FULL asks for it and the notification reports a failure', async () => {
    const full = owed([recipient()], { ret: 'FULL' });
    expect(await returned(full)).toEqual({ type: 'message/rfc822', lines: lf(MESSAGE) });
    expect(await returned(owed([recipient({ report: 'delayed' })], { ret: 'FULL' }))).toMatchObject({
      type: 'text/rfc822-headers',
    });
  });

  it('is the header section if the message must go over TLS, is binary, or is too large', async () => {
    const header = { type: 'text/rfc822-headers', lines: lf(HEADER) };
    expect(await returned(owed([recipient()], { ret: 'FULL', requireTls: true }))).toEqual(header);
    const binary = owed([recipient()], { ret: 'FULL', body: 'BINARYMIME' });
    expect(await returned(binary)).toEqual(header);
    // Its octets count if they are known, not what its client declared.
    const plain = { eightBit: false, utf8Header: false, binary: false, longLines: false };
    expect((await returned(binary, MESSAGE, plain))?.type).toBe('message/rfc822');
    const declared = owed([recipient()], { ret: 'FULL', body: '7BIT' });
    expect(await returned(declared, MESSAGE, { ...plain, binary: true })).toEqual(header);
    expect(await returned(declared, MESSAGE, { ...plain, longLines: true })).toEqual(header);
    const { initial } = DELIVERY.returnedMessage;
    const full = owed([recipient()], { ret: 'FULL' });
    const fits = `${HEADER}\r\n`.padEnd(initial - 2, 'x') + '\r\n';
    expect((await notification(full, fits)).octets.includes(fits)).toBe(true);
    expect((await returned(full, fits))?.type).toBe('message/rfc822');
    expect(await returned(full, `${fits.slice(0, -2)}y\r\n`)).toEqual(header);
  });

  it('is missing if the content has been removed', async () => {
    const report = owed();
    expect(await returned(report, '')).toBeNull();
    expect((await parse((await notification(report, '')).octets)).text).toContain(
      'Attached: the same for programs.',
    );
  });

  it('has as many whole fields of a long header section as fit', async () => {
    const field = `X-Long: ${'x'.repeat(60)}\r\n ${'y'.repeat(60)}\r\n`;
    const { initial } = DELIVERY.returnedHeader;
    const { octets } = await notification(owed(), `${field.repeat(1000)}\r\nbody`);
    const fields = octets.toString().split(field).length - 1;
    expect(fields).toBe(Math.floor(initial / field.length));
    expect(octets.includes(`${field}\r\n--`)).toBe(true);
  });

  it('passes 8-bit octets: those of a message unchanged, those of a header section encoded', async () => {
    const content = Buffer.from('Subject: Gr\u00fc\u00dfe\r\n\r\n\u00fc\r\n');
    const whole = await notification(owed([recipient()], { ret: 'FULL' }), content);
    expect(whole).toMatchObject({ isEightBit: true, utf8: false });
    expect((await parse(whole.octets)).returned).toEqual({
      type: 'message/rfc822',
      lines: lf(content.toString()),
    });
    const header = await notification(owed(), content);
    expect(header.isEightBit).toBe(false);
    expect(isAscii(header.octets)).toBe(true);
    expect((await parse(header.octets)).returned?.lines).toBe('Subject: Gr\u00fc\u00dfe');
  });
});

describe('SMTPUTF8 (RFC 6533)', () => {
  const international = recipient(
    {
      forwardPath: 'j\u00f6rg@b\u00fccher.example',
      originalRecipient: 'utf-8;j\u00f6rg+1@b\u00fccher.example',
    },
    '550 5.1.1 Gibt es nicht: j\u00f6rg',
  );

  it('has its types if the message was sent with it, from an address that needs it', async () => {
    const report = owed([international], { smtputf8: true }, { reversePath: '\u00fc@b\u00fccher.example' });
    const composed = await notification(report, 'Subject: Gr\u00fc\u00dfe\r\n\r\nx');
    expect(composed).toMatchObject({ utf8: true, isEightBit: true });
    const { header, status, statusType, returned } = await parse(composed.octets);
    expect(statusType).toBe('message/global-delivery-status');
    expect(returned).toEqual({ type: 'message/global-headers', lines: 'Subject: Gr\u00fc\u00dfe' });
    expect(header.get('to')).toBe('\u00fc@b\u00fccher.example');
    expect(status[1]).toMatchObject({
      'original-recipient': 'utf-8; j\u00f6rg+1@b\u00fccher.example',
      'final-recipient': 'utf-8; j\u00f6rg@b\u00fccher.example',
      'diagnostic-code': 'smtp; 550 5.1.1 Gibt es nicht: j\u00f6rg',
    });
    const whole = owed(
      [international],
      { smtputf8: true, ret: 'FULL' },
      { reversePath: '\u00fc@b\u00fccher.example' },
    );
    expect((await parse((await notification(whole, 'Subject: \u00fc\r\n\r\nx')).octets)).returned?.type).toBe(
      'message/global',
    );
  });

  it('is not used if the sender can be reached without it', async () => {
    const composed = await notification(
      owed([international], { smtputf8: true }),
      'Subject: Gr\u00fc\u00dfe\r\n\r\nx',
    );
    expect(composed).toMatchObject({ utf8: false, isEightBit: false });
    expect(isAscii(composed.octets)).toBe(true);
    const { statusType, returned } = await parse(composed.octets);
    expect(statusType).toBe('message/delivery-status');
    expect(returned).toEqual({ type: 'text/rfc822-headers', lines: 'Subject: Gr\u00fc\u00dfe' });
  });

  it('encodes addresses and has replies in ASCII if it is not used', async () => {
    const composed = await notification(owed([international]));
    expect(isAscii(composed.octets)).toBe(true);
    expect((await parse(composed.octets)).status[1]).toMatchObject({
      'original-recipient': 'utf-8; j\\x{F6}rg\\x{2B}1@b\\x{FC}cher.example',
      'final-recipient': 'utf-8; j\\x{F6}rg@b\\x{FC}cher.example',
      'diagnostic-code': 'smtp; 550 5.1.1 Gibt es nicht: j?rg',
    });
  });
});

describe('any reply, request and message', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      'a\r\n\r\nStatus: 2.0.0',
      '550 5.7.1 x\r\nAction: delivered',
      '--_NmP',
      'x'.repeat(2000),
      '5.1.1',
      '\u{1f600}',
    ),
  );
  const kind = fc.constantFrom<ReportKind>('failed', 'delayed', 'delivered', 'relayed');
  const people = fc.array(fc.tuple(text, fc.option(text), text), { minLength: 1, maxLength: 3 });
  const terms = fc.record({
    ret: fc.constantFrom('FULL' as const, 'HDRS' as const, null),
    smtputf8: fc.boolean(),
    envelopeId: fc.option(text),
  });

  it('a notification has its parts and groups, no line too long, and no octet that it does not declare', async () => {
    await fc.assert(
      fc.asyncProperty(kind, people, terms, text, async (report, recorded, asked, content) => {
        const recipients = recorded.map(([forwardPath, original, reply], position) =>
          recipient(
            { position, report, forwardPath, originalRecipient: original && `rfc822;${original}` },
            reply,
          ),
        );
        const composed = await notification(owed(recipients, asked), `Subject: x\r\n\r\n${content}`);
        const { status, statusType } = await parse(composed.octets);
        expect(statusType).toMatch(/^message\/(?:global-)?delivery-status$/);
        expect(status.map((group) => group['action'])).toEqual([undefined, ...recorded.map(() => report)]);
        const digit = { failed: '5', delayed: '4', delivered: '2', relayed: '2' }[report];
        for (const group of status.slice(1))
          expect(group['status']).toMatch(new RegExp(`^${digit}\\.\\d{1,3}\\.\\d{1,3}$`));
        if (!composed.isEightBit) expect(isAscii(composed.octets)).toBe(true);
        if (asked.ret !== 'FULL') {
          expect(composed.octets.toString().replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
          const longest = Math.max(
            ...composed.octets
              .toString('latin1')
              .split('\r\n')
              .map(({ length }) => length),
          );
          expect(longest).toBeLessThanOrEqual(998);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function isAscii(octets: Buffer): boolean {
  return octets.every((octet) => octet < 0x80);
}
