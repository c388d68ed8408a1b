import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Talk } from '../server/talk.js';
import { GatewayProcess } from './gateway-process.js';

it('a server whose database is deleted refuses mail with 451, and says why once', async () => {
  const gateway = await GatewayProcess.start();
  const talk = await Talk.greeted(gateway.port);
  await talk.signIn(gateway.token);
  const send = (reply: string): Promise<void> =>
    talk.play(
      ...['> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<you@example.net>', '< '],
      ...['> DATA', '< ', '> From: app@example.com\r\n\r\nHello\r\n.', `< ${reply}`],
    );
  await send('250 2.0.0');
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(gateway.data, `postern.db${suffix}`));
  await talk.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<you@example.net>', '< 250');
  await talk.play('> DATA', '< 354', '> From: app@example.com\r\n\r\nHello\r\n.', '< 451 4.3.0');
  await talk.play('> NOOP', '< 250');
  talk.finish();
  expect(await gateway.stop()).toBe(0);
  const fatal = gateway.log.filter(({ level }) => level === 'fatal');
  expect(fatal).toHaveLength(1);
  expect(fatal[0]?.['msg']).toMatch(
    /postern\.db was removed or replaced .* restore the folder from a backup/,
  );
});
