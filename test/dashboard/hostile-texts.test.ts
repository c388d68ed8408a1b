// Texts of other people that try to become HTML or a script, on every page that shows them.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Reply } from '../../src/index.js';
import { sendMail } from './app.js';
import { eventually, openDashboard, PASSWORD } from './browser-test.js';
import { remoteServer } from './remote.js';

/** Ways to run a script, as far as they fit into one line. Each would set `hit`. */
const TEXTS = [
  '<script>top.hit=1</script>',
  '"><script>top.hit=1</script>',
  "'><img src=x onerror=top.hit=1>",
  '<img src=x onerror="top.hit=1">',
  '<svg/onload=top.hit=1>',
  '<svg><animate onbegin=top.hit=1 attributeName=x dur=1s>',
  '<body onload=top.hit=1>',
  '<iframe srcdoc="<script>parent.hit=1</script>">',
  '<details open ontoggle=top.hit=1>',
  '<input autofocus onfocus=top.hit=1>',
  '<a href="javascript:top.hit=1">a</a>',
  'javascript:top.hit=1//',
  '</title><script>top.hit=1</script>',
  '</textarea></style><script>top.hit=1</script>',
  '<math><mtext></mtext><mglyph><svg><mtext><style><img title="</style><img src onerror=top.hit=1>">',
  '<noscript><p title="</noscript><img src=x onerror=top.hit=1>">',
  '{{constructor.constructor("top.hit=1")()}}',
  '${top.hit=1}',
  '&lt;script&gt;top.hit=1&lt;/script&gt;',
  '&#x3C;img src=x onerror=top.hit=1&#x3E;',
] as const;
/** Short enough for a reply of SMTP, whole in a tag. */
const [, , REPLY] = TEXTS;

const remote = await remoteServer({
  gone: new Reply(550, '5.1.1', REPLY),
  full: new Reply(452, '4.2.2', REPLY),
});
const here = openDashboard({
  args: ['--deliver', remote.url],
  environment: { POSTERN_DELIVERY_WEBHOOK_PRIVATE: 'allow' },
});
const app = createServer((_request, response) => response.writeHead(500).end(TEXTS.join('\n')));
beforeAll(async () => {
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  app.close();
  await remote.close();
});

/** Expects that nothing ran, and that no text became an element that could run. */
async function expectHarmless(page: Page, path: string): Promise<void> {
  const found = await page.evaluate<unknown[]>(`[
    window.hit,
    document.querySelectorAll('img, body script, math, iframe:not([sandbox]), [onload], [onerror]').length,
    [...document.querySelectorAll('a[href]')].filter(({ protocol }) => !/^(https?|mailto):$/.test(protocol)).length,
  ]`);
  expect([path, ...found]).toEqual([path, undefined, 0, 0]);
}

it('shows hostile texts as texts on every page', async () => {
  const tag = (text: string): string => text.replaceAll(',', ' ').slice(0, 100);
  const ids = await sendMail(
    here.gateway,
    ...TEXTS.map((text, at) => ({
      from: { name: text, address: 'shop@example.com' },
      to: { name: text, address: `${['anna', 'gone', 'full'][at % 3] ?? ''}${at}@example.net` },
      subject: text,
      text,
      attachments: [{ filename: `${text}.txt`, content: text, cid: text }],
      headers: { 'X-OMS-Tags': tag(text), 'X-Hostile': text },
    })),
  );
  const page = await here.openAsAdministrator('/messages');
  const dialogs: string[] = [];
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  // A session whose browser has a hostile name, and a webhook that answers with hostile text.
  await page.context().request.post('/api/v1/session', {
    data: { password: PASSWORD },
    headers: { 'user-agent': TEXTS.slice(0, 4).join(' ') },
  });
  const hook = `http://127.0.0.1:${(app.address() as AddressInfo).port}/`;
  const saved = await page.context().request.put('/api/v1/domains/example.com/webhook', {
    data: { url: hook, events: ['email.delivered'] },
    headers: { origin: here.gateway.httpUrl },
  });
  expect(saved.status()).toBe(200);
  await sendMail(here.gateway, { subject: 'Called about' });

  await page.reload();
  await page.getByText(TEXTS[0]).first().waitFor();
  await expectHarmless(page, '/messages');
  for (const [at, id] of ids.entries()) {
    for (const view of ['text', 'headers', 'attachments']) {
      await page.goto(`/messages/${id}?view=${view}`);
      await page.getByRole('heading', { name: TEXTS[at] ?? '', level: 1, exact: true }).waitFor();
      await expectHarmless(page, `${TEXTS[at] ?? ''} ${view}`);
    }
  }
  const tags = TEXTS.slice(0, 4).map((text) => `tag=${encodeURIComponent(tag(text))}`);
  for (const [path, shown] of [
    ['/overview', TEXTS[0]],
    [`/tags?${tags.join('&')}`, TEXTS[1]],
    ['/queue', REPLY],
    ['/domains/example.com/block-list', REPLY],
    ['/settings', TEXTS[0]],
  ] as const) {
    await page.goto(path);
    await page.getByText(shown).first().waitFor();
    await expectHarmless(page, path);
  }
  await eventually(async () => {
    await page.goto('/domains/example.com/webhook');
    await page.getByText('Public key').waitFor();
    return page.getByText('Failed').count();
  }).toBeGreaterThan(0);
  await expectHarmless(page, 'webhook');
  for (const text of TEXTS) {
    const search = encodeURIComponent(text);
    await page.goto(`/messages?search=${search}&tag=${search}&status=${search}&since=${search}#${text}`);
    await page.getByRole('heading', { name: 'Messages' }).waitFor();
    await expectHarmless(page, `search ${text}`);
  }
  expect(dialogs).toEqual([]);
}, 120_000);
