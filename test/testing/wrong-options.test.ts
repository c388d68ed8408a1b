// What a test without types gives to the mail server for tests: what would pass for another thing is refused.
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testCertificates } from '../certs.js';
import { mailMatchers, startMail, type TestMail } from '../../src/testing/index.js';

async function start(): Promise<TestMail> {
  const mail = await startMail();
  onTestFinished(() => mail.close());
  return mail;
}

describe('waiting', () => {
  it.each(['to', 'from', 'subject', 'body', 'tag', 'attachment', 'user'])(
    'refuses the criterion %s if it is undefined',
    async (name) => {
      const mail = await start();
      const words = new RegExp(`^criteria: ${name} must be a string.*, got undefined$`);
      await expect(mail.waitFor({ [name]: undefined })).rejects.toThrow(words);
      await expect(mail.waitForAll(2, { [name]: undefined })).rejects.toThrow(words);
      await expect(mail.none({ [name]: undefined })).rejects.toThrow(words);
      await expect(mailMatchers.toReceive.call({}, mail, { [name]: undefined })).rejects.toThrow(words);
      await mail.none({ [name]: 'x' }, { within: 1 });
    },
  );

  it.each([
    [/Welcome/, 'an object (RegExp)'],
    [['ada@example.com'], 'a list of 1'],
    [Promise.resolve(), 'an object (Promise)'],
    ['ada@example.com', '"ada@example.com"'],
    [null, 'null'],
  ])('refuses %j as criteria: it would match every message', async (criteria, got) => {
    const mail = await start();
    const words = `criteria: expected an object such as { to }, or a function, got ${got}`;
    await expect(mail.waitFor(criteria as never)).rejects.toThrow(words);
    await expect(mail.none(criteria as never)).rejects.toThrow(words);
  });

  it.each([
    [{ timeuot: 100 }, 'waitFor: there is no option timeuot; did you mean timeout?'],
    [{ timeout: '1s' }, 'waitFor: timeout: expected milliseconds, 0 or more, got "1s"'],
    [{ timeout: -1 }, 'waitFor: timeout: expected milliseconds, 0 or more, got -1'],
    [{ signal: new AbortController() }, 'waitFor: signal: expected an AbortSignal'],
    [null, 'waitFor: expected an object of options, got null'],
  ])('refuses the options %j', async (options, words) => {
    const mail = await start();
    await expect(mail.waitFor({}, options as never)).rejects.toThrow(words);
    await expect(mail.waitForAll(1, {}, options as never)).rejects.toThrow(words);
    await expect(mailMatchers.toReceive.call({}, mail, {}, options as never)).rejects.toThrow(words);
  });

  it.each([0, NaN, '2', -1])('refuses to wait for %j messages', async (count) => {
    const mail = await start();
    await expect(mail.waitForAll(count as never)).rejects.toThrow(
      'waitForAll: count: expected a whole number',
    );
  });

  it.each([
    [{ timeout: 10 }, 'none: there is no option timeout; there is within'],
    [{ witin: 10 }, 'none: there is no option witin; did you mean within?'],
    [{ within: '10' }, 'none: within: expected milliseconds, 0 or more, got "10"'],
  ])('refuses the options %j of none', async (options, words) => {
    const mail = await start();
    await expect(mail.none({}, options as never)).rejects.toThrow(words);
    await expect(mailMatchers.toReceive.call({ isNot: true }, mail, {}, options as never)).rejects.toThrow(
      words,
    );
  });

  it('takes right options', async () => {
    const mail = await start();
    const { signal } = new AbortController();
    await expect(mail.waitFor({}, { timeout: 1, signal })).rejects.toThrow('no message came');
    await mail.none({}, { within: 1 });
    const { pass } = await mailMatchers.toReceive.call({ isNot: true }, mail, {}, { within: 1 });
    expect(pass).toBe(false);
  });
});

describe('a trouble', () => {
  it.each([
    [{ to: undefined }, 'to is undefined: give a value, or leave it out'],
    [{ when: undefined }, 'when is undefined: give a value, or leave it out'],
    [{ times: 0 }, 'times: expected a whole number from 1 to'],
    [{ times: 'twice' }, 'times: expected a whole number from 1 to'],
    [{ tims: 2 }, 'there is no option tims; did you mean times?'],
    [{ to: 5 }, 'to: expected text, got 5'],
    [{ when: true }, 'when: expected a function, got true'],
  ])('refuses %j', async (options, words) => {
    const mail = await start();
    expect(() => mail.fail('rcpt', options as never)).toThrow(`fail: ${words}`);
    expect(() => mail.slow('rcpt', 1, options as never)).toThrow(`slow: ${words}`);
    expect(() => mail.drop('rcpt', options as never)).toThrow(`drop: ${words}`);
  });

  it.each([
    [{ cod: 550 }, 'fail: there is no option cod; did you mean code?'],
    [{ code: '550' }, 'fail: code: expected a whole number from 400 to 559, got "550"'],
    [{ enhanced: 5 }, 'fail: enhanced: expected text, got 5'],
    [{ text: 5 }, 'fail: text: expected text, got 5'],
  ])('that fails refuses %j', async (options, words) => {
    const mail = await start();
    expect(() => mail.fail('rcpt', options as never)).toThrow(words);
  });

  it.each(['connect', 'hello', 'starttls', 'auth', 'mail'] as const)(
    'in the phase %s refuses a recipient, which there is not yet',
    async (phase) => {
      const mail = await start();
      const words = `there is no recipient in the phase ${phase}: leave out to, or use rcpt`;
      const options = { to: 'ada@example.com' };
      expect(() => mail.fail(phase, options)).toThrow(`fail: ${words}`);
      expect(() => mail.slow(phase, 1, options)).toThrow(`slow: ${words}`);
      expect(() => mail.drop(phase, options)).toThrow(`drop: ${words}`);
    },
  );

  it.each([-1, NaN, '100', Infinity])('refuses to be slow for %j milliseconds', async (milliseconds) => {
    const mail = await start();
    expect(() => mail.slow('rcpt', milliseconds as never)).toThrow(
      'slow: milliseconds: expected a whole number from 0',
    );
  });

  it('refuses an unknown phase', async () => {
    const mail = await start();
    expect(() => mail.fail('recipient' as never)).toThrow(
      'fail: there is no phase recipient; did you mean rcpt?',
    );
  });

  it('takes right options', async () => {
    const mail = await start();
    const options = { times: Infinity, to: 'ada@example.com', when: () => true };
    expect(mail.fail('rcpt', { ...options, code: 550, enhanced: '5.1.1', text: 'no' }).happened).toBe(0);
    expect(mail.slow('rcpt', 1, { times: 1 }).happened).toBe(0);
    expect(mail.drop('rcpt', options).happened).toBe(0);
  });
});

describe('startMail', () => {
  const users = "startMail: users: expected user names and their passwords, such as { ada: 'secret' }, got ";

  it.each([
    [{ users: ['ada'] }, `${users}a list of 1`],
    [{ users: { ada: 5 } }, `${users}an object`],
    [{ users: { ada: undefined } }, `${users}an object`],
    [{ users: 'ada' }, `${users}"ada"`],
    [{ tls: true }, 'startMail: tls: expected an object of options, got true'],
    [{ tls: { cert: 'a' } }, 'startMail: tls: key is missing'],
    [{ tls: {} }, 'startMail: tls: cert is missing'],
    [{ tls: { cert: 5, key: 'b' } }, 'startMail: tls: cert: expected text or octets, got 5'],
    [{ tls: { cert: '', key: 'b' } }, 'startMail: tls: cert: expected text or octets, got ""'],
    [
      { tls: { cert: 'a', key: 'b', mode: 'tls' } },
      "startMail: tls: mode: expected one of 'starttls', 'implicit'",
    ],
    [{ tls: { certFile: 'a' } }, 'startMail: tls: there is no option certFile; did you mean cert?'],
    [{ prot: 1 }, 'startMail: there is no option prot; did you mean port?'],
  ])('refuses %j', async (options, words) => {
    await expect(startMail(options as never)).rejects.toThrow(words);
  });

  it('takes right options', async () => {
    const mail = await startMail({ users: { ada: '' }, lmtp: true });
    await mail.close();
    const { cert, key } = await testCertificates();
    const secure = await startMail({ tls: { cert: readFileSync(cert), key: readFileSync(key, 'utf8') } });
    await secure.close();
  });
});

it('an inbox needs an address', async () => {
  const mail = await start();
  expect(() => mail.inbox(undefined as never)).toThrow('inbox: address is missing');
  expect(() => mail.inbox('')).toThrow('inbox: address: expected text, got ""');
});
