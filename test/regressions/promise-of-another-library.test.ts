// Symptom: a handler that gave a promise of another library (Bluebird, Knex's query builder) had its verdict
// ignored: the client got 250 before the promise had decided, and a rejection refused nothing.
//
// Cause: `instanceof Promise` is false for such a promise. It was taken for an answer that is no Reply, so for a yes.
//
// Fix: whatever has a `then` is waited for (src/server/connection/dialogue.ts).
import { it } from 'vitest';
import { Reply } from '../../src/protocol/index.js';
import { type Decision, Refusal } from '../../src/server/index.js';
import { expectNoTrouble, serve } from '../server/harness.js';
import { Talk } from '../server/talk.js';

expectNoTrouble();

/** A promise in all but name. */
function foreign(
  settle: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void,
): Decision {
  return {
    then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => {
      setImmediate(() => settle(resolve, reject));
    },
  } as unknown as Promise<void>;
}

it('is waited for, whatever it comes to', async () => {
  const no = new Reply(550, '5.7.1', 'No');
  const { port } = await serve({ onMail: () => foreign((resolve) => resolve(no)) });
  const talk = await Talk.greeted(port);
  await talk.play('> MAIL FROM:<a@x.example>', '< 550 5.7.1 No');
  const { port: other } = await serve({ onRcpt: () => foreign((_, reject) => reject(new Refusal(no))) });
  const second = await Talk.greeted(other);
  await second.play('> MAIL FROM:<a@x.example>', '< 250', '> RCPT TO:<b@y.example>', '< 550 5.7.1 No');
});
