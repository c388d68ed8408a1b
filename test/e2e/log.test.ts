/** Invariant: one line of the log per thing accepted, refused or failed, with its session; no secret in any. */
import { expect, it } from 'vitest';
import { plainArgument, Talk } from '../server/talk.js';
import { expectNoSecret } from './arrived.js';
import { GatewayProcess } from './gateway-process.js';

it('the log is JSON and has each refusal, at every level without a secret', async () => {
  const gateway = await GatewayProcess.start({ args: ['--log-level', 'trace'] });
  const { token, port } = gateway;
  const talk = await Talk.greeted(port);
  const wrong = 'a-password-that-is-wrong';
  await talk.play('> MAIL FROM:<app@example.com>', '< 530 5.7.0');
  expect(await talk.signIn(token, wrong)).toMatch(/^535 5\.7\.8/);
  expect(await talk.signIn(wrong, token)).toMatch(/^535 5\.7\.8/);
  // Credentials where none belong: behind a mistyped verb, without a verb, as a mechanism.
  const argument = plainArgument(token);
  await talk.play(
    `> AUHT PLAIN ${argument}`,
    '< 500',
    `> ${argument}`,
    '< 500',
    `> AUTH ${argument}`,
    '< 504',
  );
  await talk.play(`> MAIL FROM:<${token}>`, '< 5');
  expect(await talk.signIn(token)).toMatch(/^235/);
  await talk.play('> MAIL FROM:<a@elsewhere.example>', '< 550 5.7.1');
  await talk.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<you@example.net>', '< 250');
  await talk.play('> DATA', '< 354', '> From: x@elsewhere.example\r\n\r\n.', '< 550 5.7.1');
  await talk.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<you@example.net>', '< 250');
  await talk.play('> DATA', '< 354', '> From: app@example.com\r\n\r\n.', '< 250', '> QUIT', '< 221');
  talk.finish();
  await gateway.stop();

  const lines = gateway.log.filter(({ session }) => session !== undefined);
  expect(new Set(lines.map(({ session }) => session)).size).toBe(1);
  const recorded = lines.map(({ msg, command, reply }) =>
    [msg, command, String(reply).slice(0, 3)]
      .filter((word) => word !== undefined && word !== 'und')
      .join(' '),
  );
  expect(recorded.filter((line) => line.startsWith('refused'))).toEqual([
    'refused MAIL 530',
    'refused AUTH 535',
    'refused AUTH 535',
    'refused  500',
    'refused  500',
    'refused AUTH 504',
    'refused MAIL 530',
    'refused MAIL 550',
    'refused DATA 550',
  ]);
  expect(recorded.filter((line) => line === 'accepted')).toHaveLength(1);
  expect(
    lines.every(({ level, time }) => typeof level === 'string' && !Number.isNaN(Date.parse(String(time)))),
  ).toBe(true);
  await expectNoSecret(gateway);
  expect(gateway.stderr).not.toContain(wrong);
});
