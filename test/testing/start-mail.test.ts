// The mail server for tests, used by a real client as an app's tests would use it.
import { createTransport, type SendMailOptions } from 'nodemailer';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { mailMatchers, startMail, type StartMailOptions, type TestMail } from '../../src/testing/index.js';
import { pairFor } from '../tls/loopback.js';

declare module 'vitest' {
  interface Matchers<T> {
    toReceive: (
      ...given: Parameters<(typeof mailMatchers)['toReceive']> extends [unknown, ...infer R] ? R : never
    ) => Promise<T>;
  }
}
expect.extend(mailMatchers);
afterEach(() => void vi.useRealTimers());

async function start(options: StartMailOptions = {}): Promise<TestMail> {
  const mail = await startMail(options);
  onTestFinished(() => mail.close());
  return mail;
}

const LETTER = {
  from: 'app@shop.example',
  to: 'ada@example.com',
  subject: 'Welcome to the shop',
  text: 'Hello',
};

function send(mail: TestMail, letter: SendMailOptions = {}, more: object = {}): Promise<unknown> {
  const transport = createTransport({ host: mail.host, port: mail.port, ignoreTLS: true, ...more });
  return transport.sendMail({ ...LETTER, ...letter });
}

/** Returns the message of the error with which a promise rejects. */
async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason as Error,
  );
  expect(error).not.toBeNull();
  return error?.message ?? '';
}

describe('a message', () => {
  it('has its envelope, its texts, its files, its tags, its links and its codes', async () => {
    const mail = await start();
    await send(
      mail,
      {
        cc: 'Bob <bob@example.com>',
        bcc: 'eve@example.com',
        subject: 'Größe € 5',
        text: 'Your code is 123456\nhttps://shop.example/confirm?x=1.',
        html: '<p>Your <a href="https://shop.example/html">account</a></p>',
        headers: { 'X-MailPace-Tags': 'welcome, first' },
        attachments: [
          { filename: 'a.bin', content: Buffer.from([0, 255, 13, 10]), contentType: 'application/x-bin' },
        ],
      },
      { auth: { user: 'app', pass: 'any' } },
    );
    const message = await mail.waitFor({ to: 'ADA@example.com' });
    expect(message).toMatchObject({
      sender: 'app@shop.example',
      recipients: ['ada@example.com', 'bob@example.com', 'eve@example.com'],
      from: ['app@shop.example'],
      to: ['ada@example.com'],
      cc: ['bob@example.com'],
      subject: 'Größe € 5',
      html: '<p>Your <a href="https://shop.example/html">account</a></p>',
      tags: ['welcome', 'first'],
      links: ['https://shop.example/html', 'https://shop.example/confirm?x=1'],
      codes: ['123456'],
      user: 'app',
      secure: false,
      problem: null,
    });
    expect(message.text).toMatch(/^Your code is 123456\n/);
    expect(message.header('mime-version')).toBe('1.0');
    expect(message.header('x-none')).toBeNull();
    expect(message.attachments).toMatchObject([{ name: 'a.bin', type: 'application/x-bin' }]);
    expect(Buffer.from(message.attachments[0]?.content ?? [])).toEqual(Buffer.from([0, 255, 13, 10]));
    expect(Buffer.from(message.raw).toString()).toMatch(/^X-MailPace-Tags: welcome, first\r\n/im);
  });

  it('that cannot be parsed says why, and the server goes on', async () => {
    const mail = await start();
    await send(mail, {
      raw: 'Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n',
    });
    const message = await mail.waitFor();
    expect(message.problem).toContain('multipart/mixed');
    expect([message.text, message.subject, message.links, message.attachments]).toEqual([null, '', [], []]);
    await send(mail);
    await mail.waitFor({ subject: 'welcome' });
  });
});

describe('criteria', () => {
  it.each([
    ['to', 'Ada@Example.com', 'da@example.com'],
    ['to', /^ada@/, /^bob@/],
    ['from', 'app@shop.example', 'app@shop'],
    ['subject', 'WELCOME', 'invoice'],
    ['subject', /shop$/g, /^shop/],
    ['body', 'hello', 'bye'],
    ['tag', 'first', 'fir'],
    ['attachment', 'a.txt', 'b.txt'],
    ['user', 'app', 'ap'],
  ] as const)('%s %s', async (name, right, wrong) => {
    const mail = await start();
    const letter = { headers: { 'X-OMS-Tags': 'first' }, attachments: [{ filename: 'a.txt', content: 'x' }] };
    await send(mail, letter, { auth: { user: 'app', pass: 'x' } });
    await mail.waitFor({ [name]: right });
    await mail.waitFor({ [name]: right });
    await mail.none({ [name]: wrong }, { within: 1 });
  });

  it('may be a function', async () => {
    const mail = await start();
    await send(mail);
    expect((await mail.waitFor(({ raw }) => raw.length > 10)).subject).toBe('Welcome to the shop');
    await mail.none(() => false, { within: 1 });
  });

  it.each([
    [{ subjet: 'x' }, 'criteria: there is no member subjet; did you mean subject?'],
    [{ to: 5 }, 'criteria: to must be a string or a regular expression, got 5'],
    [{ tag: /x/ }, 'criteria: tag must be a string, got an object (RegExp)'],
    ['x', 'criteria: expected an object such as { to }, or a function, got "x"'],
    [null, 'criteria: expected an object such as { to }, or a function, got null'],
  ])('%j is refused at once', async (criteria, words) => {
    const mail = await start();
    expect(await failure(mail.waitFor(criteria as never))).toBe(words);
    expect(await failure(mail.none(criteria as never))).toBe(words);
  });
});

describe('waitFor', () => {
  it('waits for a message that comes later, and gives the oldest one first', async () => {
    const mail = await start();
    const waiting = mail.waitFor({ subject: 'second' });
    await send(mail, { subject: 'First' });
    await send(mail, { subject: 'Second', text: '1' });
    await send(mail, { subject: 'Second', text: '2' });
    expect((await waiting).text).toBe('1\n');
    expect((await mail.waitForAll(2, { subject: 'second' })).map(({ text }) => text)).toEqual(['1\n', '2\n']);
    expect(mail.messages).toHaveLength(3);
  });

  it('says what came instead, in what it differs, and what was refused', async () => {
    const mail = await start();
    mail.fail('rcpt', { code: 550, enhanced: '5.1.1', text: 'no such user' });
    await failure(send(mail));
    await send(mail);
    const words = await failure(
      mail.waitFor({ to: 'bob@example.com', subject: /welcome/i }, { timeout: 20 }),
    );
    expect(words).toBe(
      [
        'no message for { to: "bob@example.com", subject: /welcome/i } within 20 ms; 1 came:',
        'from app@shop.example to ada@example.com: "Welcome to the shop" (differs: to)',
        'refused: RCPT got 550 5.1.1 no such user',
        'refused: DATA got 554 5.5.1 No valid recipients',
      ].join('\n  '),
    );
    expect(await failure(mail.waitForAll(2, {}, { timeout: 20 }))).toContain(
      '1 of 2 messages for any message',
    );
  });

  it('ends with its signal', async () => {
    const mail = await start();
    const controller = new AbortController();
    const waiting = mail.waitFor({}, { signal: controller.signal });
    controller.abort(new Error('enough'));
    expect(await failure(waiting)).toBe('enough');
    expect(await failure(mail.waitFor({}, { signal: controller.signal }))).toBe('enough');
  });

  it('works while a test has replaced the timers', async () => {
    const mail = await start();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    expect(await failure(mail.waitFor({}, { timeout: 20 }))).toContain('no message came');
    await mail.none({}, { within: 20 });
  });
});

describe('none', () => {
  it('fails with the message that came', async () => {
    const mail = await start();
    const none = failure(mail.none({ to: 'ada@example.com' }, { within: 20_000 }));
    await send(mail);
    expect(await none).toBe(
      'expected no message for { to: "ada@example.com" }, but this one came:\n  from app@shop.example to ada@example.com: "Welcome to the shop"',
    );
  });

  it('waits for a message that is under way', async () => {
    const mail = await start();
    const slow = mail.slow('message', 300);
    const sent = send(mail);
    await vi.waitUntil(() => slow.happened === 1);
    expect(await failure(mail.none({}, { within: 1 }))).toContain('but this one came');
    await sent;
  });

  it('does not wait for a transaction that was given up', async () => {
    const mail = await start();
    const drop = mail.drop('data');
    await failure(send(mail));
    expect(drop.happened).toBe(1);
    await mail.none({}, { within: 1 });
  });
});

describe('trouble', () => {
  it.each(['connect', 'hello', 'auth', 'mail', 'rcpt', 'data', 'message'] as const)(
    'at %s refuses, then lets the next one pass',
    async (phase) => {
      const mail = await start();
      const auth = { auth: { user: 'app', pass: 'x' } };
      // HELO follows an EHLO that was refused.
      const times = phase === 'hello' ? 2 : 1;
      const trouble = mail.fail(phase, { code: phase === 'connect' ? 554 : 450, text: 'Come again', times });
      expect(await failure(send(mail, {}, auth))).toContain('Come again');
      await send(mail, {}, auth);
      expect([mail.messages.length, trouble.happened]).toEqual([1, times]);
    },
  );

  it.each(['connect', 'hello', 'auth', 'mail', 'rcpt', 'data', 'message'] as const)(
    'at %s can end the connection',
    async (phase) => {
      const mail = await start();
      const auth = { auth: { user: 'app', pass: 'x' } };
      mail.drop(phase);
      await failure(send(mail, {}, auth));
      expect(mail.messages).toHaveLength(0);
      await send(mail, {}, auth);
    },
  );

  it('can be only for some recipients, some times, some moments', async () => {
    const mail = await start();
    mail.fail('rcpt', { times: 2, to: 'BOB@example.com', code: 550 });
    mail.fail('message', { when: ({ message }) => message?.subject === 'Odd', code: 554, text: 'odd' });
    const both = { to: ['ada@example.com', 'bob@example.com'] };
    await send(mail, both);
    expect(mail.messages[0]?.recipients).toEqual(['ada@example.com']);
    expect(await failure(send(mail, { subject: 'Odd' }))).toContain('odd');
    await send(mail, both);
    await send(mail, both);
    expect(mail.messages.map(({ recipients }) => recipients.length)).toEqual([1, 1, 2]);
  });

  it('can be removed, and ends with clear()', async () => {
    const mail = await start();
    const trouble = mail.fail('mail', { times: Infinity });
    await failure(send(mail));
    await failure(send(mail));
    trouble.remove();
    await send(mail);
    mail.fail('mail');
    mail.clear();
    expect(mail.messages).toHaveLength(0);
    await send(mail);
  });

  it('is refused if it makes no sense', async () => {
    const mail = await start();
    expect(() => mail.fail('rctp' as never)).toThrow('fail: there is no phase rctp; did you mean rcpt?');
    expect(() => mail.fail('rcpt', { code: 250 })).toThrow(
      'fail: code: expected a whole number from 400 to 559, got 250',
    );
    expect(() => mail.fail('rcpt', { code: 460 })).toThrow('reply code');
    expect(() => mail.slow('rcpt', -1)).toThrow('slow: milliseconds: expected a whole number from 0');
  });
});

describe('inboxes', () => {
  it('keep tests apart that run side by side', async () => {
    const mail = await start();
    const [one, two] = [mail.address('ada'), mail.address('ada')];
    expect(one).not.toBe(two);
    await send(mail, { to: one.toUpperCase() });
    expect((await mail.inbox(one).waitFor()).recipients).toHaveLength(1);
    expect(await failure(mail.inbox(two).waitFor({}, { timeout: 10 }))).toContain(
      `no message to ${two} came\n  1 came to other addresses`,
    );
    await mail.inbox(two).none({}, { within: 1 });
    mail.inbox(one).clear();
    expect(mail.inbox(one).messages).toHaveLength(0);
    expect(mail.messages).toHaveLength(1);
    await send(mail, { to: one });
    await mail.inbox(one).waitFor();
  });
});

describe('the server', () => {
  it('asks for the passwords that it was given', async () => {
    const mail = await start({ users: { app: 'secret' } });
    expect(await failure(send(mail))).toMatch(/530/);
    expect(await failure(send(mail, {}, { auth: { user: 'app', pass: 'wrong' } }))).toMatch(/535/);
    expect(await failure(send(mail, {}, { auth: { user: 'toString', pass: 'x' } }))).toMatch(/535/);
    await send(mail, {}, { auth: { user: 'app', pass: 'secret' } });
  });

  it('offers TLS, which can fail at STARTTLS', async () => {
    const { cert, key } = await pairFor(['localhost']);
    const mail = await start({ tls: { cert, key } });
    const tls = { ignoreTLS: false, requireTLS: true, tls: { rejectUnauthorized: false } };
    mail.fail('starttls', { code: 454 });
    await failure(send(mail, {}, tls));
    mail.drop('starttls');
    await failure(send(mail, {}, tls));
    // A client that checks certificates does not trust this one.
    expect(await failure(send(mail, {}, { ...tls, tls: {} }))).toMatch(/self-signed|unable to verify/);
    await send(mail, {}, tls);
    expect((await mail.waitFor()).secure).toBe(true);
    const implicit = await start({ tls: { cert, key, mode: 'implicit' } });
    await send(implicit, {}, { ...tls, secure: true });
    expect((await implicit.waitFor()).secure).toBe(true);
  });

  it('speaks LMTP', async () => {
    const mail = await start({ lmtp: true });
    await send(mail, { bcc: 'bob@example.com' }, { lmtp: true });
    expect((await mail.waitFor()).recipients).toHaveLength(2);
  });

  it('keeps a bounded number of octets', async () => {
    const mail = await start({ messageSize: 4000, capacity: 6000 });
    await send(mail, { text: 'x'.repeat(3000) });
    expect(await failure(send(mail, { text: 'x'.repeat(3000) }))).toContain('452 4.3.1');
    expect(await failure(send(mail, { text: 'x'.repeat(5000) }))).toContain('552');
    mail.clear();
    await send(mail, { text: 'x'.repeat(3000) });
    expect(mail.messages).toHaveLength(1);
  });

  it('refuses options that it does not know', async () => {
    expect(await failure(startMail({ portt: 1 } as never))).toBe(
      'startMail: there is no option portt; did you mean port?',
    );
    expect(await failure(startMail({ port: '1' } as never))).toContain('port: expected a whole number');
  });

  it('ends with its block', async () => {
    const mail = await startMail();
    await mail[Symbol.asyncDispose]();
    expect(await failure(send(mail))).toContain('ECONNREFUSED');
  });
});

describe('matchers', () => {
  it('wait for a message, and for its absence', async () => {
    const mail = await start();
    await send(mail);
    await expect(mail).toReceive({ subject: 'welcome' });
    await expect(mail.inbox('ada@example.com')).toReceive();
    await expect(mail).not.toReceive({ subject: 'invoice' });
    expect(await failure(expect(mail).toReceive({ subject: 'invoice' }, { timeout: 10 }))).toContain(
      '1 came:',
    );
    expect(await failure(expect(mail).not.toReceive({ subject: 'welcome' }))).toContain('but this one came');
    expect(await failure(expect(mail).toReceive({ subjet: 'x' } as never))).toContain(
      'did you mean subject?',
    );
  });
});

it('rejects a wait at once when the server closes, and after that', async () => {
  const mail = await startMail();
  await send(mail);
  const waiting = failure(mail.waitFor({ subject: 'Invoice' }, { timeout: 3_600_000 }));
  const atInbox = failure(mail.inbox('bob@example.com').waitForAll(2, {}, { timeout: Infinity }));
  const closed = mail.close();
  const during = failure(mail.waitFor({ to: 'bob@example.com' }, { timeout: 3_600_000 }));
  const words = 'no message for { subject: "Invoice" } since the mail server is closed; 1 came:';
  expect(await waiting).toContain(`${words}\n  from app@shop.example to ada@example.com`);
  expect(await atInbox).toContain('0 of 2 messages for any message since the mail server is closed');
  expect(await during).toContain('since the mail server is closed');
  await closed;
  expect(await failure(mail.waitFor({ subject: 'Invoice' }))).toContain('since the mail server is closed');
  // What came is there still.
  expect((await mail.waitFor({ subject: 'Welcome' })).to).toEqual(['ada@example.com']);
  await mail.none({ subject: 'Invoice' });
});
