// Metrics of a running server: what they count, what they never name, and who may read them. The board and the alert
// rules of docs/deploy name only metrics that are there.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRemoteServer } from '../delivery/remote-server.js';
import { GatewayProcess, type StartOptions } from './gateway-process.js';

const METRICS = ['--http-metrics', '127.0.0.1:0'];

async function start(options: StartOptions = {}): Promise<{ gateway: GatewayProcess; monitor: string }> {
  const gateway = await GatewayProcess.start({ ...options, args: [...METRICS, ...(options.args ?? [])] });
  const [, address = ''] = /^postern ready .* metrics=(\S+)$/m.exec(gateway.stdout) ?? [];
  return { gateway, monitor: `http://${address}` };
}

/** The samples of a scrape, by name and labels. */
async function scrape(monitor: string): Promise<Map<string, number>> {
  const response = await fetch(`${monitor}/metrics`);
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    expect.stringContaining('text/plain; version=0.0.4'),
  ]);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line): [string, number] => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

/** Sends lines and waits for so many replies. */
async function talk(port: number, lines: readonly string[], replies: number): Promise<void> {
  const socket = createConnection(port, '127.0.0.1');
  let text = '';
  socket.on('data', (octets: Buffer) => (text += octets.toString()));
  socket.on('error', () => undefined);
  socket.write(lines.map((line) => `${line}\r\n`).join(''));
  await expect.poll(() => text.match(/^\d{3} /gm)?.length ?? 0, { timeout: 10_000 }).toBe(replies);
  socket.destroy();
}

const plain = (token: string): string => Buffer.from(`\0${token}\0${token}`).toString('base64');

describe('the metrics of a running server', () => {
  it('count what happens by SMTP, by HTTP, in the store and on the way out', async () => {
    const far = await startRemoteServer();
    const { gateway, monitor } = await start({ args: ['--deliver', `smtp://127.0.0.1:${far.port}?tls=off`] });
    const { token, port, httpUrl } = gateway;
    await talk(port, ['EHLO x.example', `AUTH PLAIN ${plain('wrong-token')}`, 'BOGUS'], 4);
    await talk(
      port,
      [
        ...['EHLO x.example', `AUTH PLAIN ${plain(token)}`, 'MAIL FROM:<app@example.com>'],
        ...['RCPT TO:<secret-person@example.net>', 'DATA', 'From: app@example.com', '', 'x', '.', 'QUIT'],
      ],
      8,
    );
    const send = (body: object, headers: object = { 'mailpace-server-token': token }) =>
      fetch(`${httpUrl}/api/v1/send`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    const mail = { from: 'app@example.com', to: 'other-person@example.net', textbody: 'x' };
    expect((await send(mail)).status).toBe(200);
    expect((await send({ ...mail, to: 'x' })).status).toBe(400);
    expect((await send(mail, { 'mailpace-server-token': 'wrong-token' })).status).toBe(400);
    expect((await fetch(`${httpUrl}/no/such/path/4711`)).status).toBe(404);
    await expect.poll(() => far.received.length, { timeout: 10_000 }).toBe(2);
    const expected: Record<string, number> = {
      'postern_accepted_total{way="smtp"}': 1,
      'postern_accepted_total{way="api"}': 1,
      'postern_accept_duration_seconds_count{way="smtp"}': 1,
      'postern_auth_failures_total{way="smtp"}': 1,
      'postern_auth_failures_total{way="api"}': 1,
      'postern_refused_total{way="smtp",reason="535 5.7.8"}': 1,
      'postern_refused_total{way="api",reason="invalid"}': 1,
      'postern_refused_total{way="api",reason="invalid_token"}': 1,
      'postern_smtp_commands_total{verb="EHLO"}': 2,
      'postern_smtp_commands_total{verb="unknown"}': 1,
      'postern_smtp_replies_total{code="354"}': 1,
      'postern_delivery_attempts_total{outcome="delivered",class="2xx"}': 2,
      postern_delivery_age_seconds_count: 2,
      'postern_messages{status="delivered"}': 2,
      'postern_http_requests_total{method="POST",route="/api/v1/send",code="200"}': 1,
      'postern_http_requests_total{method="-",route="none",code="404"}': 1,
      postern_ready: 1,
      'postern_nodes{state="running"}': 1,
      postern_queue_oldest_seconds: 0,
      postern_store_oldest_transaction_seconds: 0,
    };
    await expect
      .poll(
        async () => {
          const samples = await scrape(monitor);
          return Object.fromEntries(Object.keys(expected).map((name) => [name, samples.get(name)]));
        },
        { timeout: 20_000, interval: 1100 },
      )
      .toEqual(expected);
    const samples = await scrape(monitor);
    for (const name of [
      'postern_store_commit_writes_count',
      'postern_disk_free_bytes',
      'postern_store_content_bytes',
    ]) {
      expect([name, samples.get(name) ?? 0]).toEqual([name, expect.any(Number)]);
      expect(samples.get(name)).toBeGreaterThan(0);
    }
    // A label never has an address, a domain, a token, or what a client made up.
    const text = [...samples.keys()].join('\n');
    for (const word of ['example', 'person', token, 'wrong-token', '4711', '127.0.0.1', 'BOGUS']) {
      expect([word, text.includes(word)]).toEqual([word, false]);
    }
  });

  it('move with what waits, fails and is open', async () => {
    const hook = createServer((_request, response) => response.end('{}'));
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void hook.close());
    const closed = await startRemoteServer();
    await closed.close();
    const { gateway, monitor } = await start({
      args: [
        ...['--deliver', `smtp://127.0.0.1:${closed.port}?tls=off`],
        ...['--smtp-max-connections-per-address', '2'],
      ],
      environment: { POSTERN_DELIVERY_WEBHOOK_PRIVATE: 'allow' },
    });
    const { token, port, httpUrl } = gateway;
    const { port: hookPort } = hook.address() as AddressInfo;
    const headers = { 'mailpace-server-token': token, 'content-type': 'application/json' };
    const ask = (method: string, path: string, body: object): Promise<Response> =>
      fetch(httpUrl + path, { method, headers, body: JSON.stringify(body) });
    const url = `http://127.0.0.1:${hookPort}/`;
    expect((await ask('PUT', '/api/v1/domains/example.com/webhook', { url })).status).toBe(200);
    const mail = { from: 'app@example.com', to: 'other-person@example.net', textbody: 'x' };
    expect((await ask('POST', '/api/v1/send', mail)).status).toBe(200);
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    await fetch(`${httpUrl}/api/v1/events`, { headers, signal: abort.signal });
    const sockets = [1, 2, 3].map(() => createConnection(port, '127.0.0.1'));
    onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
    for (const socket of sockets) socket.on('error', () => undefined).resume();
    const least: Record<string, number> = {
      'postern_connections{protocol="smtp"}': 2,
      'postern_connections{protocol="http"}': 1,
      'postern_connections_refused_total{reason="too-many"}': 1,
      postern_event_streams: 1,
      'postern_messages{status="deferred"}': 1,
      postern_queue_oldest_seconds: 0.001,
      'postern_delivery_attempts_total{outcome="deferred",class="unreached"}': 1,
      postern_delivery_outages_total: 1,
      'postern_webhook_calls_total{outcome="delivered",class="2xx"}': 1,
      postern_webhook_call_duration_seconds_count: 1,
      'postern_accepted_bytes_total{way="api"}': 100,
      'postern_http_request_duration_seconds_count{route="/api/v1/send"}': 1,
      postern_store_commit_duration_seconds_count: 1,
      nodejs_eventloop_lag_p99_seconds: 0.000001,
    };
    await expect
      .poll(
        async () => {
          const samples = await scrape(monitor);
          return Object.entries(least).filter(([name, value]) => !((samples.get(name) ?? 0) >= value));
        },
        { timeout: 25_000, interval: 1100 },
      )
      .toEqual([]);
  }, 60_000);

  it('are read by this machine at the address of the API, and not through a proxy', async () => {
    const { gateway } = await start();
    const url = `${gateway.httpUrl}/metrics`;
    expect((await fetch(url)).status).toBe(200);
    const proxied = await fetch(url, { headers: { 'x-forwarded-for': '192.0.2.1' } });
    expect([proxied.status, (await proxied.text()).includes('postern_')]).toEqual([403, false]);
    const byDomain = await fetch(url, {
      headers: { 'x-forwarded-for': '192.0.2.1', 'mailpace-server-token': gateway.token },
    });
    expect(byDomain.status).toBe(403);
  });

  it('have a listener of their own, also without the API, which serves nothing else', async () => {
    const { gateway, monitor } = await start({ args: ['--http', 'off'] });
    expect(gateway.stdout).not.toContain(' http=');
    expect((await scrape(monitor)).get('postern_ready')).toBe(1);
    expect(await (await fetch(`${monitor}/healthz`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${monitor}/readyz`)).json()).toEqual({ status: 'ready', reasons: [] });
    for (const path of ['/api/v1/messages', '/api/openapi.json', '/', '/metrics/x']) {
      const response = await fetch(monitor + path, { headers: { 'mailpace-server-token': gateway.token } });
      expect([path, response.status]).toEqual([path, 404]);
    }
    const { port } = new URL(monitor);
    const socket = createConnection(Number(port), '127.0.0.1');
    let text = '';
    socket.on('data', (octets: Buffer) => (text += octets.toString()));
    socket.write('GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(text).toMatch(/^HTTP\/1\.1 421 /);
    expect(await gateway.stop()).toBe(0);
  });

  it('say that the server cannot take mail, and /readyz says why', async () => {
    const { gateway, monitor } = await start();
    const id = (await gateway.messages()).length;
    expect(id).toBe(0);
    await talk(
      gateway.port,
      [
        ...['EHLO x.example', `AUTH PLAIN ${plain(gateway.token)}`, 'MAIL FROM:<app@example.com>'],
        ...['RCPT TO:<a@example.net>', 'DATA', 'From: app@example.com', '', 'x', '.', 'QUIT'],
      ],
      8,
    );
    const [message] = await gateway.messages();
    await gateway.postern('release', message?.id ?? '');
    await expect.poll(async () => (await fetch(`${monitor}/readyz`)).status, { timeout: 10_000 }).toBe(503);
    expect(await (await fetch(`${monitor}/readyz`)).json()).toEqual({
      status: 'not ready',
      reasons: ['messages wait, and nothing delivers them: no deliver URL is configured'],
    });
    await expect
      .poll(async () => (await scrape(monitor)).get('postern_ready'), { timeout: 10_000, interval: 1100 })
      .toBe(0);
  });

  it('has a port that is in use reported with the flag that changes it', async () => {
    const { monitor } = await start();
    const second = await GatewayProcess.spawn({ args: ['--http-metrics', new URL(monitor).host] });
    expect(await second.exited).toBe(1);
    expect(second.stderr).toContain('cannot listen on http.metrics 127.0.0.1:');
    expect(second.stderr).toContain('--http-metrics ADDR:PORT');
  });
});

describe('docs/deploy', () => {
  const read = (name: string): string =>
    readFileSync(new URL(`../../docs/deploy/${name}`, import.meta.url), 'utf8');
  const metricsIn = (text: string): string[] => [
    ...new Set(text.match(/\b(?:postern|nodejs|process)_[a-z0-9_]+\b/g)),
  ];

  it('names metrics that a server has, in the board, the rules and the page, and each of its own is on the page', async () => {
    const { monitor } = await start();
    const text = await (await fetch(`${monitor}/metrics`)).text();
    const types = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
    );
    const names = [...types].flatMap(([name, type]) =>
      type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    );
    for (const file of ['alerts.yml', 'grafana.json', 'README.md']) {
      const used = metricsIn(read(file));
      expect([file, used.length]).toEqual([file, expect.any(Number)]);
      expect(used.length).toBeGreaterThan(10);
      expect([
        file,
        used.filter((name) => !names.includes(name) && !/^(?:nodejs|process)_$/.test(name)),
      ]).toEqual([file, []]);
    }
    const page = metricsIn(read('README.md'));
    expect([...types.keys()].filter((name) => name.startsWith('postern_') && !page.includes(name))).toEqual(
      [],
    );
  });

  it('names labels that the metrics have', async () => {
    const { monitor } = await start();
    const text = await (await fetch(`${monitor}/metrics`)).text();
    // Labels of a metric without samples stand on the page; those with samples are in the scrape.
    const rows = [...read('README.md').matchAll(/`(postern_[a-z_]+)\{([a-z, ]+)\}`/g)];
    const labels = new Map(rows.map(([, name = '', list = '']) => [name, list.split(', ')]));
    for (const [, name = '', set = ''] of text.matchAll(
      /^(postern_[a-z_]+?)(?:_bucket|_sum|_count)?\{(.*)\} /gm,
    )) {
      for (const [, label = ''] of set.matchAll(/([a-z]+)="/g)) {
        if (label === 'le') continue;
        expect([name, label, labels.get(name)?.includes(label)]).toEqual([name, label, true]);
      }
    }
    for (const file of ['alerts.yml', 'grafana.json']) {
      const selectors = read(file)
        .replaceAll('\\"', '"')
        .matchAll(/(postern_[a-z_]+?)(?:_bucket)?\{([^}]*)\}/g);
      for (const [, name = '', set = ''] of selectors) {
        for (const [, label = ''] of set.matchAll(/([a-z]+)=/g)) {
          const known = ['instance', 'job', ...(labels.get(name) ?? [])];
          expect([file, name, label, known.includes(label)]).toEqual([file, name, label, true]);
        }
      }
    }
  });
});
