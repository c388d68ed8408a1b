import { describe, expect, it } from 'vitest';
import { scratch } from '../scratch.js';
import { postern, runningStore } from './postern.js';

const URL = 'https://hooks.example.com/mail';

async function setUp(): Promise<Record<string, string>> {
  const environment = { POSTERN_DATA: await scratch() };
  await postern(['domain', 'add', 'example.com'], environment);
  return environment;
}

describe('postern webhook', () => {
  it('sets, lists and removes, and keeps the key if the URL changes', async () => {
    const environment = await setUp();
    const set = await postern(['webhook', 'set', 'Example.com', URL, '--json'], environment);
    expect([set.exitCode, set.stderr]).toEqual([0, '']);
    const webhook = JSON.parse(set.stdout) as { publicKey: string };
    expect(webhook).toEqual({
      domain: 'example.com',
      url: URL,
      events: ['email.queued', 'email.delivered', 'email.deferred', 'email.bounced'],
      publicKey: expect.stringMatching(/^[\w+/]{43}=$/),
      createdAt: expect.stringMatching(/Z$/),
      off: null,
    });
    const args = ['webhook', 'set', 'example.com', `${URL}/2`, '--events', 'bounced, email.deferred'];
    const { stdout } = await postern(args, environment);
    expect(stdout).toContain(`  ${URL}/2\n`);
    expect(stdout).toContain(`  ${webhook.publicKey}\n`);
    const list = await postern(['webhook', 'list', '--json'], environment);
    expect(JSON.parse(list.stdout)).toMatchObject({
      publicKey: webhook.publicKey,
      events: ['email.bounced', 'email.deferred'],
    });
    expect((await postern(['webhook', 'list'], environment)).stdout).toMatch(
      /^DOMAIN .*\nexample\.com {2}on {5}\S{44} {2}bounced,deferred {2}https:\/\/hooks/,
    );
    const remove = ['webhook', 'remove', 'example.com', '--json'];
    expect((await postern(remove, environment)).stdout).toBe('{"domain":"example.com","removed":true}\n');
    expect(await postern(remove, environment)).toMatchObject({
      exitCode: 1,
      stderr: 'postern: example.com has no webhook; "postern webhook set example.com URL" sets one\n',
    });
    expect((await postern(['webhook', 'list'], environment)).stderr).toContain('There are no webhooks');
  });

  it('is switched on again, as it was', async () => {
    const environment = await setUp();
    await postern(['webhook', 'set', 'example.com', URL, '--events', 'bounced'], environment);
    const store = await runningStore(environment['POSTERN_DATA'] ?? '');
    const [before] = await store.webhooks.list();
    await store.webhooks.switchOff(before?.domainId ?? 0, 'the answer was 500', 1000);
    const off = await postern(['webhook', 'list'], environment);
    expect(off.stdout).toMatch(/ off .* the answer was 500\n/);
    const on = await postern(['webhook', 'on', 'example.com', '--json'], environment);
    expect(JSON.parse(on.stdout)).toMatchObject({ url: URL, events: ['email.bounced'], off: null });
    expect(await store.webhooks.list()).toEqual([before]);
    expect((await postern(['webhook', 'on', 'example.org'], environment)).exitCode).toBe(1);
  });

  it('refuses a URL at a private address unless that is allowed, an unknown event, an unknown domain', async () => {
    const environment = await setUp();
    for (const url of ['http://hooks.example.com/', 'https://10.0.0.1/', 'https://127.1/', 'nonsense']) {
      const { exitCode, stderr } = await postern(['webhook', 'set', 'example.com', url], environment);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('cannot be a webhook')]);
    }
    const allowing = { ...environment, POSTERN_DELIVERY_WEBHOOK_PRIVATE: 'allow' };
    const inner = ['webhook', 'set', 'example.com', 'http://127.0.0.1:3000/'];
    expect((await postern(inner, allowing)).exitCode).toBe(0);
    const events = ['webhook', 'set', 'example.com', URL, '--events', 'opened'];
    expect((await postern(events, environment)).stderr).toContain(
      'give some of queued,delivered,deferred,bounced',
    );
    const unknown = await postern(['webhook', 'set', 'example.org', URL], environment);
    expect(unknown.stderr).toContain('there is no domain example.org');
  });
});
