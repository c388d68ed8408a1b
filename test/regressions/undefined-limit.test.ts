// Symptom: `createServer({ timeouts: { command: settings.timeout } })`, where there was no such setting, made a server
// that waited for ever; `admission: { connections: undefined }` one that let everybody in; EHLO said `SIZE undefined`
// and `RCPTMAX=NaN`.
//
// Cause: the defaults were spread under the options, and undefined is a value to that. No comparison with it is true,
// so nothing ever reached such a limit.
//
// Fix: what is undefined is not given, and what is no number is refused when the server is made (settled in
// src/base/limit.ts).
import { expect, it } from 'vitest';
import { createServer } from '../../src/server/index.js';
import { expectNoTrouble, serve, StandingClock } from '../server/harness.js';
import { Talk } from '../server/talk.js';

expectNoTrouble();

/** As a settings file without it gives it. */
const UNDEFINED = undefined as unknown as number;

it('has its default', async () => {
  const clock = new StandingClock();
  const { port } = await serve({
    clock: clock.read,
    limits: { messageSize: UNDEFINED, recipients: UNDEFINED, errors: UNDEFINED },
    // The rest is as short as it can be, for a look every ten milliseconds.
    timeouts: { command: UNDEFINED, write: 1 },
    admission: { connectionsPerAddress: UNDEFINED, connections: 1 },
    extensions: { dsn: undefined as unknown as boolean },
  });
  const talk = await Talk.open(port);
  await talk.play('< 220');
  const hello = await talk.say('EHLO client.example');
  expect(hello).toContain('SIZE 52428800');
  expect(hello).toContain('DSN');
  expect(hello).toContain('RCPTMAX=100');
  const second = await Talk.open(port);
  await second.play('< 421');
  clock.pass(5 * 60_000);
  await talk.play('< 421 4.4.2');
});

it.each([
  [{ limits: { recipients: NaN } }, 'limits.recipients: expected a number, 0 or more, got NaN'],
  [{ limits: { messageSize: '1000' } }, 'limits.messageSize: expected a number, 0 or more, got 1000'],
  [{ timeouts: { command: -1 } }, 'timeouts.command: expected a number, 0 or more, got -1'],
  [{ admission: { connections: null } }, 'admission.connections: expected a number, 0 or more, got null'],
  [{ dataRate: { grace: NaN } }, 'dataRate.grace: expected a number, 0 or more, got NaN'],
])('no number is refused: %j', (options, message) => {
  expect(() => createServer({}, options as object)).toThrow(new RangeError(message));
});
