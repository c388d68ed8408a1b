// Runs the examples of docs/guides/testing.md for Playwright and Cypress: a test of Playwright in a real Chromium against a small
// app that sends mail through Postern, and the task of Cypress in its own configuration. The browser half of Cypress is not run,
// since its binary is a download of its own. Says so if a tool cannot be had from the registry.
//
//     node test/package/browsers.mjs
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import chromium from '@sparticuz/chromium';
import { createTransport } from 'nodemailer';

const project = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The version of Playwright that belongs to the Chromium of the tests. */
const { version: playwright } = JSON.parse(
  readFileSync(join(project, 'node_modules/playwright-core/package.json'), 'utf8'),
);
const guide = readFileSync(join(project, 'docs/guides/testing.md'), 'utf8');

/** Returns the block of the guide that has these words. */
function block(words) {
  const found = [...guide.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, text]) => text);
  const text = found.find((one) => one.includes(words));
  if (text === undefined) throw new Error(`the guide has no example with ${words}`);
  return text;
}

/** Starts a Postern, and returns it with its port, the address of its API and the token of example.com. */
async function startPostern(data) {
  const words = ['serve', '--data', data, '--listen', 'smtp://127.0.0.1:0', '--http', '127.0.0.1:0'];
  const server = spawn(process.execPath, [join(project, 'dist/cli/main.js'), ...words]);
  let said = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => (said += text));
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    const port = /^postern ready .*smtp=127\.0\.0\.1:(\d+)/m.exec(said)?.[1];
    const http = /^postern ready .*http=127\.0\.0\.1:(\d+)/m.exec(said)?.[1];
    if (port !== undefined && http !== undefined) {
      // A first start writes the token of example.com into a file.
      const token = readFileSync(join(data, 'first-token'), 'utf8').trim();
      return { server, port: Number(port), url: `http://127.0.0.1:${http}`, token };
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Postern did not start: ${said}`);
}

/** An app that sends a link to each person who signs up, and confirms the address when the link is opened. */
async function startApp(mailer) {
  const app = createServer((request, response) => {
    const { pathname, searchParams, origin } = new URL(request.url, `http://${request.headers.host}`);
    response.setHeader('content-type', 'text/html');
    if (pathname === '/confirm') response.end(`<p>Confirmed ${Number(searchParams.get('code'))}</p>`);
    else if (pathname === '/sign-up') {
      const link = `${origin}/confirm?code=4711`;
      mailer
        .sendMail({
          from: 'app@example.com',
          to: searchParams.get('address'),
          subject: 'Welcome',
          text: link,
        })
        .then(() => response.end('<p>Look into your inbox</p>'))
        .catch((error) => response.writeHead(500).end(String(error)));
    } else {
      response.end(
        '<form action="/sign-up"><label>Address <input name="address"></label><button>Sign up</button></form>',
      );
    }
  });
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  return { app, url: `http://127.0.0.1:${app.address().port}` };
}

/** Installs a package without its install scripts; returns whether it could be had. */
function install(folder, name, what) {
  const words = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', what];
  const { status, stderr } = spawnSync('npm', words, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) console.log(`skipped ${name}: it could not be had: ${stderr.split('\n')[0]}`);
  return status === 0;
}

async function run(words, folder, env) {
  const child = spawn(process.execPath, words, { cwd: folder, env: { ...process.env, ...env } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const [status] = await once(child, 'close');
  return { status, said };
}

function report(name, good, said) {
  if (good) console.log(`ok      ${name}`);
  else {
    console.error(`FAILED  ${name}: ${said}`);
    process.exitCode = 1;
  }
}

async function checkPlaywright(folder, env, baseURL) {
  if (!install(folder, 'playwright', `@playwright/test@${playwright}`)) return;
  writeFileSync(join(folder, 'sign-up.spec.mjs'), block("'@playwright/test'"));
  const launchOptions = {
    executablePath: await chromium.executablePath(),
    args: ['--no-sandbox', '--disable-gpu'],
  };
  const config = { use: { baseURL, launchOptions }, reporter: 'line', workers: 1, timeout: 60_000 };
  writeFileSync(join(folder, 'playwright.config.mjs'), `export default ${JSON.stringify(config)};\n`);
  const { status, said } = await run(['node_modules/@playwright/test/cli.js', 'test'], folder, env);
  report(`playwright ${playwright}`, status === 0 && said.includes('1 passed'), said);
}

async function checkCypress(folder, env, mailer) {
  if (!install(folder, 'cypress', 'cypress@15')) return;
  writeFileSync(join(folder, 'cypress.config.mjs'), block("from 'cypress'"));
  writeFileSync(
    join(folder, 'task.mjs'),
    `import config from ${JSON.stringify(pathToFileURL(join(folder, 'cypress.config.mjs')).href)};
    const tasks = {};
    config.e2e.setupNodeEvents((event, them) => event === 'task' && Object.assign(tasks, them));
    const { subject, links } = await tasks.waitForMail({ to: 'bob@example.org', subject: 'Welcome' });
    console.log(subject, links[0]);`,
  );
  const waiting = run(['task.mjs'], folder, env);
  const text = 'https://shop.example.com/confirm?code=1';
  await mailer.sendMail({ from: 'app@example.com', to: 'bob@example.org', subject: 'Welcome', text });
  const { status, said } = await waiting;
  report('cypress: its task, without its browser', status === 0 && said.trim() === `Welcome ${text}`, said);
}

const folder = mkdtempSync(join(tmpdir(), 'postern-browsers-'));
writeFileSync(join(folder, 'package.json'), '{ "private": true }');
writeFileSync(join(folder, 'wait-for-mail.mjs'), block('export async function waitForMail'));
const postern = await startPostern(join(folder, 'data'));
const auth = { user: postern.token, pass: postern.token };
const mailer = createTransport({ host: '127.0.0.1', port: postern.port, ignoreTLS: true, auth });
const { app, url } = await startApp(mailer);
const env = { POSTERN: postern.url, TOKEN: postern.token };
try {
  await checkPlaywright(folder, env, url);
  await checkCypress(folder, env, mailer);
} finally {
  app.close();
  mailer.close();
  postern.server.kill('SIGTERM');
  await once(postern.server, 'exit');
  rmSync(folder, { recursive: true, force: true });
}
