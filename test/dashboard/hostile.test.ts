// Mail and remote servers that attack the person who looks at them: nothing runs, and no request leaves.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createTransport } from 'nodemailer';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Reply } from '../../src/index.js';
import { sendMail } from './app.js';
import { remoteServer } from './remote.js';
import { eventually, openDashboard } from './browser-test.js';

/** Marks a page in which it runs. */
const RUN = 'top.hit=1,parent.hit=1,window.hit=1,alert(1)';
const TEXT = `"><img src=x onerror="${RUN}"><script>${RUN}</script>`;

const remote = await remoteServer({ trap: new Reply(550, '5.7.1', `${TEXT} javascript:${RUN}`) });
/** A server that no one may connect to: it counts those who do. */
let connections = 0;
const trap = createServer((socket) => {
  connections += 1;
  socket.on('error', () => undefined);
  socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
});
let address = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(trap.address() as AddressInfo).port}`;
});
afterAll(async () => {
  trap.close();
  await remote.close();
});
const here = openDashboard({ args: ['--deliver', remote.url] });

/** Each tries to run, to load, to lead away or to phone home. HTTP is the address of the trap. */
const ATTACKS = [
  `<script>${RUN}</script>`,
  '<script src="HTTP/a.js"></script>',
  `<img src=x onerror="${RUN}"><body onload="${RUN}">`,
  `<svg onload="${RUN}"><script>${RUN}</script><animate onbegin="${RUN}" attributeName=x dur=1s></svg>`,
  `<svg><image href="HTTP/svg.png"/><use href="HTTP/use.svg#a"/><feImage href="HTTP/fe.png"/></svg>`,
  `<iframe src="javascript:${RUN}"></iframe><iframe src="HTTP/frame"></iframe><iframe srcdoc="<script>${RUN}</script>"></iframe>`,
  '<meta http-equiv="refresh" content="0;url=HTTP/refresh"><META HTTP-EQUIV=refresh CONTENT="0;HTTP/r2">',
  '<meta http-equiv="x-dns-prefetch-control" content="on"><meta name="referrer" content="unsafe-url">',
  '<base href="HTTP/"><img src="relative.png"><a href="relative" id="relative">x</a>',
  '<link rel=stylesheet href="HTTP/a.css"><LiNk rel=preconnect href="HTTP/"><link rel=dns-prefetch href="HTTP/">',
  '<link\nrel=prefetch href="HTTP/p"><link/rel=preload as=image href="HTTP/p2"><link rel=modulepreload href="HTTP/m.js">',
  '<link rel=icon href="HTTP/i.ico"><link rel=manifest href="HTTP/m"><link rel=prerender href="HTTP/r">',
  '<style>@import url(HTTP/i.css); @import "HTTP/j.css";</style>',
  '<style>body{background:url(HTTP/b.png)} *{list-style-image:url(HTTP/l.png);cursor:url(HTTP/c.cur),auto}</style>',
  '<style>@font-face{font-family:f;src:url(HTTP/f.woff)} p{font-family:f;content:url(HTTP/g.png)}</style><p>f</p>',
  '<div style="background:image-set(url(HTTP/s.png) 1x);border-image:url(HTTP/t.png);mask:url(HTTP/m.svg)">x</div>',
  '<img src="HTTP/1.png"><img srcset="HTTP/2.png 1x"><picture><source srcset="HTTP/3.png"><img></picture>',
  '<img src="//HOST/4.png"><img loading=eager src="HTTP/5.svg"><input type=image src="HTTP/6.png">',
  '<body background="HTTP/7.png"><table background="HTTP/8.png"><tr><td background="HTTP/9.png">x</table>',
  '<video src="HTTP/v" poster="HTTP/w" autoplay></video><audio src="HTTP/x" autoplay></audio>',
  '<video autoplay><source src="HTTP/y"><track default src="HTTP/z"></video>',
  '<object data="HTTP/o"></object><embed src="HTTP/e"><applet code="HTTP/ap"></applet>',
  '<form action="HTTP/form" id=f><input name=a autofocus onfocus="f.submit()"><button>go</button></form>',
  `<details open ontoggle="${RUN}"><marquee onstart="${RUN}">x</marquee></details>`,
  `<a href="javascript:${RUN}" id="js">a</a><a href="data:text/html,<script>${RUN}</script>" id="data">b</a>`,
  `<math href="javascript:${RUN}">m</math><xml src="HTTP/x.xml"></xml><portal src="HTTP/po"></portal>`,
  `<noscript><p title="</noscript><img src=x onerror=${RUN}>"></noscript>`,
  `<!--><script>${RUN}</script>--><![CDATA[<script>${RUN}</script>]]>`,
  `</style></title></textarea></iframe></head></html><script>${RUN}</script>`,
  `<style>@keyframes k{from{top:0}}div{animation:k 1s}</style><div onanimationstart="${RUN}">x</div>`,
];

it('runs nothing of a message and lets no request leave', async () => {
  const attacks = ATTACKS.map((html) =>
    html.replaceAll('HTTP', `http://${address}`).replaceAll('HOST', address),
  );
  const ids = await sendMail(
    here.gateway,
    ...attacks.map((html, at) => ({ subject: `Attack ${at}`, html: `${html}<p id="end">end</p>` })),
  );
  const page = await here.openAsAdministrator('/messages');
  const watched = watch(page);
  for (const [at, id] of ids.entries()) {
    await page.goto(`/messages/${id}`);
    const frame = page.frameLocator('iframe');
    await frame.locator('body').waitFor();
    if (at === 24) {
      await frame.locator('#js').click();
      await frame.locator('#data').click();
    }
    await page.waitForTimeout(100);
    expect([at, page.url()]).toEqual([at, `${here.gateway.httpUrl}/messages/${id}`]);
  }
  await page.waitForTimeout(300);
  expect(watched).toEqual([]);
  expect(connections).toBe(0);
  expect(await page.evaluate('window.hit')).toBeUndefined();
}, 60_000);

it('runs nothing if the HTML is opened by itself', async () => {
  const [id] = await sendMail(here.gateway, {
    html: ATTACKS.join('').replaceAll('HTTP', `http://${address}`),
  });
  const page = await here.openAsAdministrator('/messages');
  const watched = watch(page);
  await page.goto(`/api/v1/messages/${id ?? 0}/html`);
  await page.waitForTimeout(300);
  expect(watched).toEqual([]);
  expect(connections).toBe(0);
});

it('loads remote images when asked to, and nothing else', async () => {
  const html =
    `<img src="http://${address}/asked.png"><script src="http://${address}/x.js"></script>` +
    `<link rel=stylesheet href="http://${address}/y.css"><iframe src="http://${address}/z"></iframe>`;
  const [id] = await sendMail(here.gateway, { html });
  const page = await here.openAsAdministrator(`/messages/${id ?? 0}`);
  const asked: string[] = [];
  page.on('response', (response) => {
    if (response.url().includes(address)) asked.push(new URL(response.url()).pathname);
  });
  await page.frameLocator('iframe').locator('body').waitFor();
  expect([connections, asked]).toEqual([0, []]);
  await page.getByRole('button', { name: 'Load remote images' }).click();
  await eventually(() => asked).toEqual(['/asked.png']);
  await page.waitForTimeout(200);
  expect([connections, asked]).toEqual([1, ['/asked.png']]);
  connections = 0;
});

it('shows hostile text of every field as text', async () => {
  const { port, token } = here.gateway;
  const transport = createTransport({
    host: '127.0.0.1',
    port,
    name: 'a<img/src=x/onerror=top.hit=1>',
    auth: { user: token, pass: token },
    tls: { rejectUnauthorized: false },
  });
  const { response } = await transport.sendMail({
    from: { name: TEXT, address: 'shop@example.com' },
    to: ['trap@example.net', '"<img src=x onerror=top.hit=1>"@example.net'],
    subject: TEXT,
    text: `${TEXT} javascript:${RUN} https://example.com/"onmouseover="${RUN}`,
    messageId: '<"<script>alert(1)</script>"@example.com>',
    attachments: [{ filename: `${TEXT}.txt`, content: TEXT, contentType: 'text/html', cid: TEXT }],
    headers: {
      'X-OMS-Tags': '<img src=x onerror=top.hit=1>, javascript:top.hit=1',
      'X-<img/src=x/onerror=top.hit=1>': TEXT,
      'X-List-Unsubscribe':
        '<https://example.com/%22onmouseover=top.hit=1>, <mailto:%22%3E%3Cscript@x.example>',
    },
  });
  transport.close();
  const id = Number(/queued as (\d+)/.exec(response)?.[1]);
  const page = await here.openAsAdministrator('/messages');
  const watched = watch(page);
  await page.getByRole('row').filter({ hasText: 'img src=x' }).first().waitFor();
  for (const view of ['text', 'headers', 'source', 'attachments', 'links']) {
    await page.goto(`/messages/${id}?view=${view}`);
    await page.getByRole('tabpanel').waitFor();
    await page.getByText('550 5.7.1').first().waitFor();
    await page.waitForTimeout(100);
    const links = await page
      .getByRole('link')
      .evaluateAll((all: { href: string }[]) => all.map(({ href }) => href));
    for (const href of links) expect(href).toMatch(/^(https?|mailto):/);
  }
  // The pages of the tag that attacks, and of a search that does.
  for (const hostile of ['<img src=x onerror=top.hit=1>', TEXT]) {
    await page.goto(`/messages?tag=${encodeURIComponent(hostile)}&search=${encodeURIComponent(hostile)}`);
    await page.getByRole('button', { name: 'Remove the condition' }).waitFor();
  }
  expect(await page.locator('img, script:not([src])').count()).toBe(0);
  expect(watched).toEqual([]);
  expect(await page.evaluate('window.hit')).toBeUndefined();
});

/** Collects what must not happen: dialogs, windows, and answers of other servers. */
function watch(page: Page): string[] {
  const seen: string[] = [];
  page.on('dialog', (dialog) => {
    seen.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.context().on('page', (other) => {
    // Windows of javascript: and data: links may open, and must stay empty.
    other.on('dialog', () => seen.push('dialog of a window'));
  });
  // Chromium reports requests that a policy forbids, too; the trap counts those that leave. An answer means it left.
  page.context().on('response', (response) => {
    const { protocol, origin } = new URL(response.url());
    if (protocol !== 'data:' && origin !== here.gateway.httpUrl) seen.push(response.url());
  });
  return seen;
}
