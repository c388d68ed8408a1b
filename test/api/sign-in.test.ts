// Tests how a request is authorized, and what happens if its credentials are wrong.
import { describe, expect, it } from 'vitest';
import { passwordRecord } from '../../src/api/sign-in/password.js';
import { OTHER_TOKEN, ApiHarness, TOKEN } from './api-harness.js';

const PASSWORD = 'correct horse battery';
const ORIGIN = { host: 'mx.example', origin: 'http://mx.example' };

async function withPassword(options: Parameters<typeof ApiHarness.start>[0] = {}): Promise<ApiHarness> {
  const harness = await ApiHarness.start(options);
  await harness.store.administrator.setPassword(await passwordRecord(PASSWORD), { onlyIfNone: false });
  return harness;
}

function signIn(harness: ApiHarness, payload: object, headers: Record<string, string> = ORIGIN) {
  return harness.api.app.inject({ method: 'POST', url: '/api/v1/session', headers, payload });
}

async function cookieOf(harness: ApiHarness, payload: object): Promise<string> {
  const response = await signIn(harness, payload);
  const [cookie] = response.cookies;
  if (cookie === undefined) throw new Error(response.body);
  return `${cookie.name}=${cookie.value}`;
}

describe('sign-in', () => {
  it('of the administrator gives a cookie that scripts and other sites cannot use', async () => {
    const harness = await withPassword();
    const response = await signIn(harness, { password: PASSWORD });
    expect(response.json()).toEqual({ kind: 'administrator', domain: null, by: 'session' });
    expect(response.headers['set-cookie']).toMatch(
      /^postern_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
  });

  it('over TLS marks the cookie Secure', async () => {
    const harness = await withPassword({ tls: true });
    const response = await signIn(harness, { password: PASSWORD });
    expect(response.headers['set-cookie']).toMatch(
      /^__Host-postern_session=.*; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(response.headers['strict-transport-security']).toBeDefined();
  });

  it('of a domain is by its API token', async () => {
    const harness = await ApiHarness.start();
    const cookie = await cookieOf(harness, { token: TOKEN });
    const who = await harness.api.app.inject({
      url: '/api/v1/session',
      headers: { host: 'mx.example', cookie },
    });
    expect(who.json()).toEqual({ kind: 'domain', domain: 'example.com', by: 'session' });
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, 401],
    ['a wrong token', { token: 'wrong' }, 401],
    ['both', { password: PASSWORD, token: TOKEN }, 400],
    ['neither', {}, 400],
    ['another type', { password: 5 }, 400],
  ])('with %s is refused', async (_, payload, status) => {
    const harness = await withPassword();
    const response = await signIn(harness, payload);
    expect(response.statusCode).toBe(status);
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(response.body).not.toContain(PASSWORD);
  });

  it('without any password set is refused', async () => {
    const harness = await ApiHarness.start();
    expect((await signIn(harness, { password: '' })).statusCode).toBe(400);
    expect((await signIn(harness, { password: 'null' })).statusCode).toBe(401);
  });

  it('is throttled by address as AUTH is', async () => {
    const failed: string[] = [];
    const harness = await withPassword({
      throttle: {
        failed: (address) => {
          failed.push(address);
          return { delay: 0, tooMany: failed.length > 2 };
        },
      },
    });
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await signIn(harness, { password: 'wrong' })).statusCode);
    expect(statuses).toEqual([401, 401, 429]);
    expect(failed).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
    expect((await signIn(harness, { password: PASSWORD })).statusCode).toBe(200);
  });

  it('is limited in how often it may be tried', async () => {
    const harness = await withPassword({ limits: { signIns: 2 } });
    for (let i = 0; i < 2; i++) await signIn(harness, { token: 'wrong' });
    const third = await signIn(harness, { token: TOKEN });
    expect([third.statusCode, third.json()]).toEqual([
      429,
      { error: 'Too many requests', code: 'too_many_requests' },
    ]);
    expect(Number(third.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('a session', () => {
  it('is kept as a hash alone', async () => {
    const harness = await withPassword();
    const cookie = await cookieOf(harness, { password: PASSWORD });
    const secret = cookie.slice(cookie.indexOf('=') + 1);
    const [session] = await harness.store.sessions.list(null, Date.now());
    expect(Buffer.from(session?.digest ?? []).toString('base64url')).not.toBe(secret);
    expect(session).toMatchObject({ principal: { kind: 'administrator' }, clientAddress: '127.0.0.1' });
  });

  it('ends with the sign-out', async () => {
    const harness = await ApiHarness.start();
    const cookie = await cookieOf(harness, { token: TOKEN });
    const out = await harness.api.app.inject({
      method: 'DELETE',
      url: '/api/v1/session',
      headers: { ...ORIGIN, cookie },
    });
    expect(out.statusCode).toBe(204);
    const again = await harness.api.app.inject({
      url: '/api/v1/session',
      headers: { host: 'mx.example', cookie },
    });
    expect(again.statusCode).toBe(401);
  });

  it('ends when it was not used for its time', async () => {
    let now = Date.now();
    const harness = await ApiHarness.start({ now: () => now });
    const cookie = await cookieOf(harness, { token: TOKEN });
    now += 13 * 3_600_000;
    const late = await harness.api.app.inject({
      url: '/api/v1/session',
      headers: { host: 'mx.example', cookie },
    });
    expect(late.statusCode).toBe(401);
  });

  it('is seen, and ended, by its own domain and the administrator alone', async () => {
    const harness = await withPassword();
    const own = await cookieOf(harness, { token: TOKEN });
    const foreign = await cookieOf(harness, { token: OTHER_TOKEN });
    const admin = await cookieOf(harness, { password: PASSWORD });
    interface Listed {
      readonly sessions: { id: string; domain: string | null; current: boolean }[];
    }
    const list = async (cookie: string): Promise<Listed['sessions']> => {
      const headers = { host: 'mx.example', cookie };
      const response = await harness.api.app.inject({ url: '/api/v1/sessions', headers });
      return response.json<Listed>().sessions;
    };
    expect((await list(own)).map(({ domain, current }) => [domain, current])).toEqual([
      ['example.com', true],
    ]);
    expect(await list(admin)).toHaveLength(3);
    const [target] = await list(own);
    const end = (cookie: string) =>
      harness.api.app.inject({
        method: 'DELETE',
        url: `/api/v1/sessions/${target?.id}`,
        headers: { ...ORIGIN, cookie },
      });
    expect((await end(foreign)).statusCode).toBe(404);
    expect((await end(admin)).statusCode).toBe(204);
    expect((await end(admin)).statusCode).toBe(404);
  });

  it('of a removed domain ends', async () => {
    const harness = await ApiHarness.start();
    const cookie = await cookieOf(harness, { token: TOKEN });
    await harness.store.removeDomain('example.com', Date.now());
    const response = await harness.api.app.inject({
      url: '/api/v1/session',
      headers: { host: 'mx.example', cookie },
    });
    expect(response.statusCode).toBe(401);
  });

  it('does not send mail: that takes a token', async () => {
    const harness = await ApiHarness.start();
    const cookie = await cookieOf(harness, { token: TOKEN });
    const response = await harness.send({}, { 'mailpace-server-token': '', cookie });
    expect([response.statusCode, response.json()]).toEqual([401, { error: 'Missing API Token' }]);
  });
});

describe('other sites', () => {
  it.each([
    ['evil.example', 421],
    ['mx.example.evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['mx.example', 200],
    ['MX.example.:8025', 200],
    ['localhost:8025', 200],
    ['127.0.0.1:8025', 200],
    ['[::1]:8025', 200],
  ])('the Host %j gets %i', async (host, status) => {
    const harness = await ApiHarness.start();
    const response = await harness.api.app.inject({ url: '/healthz', headers: { host } });
    expect(response.statusCode).toBe(status);
  });

  it('cannot change anything with a cookie', async () => {
    const harness = await ApiHarness.start();
    const cookie = await cookieOf(harness, { token: TOKEN });
    const out = (headers: Record<string, string>) =>
      harness.api.app.inject({
        method: 'DELETE',
        url: '/api/v1/session',
        headers: { host: 'mx.example', cookie, ...headers },
      });
    expect((await out({ origin: 'http://evil.example' })).statusCode).toBe(403);
    expect((await out({ origin: 'null' })).statusCode).toBe(403);
    expect((await out({})).statusCode).toBe(403);
    expect((await out({ origin: 'http://mx.example:81' })).statusCode).toBe(403);
    expect((await out({ origin: 'https://mx.example' })).statusCode).toBe(204);
  });
});

describe('a change of the password', () => {
  function change(harness: ApiHarness, cookie: string, payload: object) {
    const headers = { ...ORIGIN, cookie };
    return harness.api.app.inject({ method: 'PUT', url: '/api/v1/password', headers, payload });
  }

  it('needs the current one, and one that is long enough', async () => {
    const failed: string[] = [];
    const throttle = {
      failed: (address: string) => {
        failed.push(address);
        return { delay: 0, tooMany: failed.length > 1 };
      },
    };
    const harness = await withPassword({ throttle });
    const cookie = await cookieOf(harness, { password: PASSWORD });
    const short = await change(harness, cookie, { current: PASSWORD, password: 'too short' });
    expect([short.statusCode, short.json<{ errors: object }>().errors]).toEqual([
      400,
      { password: ['needs 10 characters or more'] },
    ]);
    const wrong = await change(harness, cookie, { current: 'wrong', password: 'another long one' });
    expect([wrong.statusCode, wrong.json<{ errors: object }>().errors]).toEqual([
      400,
      { current: ['is wrong'] },
    ]);
    // It is guessing, and counts as such.
    expect(
      (await change(harness, cookie, { current: 'guess', password: 'another long one' })).statusCode,
    ).toBe(429);
    expect(failed).toHaveLength(2);
    expect((await signIn(harness, { password: PASSWORD })).statusCode).toBe(200);
  });

  it('ends the other sessions of the administrator, and keeps the one that asked', async () => {
    const harness = await withPassword();
    const other = await cookieOf(harness, { password: PASSWORD });
    const mine = await cookieOf(harness, { password: PASSWORD });
    const response = await change(harness, mine, { current: PASSWORD, password: 'another long one' });
    expect(response.statusCode).toBe(204);
    const [cookie] = response.cookies;
    const status = async (cookie: string) => {
      const headers = { host: 'mx.example', cookie };
      return (await harness.api.app.inject({ url: '/api/v1/session', headers })).statusCode;
    };
    expect(await status(`${cookie?.name ?? ''}=${cookie?.value ?? ''}`)).toBe(200);
    expect([await status(mine), await status(other)]).toEqual([401, 401]);
    expect((await signIn(harness, { password: PASSWORD })).statusCode).toBe(401);
    expect((await signIn(harness, { password: 'another long one' })).statusCode).toBe(200);
  });
});
