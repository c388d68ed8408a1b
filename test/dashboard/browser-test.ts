// A server with its pages, and a browser that looks at them: one of each for a file of tests.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished } from 'vitest';
import { startStrictBrowser } from '../browser.js';
import { GatewayProcess, type StartOptions } from '../e2e/gateway-process.js';

export const PASSWORD = 'correct horse battery';

export interface DashboardTest {
  readonly browser: Browser;
  gateway: GatewayProcess;
  /** Opens a window of its own, with its own cookies. Whatever goes wrong in it fails the test. */
  open(path: string, options?: BrowserContextOptions): Promise<Page>;
  /** The same, with the administrator signed in. */
  openAsAdministrator(path: string, options?: BrowserContextOptions): Promise<Page>;
  /** The same, with a domain signed in. */
  openWithToken(path: string, token: string, options?: BrowserContextOptions): Promise<Page>;
  /** Starts the server anew on the same data and the same port of HTTP, perhaps with further arguments. */
  restart(...args: readonly string[]): Promise<void>;
}

/** Starts server and browser for this file. If the browser cannot start, its tests are skipped and say why. */
export function openDashboard(options: StartOptions = {}): DashboardTest {
  const ends: (() => Promise<void>)[] = [];
  let browser: Browser | null = null;
  let why = '';
  let port = '';

  const here: DashboardTest = {
    get browser() {
      if (browser === null) throw new Error(why);
      return browser;
    },
    gateway: undefined as unknown as GatewayProcess,
    open: async (path, context) => {
      const window = await here.browser.newContext({ baseURL: here.gateway.httpUrl, ...context });
      onTestFinished(() => window.close());
      const page = await window.newPage();
      failOnFaults(page);
      await page.goto(path);
      return page;
    },
    openAsAdministrator: async (path, context) => signedIn(path, { password: PASSWORD }, context),
    openWithToken: async (path, token, context) => signedIn(path, { token }, context),
    restart: async (...args) => {
      await here.gateway.stop();
      here.gateway = await start(here.gateway.data, args);
    },
  };

  async function start(data: string, args: readonly string[] = []): Promise<GatewayProcess> {
    return GatewayProcess.start({
      ...options,
      data,
      args: [...(options.args ?? []), ...args, '--http', `127.0.0.1:${port === '' ? '0' : port}`],
      environment: { POSTERN_ADMIN_PASSWORD: PASSWORD, ...options.environment },
      atEnd: (end) => ends.push(end),
    });
  }

  async function signedIn(path: string, secret: object, context?: BrowserContextOptions): Promise<Page> {
    const window = await here.browser.newContext({ baseURL: here.gateway.httpUrl, ...context });
    onTestFinished(() => window.close());
    const answer = await window.request.post('/api/v1/session', { data: secret });
    if (!answer.ok()) throw new Error(`sign-in: ${answer.status()} ${await answer.text()}`);
    const page = await window.newPage();
    failOnFaults(page);
    await page.goto(path);
    return page;
  }

  beforeAll(async () => {
    const started = await startStrictBrowser();
    if (started.browser === null) {
      why = started.why;
      return;
    }
    browser = started.browser;
    const folder = await mkdtemp(join(tmpdir(), 'postern-pages-'));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    here.gateway = await start(join(folder, 'data'));
    port = new URL(here.gateway.httpUrl).port;
  }, 120_000);

  beforeEach(({ skip }) => {
    if (browser === null) skip(why);
  });

  afterAll(async () => {
    await browser?.close();
    for (const end of ends.reverse()) await end();
  });

  return here;
}

/** Fails the test if a script of the page throws, or the page breaks its own policy. */
function failOnFaults(page: Page): void {
  // Shorter than a test may take: the error then says which step failed.
  page.setDefaultTimeout(10_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
  page.on('console', (message) => {
    // What a message in its frame tries is no fault of the page.
    if (/\/messages\/\d+\/html/.test(message.location().url) || message.text().startsWith('Framing')) return;
    if (/content security policy|trusted type/i.test(message.text())) faults.push(message.text());
  });
  onTestFinished(() => {
    if (faults.length > 0) throw new Error(`faults of the page:\n${faults.join('\n')}`);
  });
}

/** Expects something of a value that comes in time. */
export function eventually<Value>(
  look: () => Value | Promise<Value>,
): ReturnType<typeof expect.poll<Value | Promise<Value>>> {
  return expect.poll(look, { timeout: 10_000 });
}
