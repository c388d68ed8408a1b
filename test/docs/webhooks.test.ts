// Runs the receiver in docs/webhooks.md unchanged except for its port, and sends it an event.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { newWebhookKeys, shownKey } from '../../src/delivery/webhooks/keys.js';
import { startWebhooks } from '../../src/delivery/webhooks/webhooks.js';
import { EVENTS } from '../../src/store/webhooks.js';
import { accept, runningStore } from '../cli/postern.js';
import { addDomain } from '../store/fixtures.js';
import { scratch } from '../scratch.js';
import { readDocument } from './markdown.js';

it('the receiver of docs/webhooks.md takes what is signed by the key of the domain, and nothing else', async () => {
  const folder = await scratch();
  const text = readDocument('docs/webhooks.md').blocks.find(({ language }) => language === 'js')?.text ?? '';
  await writeFile(join(folder, 'receiver.mjs'), text.replace('listen(3000,', 'listen(0,'));
  const keys = newWebhookKeys();
  const child = spawn(process.execPath, ['receiver.mjs'], {
    cwd: folder,
    env: { ...process.env, WEBHOOK_PUBLIC_KEY: shownKey(keys) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.on('close', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let said = '';
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  const says = (form: RegExp): Promise<RegExpExecArray> =>
    vi.waitUntil(() => form.exec(said), { timeout: 20_000, interval: 10 });
  const [, port = ''] = await says(/^listening on (\d+)$/m);
  const url = `http://127.0.0.1:${port}/`;

  const store = await runningStore(join(folder, 'data'));
  const domain = await addDomain(store);
  await store.webhooks.set(domain.name, { url, events: EVENTS, keys }, Date.now());
  const failures: string[] = [];
  const webhooks = startWebhooks(store, {
    allowPrivate: true,
    poll: 10,
    observer: { onFailed: (_webhook, _event, reason) => failures.push(reason) },
  });
  onTestFinished(() => webhooks.close());
  const id = await accept(store, domain.id, { status: 'queued' });
  await says(new RegExp(`^email\\.queued ${id} one@example\\.net$`, 'm'));

  const other = await addDomain(store, 'other.example');
  await store.webhooks.set(other.name, { url, events: EVENTS, keys: newWebhookKeys() }, Date.now());
  await accept(store, other.id, { status: 'queued' });
  await vi.waitUntil(() => failures.length > 0, { timeout: 20_000, interval: 10 });
  expect(failures).toEqual(['the answer was 403']);
});
