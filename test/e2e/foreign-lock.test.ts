/** Invariant: another process that keeps the database locked holds up writes only; a client can still sign in. */
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, it } from 'vitest';
import { Talk } from '../server/talk.js';
import { GatewayProcess } from './gateway-process.js';
import { app } from './sending.js';

it('a client signs in while another process keeps the database locked and a message waits for it', async () => {
  const gateway = await GatewayProcess.start({ args: ['--http', 'off'] });
  const first = await app(gateway);
  // Their tokens are in no cache, so that the store has to be read.
  const tokens: string[] = [];
  for (const name of ['one.example', 'two.example']) {
    const { stdout } = await gateway.postern('domain', 'add', name, '--json');
    tokens.push((JSON.parse(stdout) as { token: string }).token);
  }
  const database = new DatabaseSync(join(gateway.data, 'postern.db'));
  database.exec('BEGIN IMMEDIATE');
  await first.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<you@example.net>', '< 250');
  await first.play('> DATA', '< 354');
  let stored = false;
  const reply = first.say('From: app@example.com\r\n\r\nHello\r\n.').finally(() => (stored = true));
  // Were one of these to wait for the write, its reply would come after that of the message.
  for (const token of tokens) {
    expect(await (await Talk.greeted(gateway.port)).signIn(token)).toMatch(/^235/);
  }
  expect(stored).toBe(false);
  database.exec('ROLLBACK');
  database.close();
  expect(await reply).toMatch(/^250/);
});
