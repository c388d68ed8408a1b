// Symptom: a handler with `async onReset` that rejected once ended the process, at a client's RSET. So did a
// sink whose `abort` threw.
//
// Cause: found by test/server/fuzz.test.ts. If a handler threw in a notification, the error was caught, but a promise
// that it returned was dropped, and its rejection was not handled; and `abort` was not guarded at all, since its
// contract says that it must not throw.
//
// Fix: one guard for all notifications, which handles promises as well; each error becomes a warning of the process
// (src/server/connection/notify.ts).
import { afterEach, expect, it } from 'vitest';
import type { ContentSink } from '../../src/server/index.js';
import { serve, takeTrouble, until } from '../server/harness.js';
import { Talk } from '../server/talk.js';

const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));

afterEach(() => {
  expect(unhandled).toEqual([]);
});

/** What a method written `async` does: to the compiler it still gives nothing. */
const late = (): undefined => Promise.reject(new Error('thrown late')) as unknown as undefined;

/** Warnings that came since the last look, at least one. */
async function warnings(): Promise<string[]> {
  const all: unknown[] = [];
  await until('a warning', () => all.push(...takeTrouble()) > 0);
  return all.map(String);
}

it('onReset that rejects is a warning, and the session goes on', async () => {
  const { port } = await serve({ onReset: late });
  const talk = await Talk.greeted(port);
  await talk.play('> MAIL FROM:<>', '< 250', '> RSET', '< 250', '> NOOP', '< 250');
  expect(await warnings()).toEqual(['Error: thrown late']);
});

it('so is onClose', async () => {
  const { port } = await serve({ onClose: late });
  const talk = await Talk.greeted(port);
  await talk.play('> QUIT', '< 221');
  talk.finish();
  expect(await warnings()).toEqual(['Error: thrown late']);
});

it('so is a sink whose abort throws', async () => {
  const sink: ContentSink = {
    write: () => undefined,
    end: () => undefined,
    abort: () => {
      throw new Error('abort threw');
    },
  };
  const { port } = await serve({ onContent: () => sink });
  const talk = await Talk.greeted(port);
  await talk.play('> MAIL FROM:<>', '< 250', '> RCPT TO:<a@x.example>', '< 250', '> DATA', '< 354');
  talk.write('a\nb\r\n.\r\n');
  await talk.play('< 550 5.6.0', '> NOOP', '< 250');
  expect(await warnings()).toEqual(['Error: abort threw']);
});
