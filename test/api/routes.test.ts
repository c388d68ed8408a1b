// Every route, from the table that the server itself has: a new one cannot be forgotten.
import { describe, expect, it } from 'vitest';
import { ApiHarness, TOKEN } from './api-harness.js';

/** A request for a route, with a value for each of its parameters. */
function urlOf(url: string): string {
  return url.replace(/:[a-z]+/gi, '1'.repeat(43));
}

describe('every route', () => {
  it('says who may use it, and is not open by omission', async () => {
    const harness = await ApiHarness.start();
    const open = harness.api.routes
      .filter(({ access }) => access === 'open')
      .map(({ method, url }) => `${method} ${url}`);
    expect(open.sort()).toEqual([
      'GET /api/openapi.json',
      'GET /healthz',
      'GET /readyz',
      'POST /api/v1/session',
    ]);
    expect(
      harness.api.routes.every(({ access }) =>
        ['open', 'page', 'local', 'token', 'domain', 'administrator'].includes(access),
      ),
    ).toBe(true);
  });

  it('refuses missing, wrong and expired credentials in a shape that says so', async () => {
    const harness = await ApiHarness.start();
    for (const { method, url, access } of harness.api.routes) {
      if (access === 'open' || access === 'page' || access === 'local') continue;
      for (const headers of [
        {},
        { 'mailpace-server-token': 'wrong' },
        { authorization: 'Bearer wrong' },
        { cookie: `postern_session=${'x'.repeat(43)}` },
        { cookie: 'postern_session=' },
      ]) {
        const response = await harness.api.app.inject({
          method: method as 'GET',
          url: urlOf(url),
          headers: {
            host: 'mx.example',
            origin: 'http://mx.example',
            'content-type': 'application/json',
            ...headers,
          },
          ...(method === 'GET' ? {} : { payload: '{}' }),
        });
        expect([method, url, headers, [400, 401, 403].includes(response.statusCode)]).toEqual([
          method,
          url,
          headers,
          true,
        ]);
        expect(response.headers['content-security-policy']).toContain("default-src 'none'");
        expect(response.json()).toBeTypeOf('object');
      }
    }
    expect(harness.failures).toEqual([]);
  });

  it('refuses a domain where only the administrator may', async () => {
    const harness = await ApiHarness.start();
    for (const { method, url, access } of harness.api.routes) {
      if (access !== 'administrator') continue;
      const response = await harness.api.app.inject({
        method: method as 'GET',
        url: urlOf(url),
        headers: { host: 'mx.example', 'mailpace-server-token': TOKEN },
      });
      expect([url, response.statusCode]).toEqual([url, 403]);
    }
  });

  it('is described by the OpenAPI document', async () => {
    const harness = await ApiHarness.start();
    const response = await harness.api.app.inject({
      url: '/api/openapi.json',
      headers: { host: 'mx.example' },
    });
    const document = response.json<{ openapi: string; paths: Record<string, Record<string, object>> }>();
    expect(document.openapi).toMatch(/^3\.1\./);
    for (const { method, url, access } of harness.api.routes) {
      if (url === '/send' || access === 'page') continue;
      const path = url.replace(/:([a-z]+)/gi, '{$1}');
      expect([url, document.paths[path]?.[method.toLowerCase()]]).toEqual([url, expect.any(Object)]);
    }
    expect(document.paths['/api/v1/send']?.['post']).toMatchObject({
      requestBody: { content: { 'application/json': { schema: { required: ['from', 'to'] } } } },
    });
  });
});

describe('the pages', () => {
  it('are documents and files without data', async () => {
    const harness = await ApiHarness.start();
    const pages = harness.api.routes.filter(({ access }) => access === 'page');
    expect(pages.length).toBeGreaterThan(5);
    for (const { method, url } of pages) {
      expect([url, ['GET', 'HEAD'].includes(method), url.startsWith('/api/')]).toEqual([url, true, false]);
    }
  });

  it('answer HEAD as GET', async () => {
    const harness = await ApiHarness.start();
    for (const url of ['/', '/messages/17', '/domains/example.com/dns', '/nodes']) {
      const [get, head] = await Promise.all(
        (['GET', 'HEAD'] as const).map((method) =>
          harness.api.app.inject({ method, url, headers: { host: 'mx.example' } }),
        ),
      );
      expect([url, head?.statusCode, head?.body]).toEqual([url, 200, '']);
      for (const name of ['content-type', 'content-length', 'content-security-policy'])
        expect([url, name, head?.headers[name]]).toEqual([url, name, get?.headers[name]]);
    }
  });
});

describe('what is there no route for', () => {
  it('gets a browser the page that says so, and under /api the one shape as well', async () => {
    const harness = await ApiHarness.start();
    const get = (url: string, accept: string, method: 'GET' | 'POST' = 'GET') =>
      harness.api.app.inject({ method, url, headers: { host: 'mx.example', accept } });
    const browser = 'text/html,application/xhtml+xml,*/*;q=0.8';
    const page = await get('/nonsense/x', browser);
    expect([page.statusCode, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.body).toBe((await get('/', browser)).body);
    for (const [url, accept, method] of [
      ['/api', browser],
      ['/api?x=1', browser],
      ['/api/nonsense', browser],
      ['/api/v1/nonsense', browser],
      ['/nonsense', '*/*'],
      ['/nonsense', 'application/json'],
      ['/nonsense', browser, 'POST'],
    ] as const) {
      const answer = await get(url, accept, method);
      expect([url, accept, answer.statusCode, answer.json()]).toEqual([
        url,
        accept,
        404,
        { error: 'There is no such thing', code: 'not_found' },
      ]);
    }
  });

  it.each([false, true])(
    'gets 400 with the security fields if it cannot be decoded (TLS: %s)',
    async (tls) => {
      const harness = await ApiHarness.start({ tls });
      const url = '/api/v1/messages/%ff';
      const response = await harness.api.app.inject({ url, headers: { host: 'mx.example' } });
      expect([response.statusCode, response.json()]).toEqual([
        400,
        { error: 'The request is malformed', code: 'bad_request' },
      ]);
      expect(response.headers['content-security-policy']).toContain("default-src 'none'");
      expect(response.headers['strict-transport-security']).toBe(tls ? 'max-age=31536000' : undefined);
    },
  );

  it('gets 404 in the one shape, with the security fields', async () => {
    const harness = await ApiHarness.start();
    for (const url of ['/nothing', '/api/v1/messages/../../etc/passwd', '/api/v1/send/x']) {
      const response = await harness.api.app.inject({ url, headers: { host: 'mx.example' } });
      expect([url, response.statusCode, response.json()]).toEqual([
        url,
        404,
        { error: 'There is no such thing', code: 'not_found' },
      ]);
      expect(response.headers['content-security-policy']).toContain("default-src 'none'");
    }
  });
});
