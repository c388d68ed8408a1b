// A real browser, for pages that draw.
import chromium from '@sparticuz/chromium';
import { chromium as playwright, type Browser, type Page } from 'playwright-core';

/** `why` says in words why no browser could be started. */
export type Started = { readonly browser: Browser } | { readonly browser: null; readonly why: string };

/** Headless. It is one process, and ends with its first page. */
export function startBrowser(env: NodeJS.ProcessEnv = {}): Promise<Started> {
  return start(chromium.args, env);
}

/** Headless, for several pages at a time. Its rules about origins are in force, as in a person's browser. */
export function startStrictBrowser(): Promise<Started> {
  return start(['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'], {});
}

async function start(args: string[], env: NodeJS.ProcessEnv): Promise<Started> {
  try {
    const executablePath = await chromium.executablePath();
    return {
      browser: await playwright.launch({
        args,
        executablePath,
        env: { ...process.env, ...env },
      }),
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { browser: null, why: `the browser of the tests cannot start here: ${message.split('\n')[0]}` };
  }
}

/** Pixels of each chart that are not empty, in the order of the page. */
export function painted(page: Page): Promise<number[]> {
  const count = `Array.from(document.querySelectorAll('canvas'), (canvas) =>
    canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
      .filter((value, at) => at % 4 === 3 && value > 0).length)`;
  return page.evaluate<number[]>(count);
}
