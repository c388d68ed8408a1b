// Symptom: a handler written with less care than the types ask for did more harm than its mistake was worth.
//
//   onRefusedArrival that threw ended the process, at the first client too many;
//   onScram that gave keys with a part missing ended it at the next AUTH, and so did a list of replies in LMTP with
//   a hole in it, and a Refusal made of a text;
//   onAuth that gave false, as a comparison of passwords does, let everybody in as the principal `false`;
//   onContent that gave nothing had the message dropped, with 250.
//
// Cause: a value of a wrong type was noticed where it was used, after the last place that catches errors, or was taken
// for a yes.
//
// Fix: it is found out where it is given, and is a mistake of the handler's: 451, and `onError` hears of it
// (src/server/connection/dialogue.ts, verifier.ts, refusal.ts). False is a no. Notifications are guarded (notify.ts).
import { afterEach, expect, it } from 'vitest';
import { Reply, SCRAM_SHA_256 } from '../../src/index.js';
import { Refusal } from '../../src/server/index.js';
import { expectNoTrouble, serve, takeTrouble, until } from '../server/harness.js';
import { Talk } from '../server/talk.js';

expectNoTrouble();

/** Mistakes that would have ended the process. */
const fatal: unknown[] = [];
process.on('unhandledRejection', (error) => fatal.push(error));
process.on('uncaughtExceptionMonitor', (error) => fatal.push(error));

afterEach(() => {
  expect(fatal).toEqual([]);
});

/** Mistakes that a compiler would reject. */
function careless(value: unknown): never {
  return value as never;
}

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

it.each([
  ['at once', (): void => void JSON.parse('{')],
  ['later', (): void => careless(Promise.reject(new SyntaxError('thrown late')))],
])('onRefusedArrival that throws %s is a warning, and the server goes on', async (_, onRefusedArrival) => {
  const { port } = await serve({ admission: { connectionsPerAddress: 1 }, onRefusedArrival });
  const talk = await Talk.greeted(port);
  const second = await Talk.open(port);
  await second.play('< 421 4.7.0');
  const warnings: unknown[] = [];
  await until('a warning', () => warnings.push(...takeTrouble()) > 0);
  expect(warnings).toEqual([expect.any(SyntaxError)]);
  await talk.play('> NOOP', '< 250');
});

it.each([false, undefined, null])('onAuth that gives %s accepts no client', async (value) => {
  const { port } = await serve<unknown>({ onAuth: () => value, admission: { authDelay: 0 } });
  const talk = await Talk.greeted(port);
  await talk.play(`> AUTH PLAIN ${base64('\0a\0b')}`, '< 535 5.7.8', '> MAIL FROM:<>', '< 530');
});

it.each([undefined, null, false, 'a sink', new Reply(250, '2.0.0', 'Kept')])(
  'onContent that gives %s accepts nothing',
  async (value) => {
    const { port, errors } = await serve({ onContent: () => careless(value) });
    const talk = await Talk.greeted(port);
    await talk.play('> MAIL FROM:<>', '< 250', '> RCPT TO:<a@x.example>', '< 250', '> DATA', '< 451 4.3.0');
    await talk.play('> NOOP', '< 250');
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^onContent: expected a Reply, or a sink with write, end and abort, got /),
    ]);
  },
);

it('onScram that gives keys with a part missing is a 451', async () => {
  const keys = { salt: Buffer.alloc(16), iterations: 10_000, storedKey: Buffer.alloc(32) };
  const { port, errors } = await serve({
    mechanisms: [SCRAM_SHA_256],
    onAuth: (_, { authcid }) => authcid,
    onScram: () => careless(keys),
  });
  const talk = await Talk.greeted(port);
  await talk.play(`> AUTH SCRAM-SHA-256 ${base64('n,,n=user,r=nonce')}`, '< 451 4.3.0', '> NOOP', '< 250');
  expect(errors.map(({ message }) => message)).toEqual([
    'onScram: expected salt, storedKey and serverKey as octets, and iterations as a number',
  ]);
});

it('a list of replies with a hole in it is a 451 to each recipient', async () => {
  const { port, errors } = await serve(
    { onData: () => [new Reply(250, '2.1.5', 'Kept'), careless(undefined)] },
    { lmtp: true },
  );
  const talk = await Talk.open(port);
  await talk.play('< 220', '> LHLO client.example', '< 250', '> MAIL FROM:<>', '< 250');
  await talk.play('> RCPT TO:<b@y.example>', '< 250', '> RCPT TO:<c@y.example>', '< 250', '> DATA', '< 354');
  await talk.play('> .', '< 451 4.3.0', '< 451 4.3.0', '> NOOP', '< 250');
  expect(errors.map(({ message }) => message)).toEqual(['the message has 2 replies, the handler gave 1']);
});

it('a Refusal made of a text is a 451', async () => {
  const { port, errors } = await serve({
    onRcpt: () => {
      throw new Refusal(careless('550 No such user'), 'nobody of that name');
    },
  });
  const talk = await Talk.greeted(port);
  await talk.play('> MAIL FROM:<>', '< 250', '> RCPT TO:<a@x.example>', '< 451 4.3.0', '> NOOP', '< 250');
  expect(errors.map(({ message }) => message)).toEqual([
    'Refusal: expected a Reply of 400 to 599, got "550 No such user"',
  ]);
});
