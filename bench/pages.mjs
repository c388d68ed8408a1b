// How the pages feel in a real Chromium: when the list of messages can be used after its last octet has arrived, and
// how long its longest task is while 10,000 messages arrive within a minute, each delivered to a sink.
//
//   npm run -s build && node bench/pages.mjs [messages] [seconds] [--json]
//
// Three processes: the server, the browser, and this one, which sends the mail and takes it again. Loopback only.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import chromium from '@sparticuz/chromium';
import { createTransport } from 'nodemailer';
import { chromium as playwright } from 'playwright-core';
import { createServer } from '../dist/index.js';
import { median } from './suite/statistics.mjs';

const PASSWORD = 'correct horse battery';
const LOADS = 9;
const [messages = 10_000, seconds = 60] = process.argv.slice(2).map(Number).filter(Number.isFinite);

const folder = await mkdtemp(join(tmpdir(), 'postern-pages-'));
const sink = createServer({ onData: drained });
const { port: sinkPort } = await sink.listen({ port: 0, host: '127.0.0.1' });
const server = spawn(
  process.execPath,
  [
    ...[
      fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)),
      'serve',
      '--data',
      join(folder, 'data'),
    ],
    ...['--listen', 'smtp://127.0.0.1:0', '--http', '127.0.0.1:0', '--log-level', 'warn'],
    ...['--deliver', `smtp://127.0.0.1:${sinkPort}?tls=off`],
  ],
  { env: { ...process.env, POSTERN_ADMIN_PASSWORD: PASSWORD }, stdio: ['ignore', 'pipe', 'inherit'] },
);
try {
  const ready = await lineOf(server.stdout, /^postern ready smtp=\S*:(\d+).*http=(\S+)/m);
  const [, smtpPort, http] = ready;
  const browser = await playwright.launch({
    args: ['--no-sandbox', '--disable-gpu'],
    executablePath: await chromium.executablePath(),
  });
  const context = await browser.newContext({
    baseURL: `http://${http}`,
    viewport: { width: 1280, height: 800 },
  });
  await context.addInitScript(watch);
  const signIn = await context.request.post('/api/v1/session', { data: { password: PASSWORD } });
  if (!signIn.ok()) throw new Error(`sign-in: ${signIn.status()}`);
  const added = await context.request.post('/api/v1/domains', {
    data: { name: 'bench.example' },
    headers: { origin: `http://${http}` },
  });
  const { token } = await added.json();
  const transport = createTransport({
    host: '127.0.0.1',
    port: Number(smtpPort),
    auth: { user: token, pass: token },
    tls: { rejectUnauthorized: false },
    pool: true,
    maxConnections: 4,
    maxMessages: Infinity,
  });
  const send = (at) =>
    transport.sendMail({
      from: 'Shop <shop@bench.example>',
      to: `person${at}@example.net`,
      subject: `Message ${at}`,
      text: 'Thank you for your order.',
      headers: { 'X-OMS-Tags': ['order', 'welcome', 'receipt'][at % 3] },
    });
  for (let at = 0; at < 60; at++) await send(at);

  const usable = [];
  for (let load = 0; load < LOADS; load++) {
    const page = await context.newPage();
    await page.goto('/messages');
    await page.locator('[data-message]').first().waitFor();
    usable.push(await page.evaluate('window.usableAfter()'));
    await page.close();
  }

  const page = await context.newPage();
  await page.goto('/messages');
  await page.locator('[data-message]').first().waitFor();
  await page.evaluate('window.longTasks.length = 0');
  let requests = 0;
  page.on('request', () => requests++);
  const start = performance.now();
  const sent = [];
  for (let at = 0; at < messages; at++) {
    const due = start + (at / messages) * seconds * 1000;
    if (due > performance.now()) await setTimeout(due - performance.now());
    sent.push(send(at));
  }
  await Promise.all(sent);
  const took = (performance.now() - start) / 1000;
  await setTimeout(2_000);
  const tasks = await page.evaluate('window.longTasks');
  const drawn = await page.locator('[data-message]').count();
  const result = {
    usableAfterLastOctetMs: { median: Math.round(median(usable)), longest: Math.round(Math.max(...usable)) },
    burst: {
      ...{ messages, seconds: Math.round(took), requests, rowsDrawn: drawn },
      ...{ tasksOver50ms: tasks.length, longestTaskMs: Math.round(Math.max(0, ...tasks)) },
    },
  };
  console.log(process.argv.includes('--json') ? JSON.stringify(result) : result);
  transport.close();
  await browser.close();
} finally {
  server.kill();
  await once(server, 'close');
  await sink.close(100);
  await rm(folder, { recursive: true, force: true });
}

/** Runs in the page before its scripts: notes long tasks, and when the first row is on screen. */
function watch() {
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longTasks.push(duration);
  }).observe({ type: 'longtask', buffered: true });
  let shown = 0;
  const seen = new MutationObserver(() => {
    if (document.querySelector('[data-message]') === null) return;
    seen.disconnect();
    // Two frames later it has been painted, and keys are in force.
    requestAnimationFrame(() => requestAnimationFrame(() => (shown = performance.now())));
  });
  seen.observe(document, { childList: true, subtree: true });
  window.usableAfter = async () => {
    while (shown === 0) await new Promise((resolve) => globalThis.setTimeout(resolve, 5));
    const needed = performance
      .getEntriesByType('resource')
      .filter(({ name }) => /\.(js|css)$|\/messages\?/.test(name))
      .map(({ responseEnd }) => responseEnd)
      .filter((time) => time <= shown);
    return shown - Math.max(...needed);
  };
}

async function drained(_session, body) {
  for await (const octets of body) void octets;
}

async function lineOf(stream, pattern) {
  let text = '';
  for await (const piece of stream) {
    text += piece;
    const match = pattern.exec(text);
    if (match === null) continue;
    // Whatever comes later is read too, so that the server is not held up.
    stream.resume();
    return match;
  }
  throw new Error(`the server ended: ${text}`);
}
