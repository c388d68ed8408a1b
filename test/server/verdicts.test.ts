/** Tests the values that handlers may return and throw, and the replies that clients get. */
import { describe, expect, it } from 'vitest';
import { Reply } from '../../src/protocol/index.js';
import { type Decision, Refusal } from '../../src/server/index.js';
import { expectNoTrouble, serve, takeTrouble, until, type ServeOptions } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const NO = new Reply(550, '5.7.1', 'Not you');
const BYE = new Reply(421, '4.3.2', 'Enough');
const YES = new Reply(250, '2.1.0', 'With pleasure');

/** Everything that a handler may do with a question, and the reply that a client gets. */
const ANSWERS: readonly (readonly [string, () => Decision, string])[] = [
  ['nothing', () => undefined, '250 2.1.0 Sender ok'],
  ['a reply that says yes', () => YES, '250 2.1.0 With pleasure'],
  ['a reply that says no', () => NO, '550 5.7.1 Not you'],
  ['a promise of nothing', () => Promise.resolve(), '250 2.1.0 Sender ok'],
  ['a promise of a yes', () => Promise.resolve(YES), '250 2.1.0 With pleasure'],
  ['a promise of a no', () => Promise.resolve(NO), '550 5.7.1 Not you'],
  ['a thenable of another library', () => foreign(NO), '550 5.7.1 Not you'],
  ['a Refusal thrown', () => raise(new Refusal(NO, 'for the log')), '550 5.7.1 Not you'],
  ['a Refusal rejected', () => Promise.reject(new Refusal(NO)), '550 5.7.1 Not you'],
  ['an error thrown', () => raise(new Error('secret')), '451 4.3.0 Local error, try again later'],
  ['an error rejected', () => Promise.reject(new Error('secret')), '451 4.3.0 Local error, try again later'],
  ['something else thrown', () => raise('secret'), '451 4.3.0 Local error, try again later'],
  ['a 3yz, which says nothing here', () => new Reply(354, null, 'Go on'), '250 2.1.0 Sender ok'],
];

function raise(error: unknown): never {
  throw error;
}

/** A promise that is not one of this realm's. */
function foreign(reply: Reply): Promise<Reply> {
  const thenable: PromiseLike<Reply> = {
    then: (resolved) => Promise.resolve(reply).then(resolved),
  };
  return thenable as Promise<Reply>;
}

describe('onMail that gives', () => {
  it.each(ANSWERS)('%s', async (_, onMail, expected) => {
    const { port } = await serve({ onMail });
    const talk = await Talk.greeted(port);
    expect(await talk.say('MAIL FROM:<a@x.example>')).toBe(expected);
    await talk.play('> NOOP', '< 250');
  });

  it('a 421 ends the connection', async () => {
    const { port, closed } = await serve({ onMail: () => BYE });
    const talk = await Talk.greeted(port);
    talk.write('MAIL FROM:<a@x.example>\r\nNOOP\r\n');
    await talk.play('< 421 4.3.2 Enough');
    expect(await talk.rest()).toBe('');
    talk.finish();
    await until('it is over', () => closed.length > 0);
    expect(closed).toEqual(['refused']);
  });
});

const MAIL = ['< 220', '> EHLO x', '< 250', '> MAIL FROM:<>', '< 250'];
const RCPT = ['> RCPT TO:<a@x.example>', '< 250'];

describe('a refusal of each question', () => {
  const cases: readonly (readonly [string, ServeOptions, readonly string[]])[] = [
    ['onConnect', { onConnect: () => NO }, ['< 550 5.7.1', '> EHLO x', '< 503', '> QUIT', '< 221']],
    ['onConnect with 421', { onConnect: () => BYE }, ['< 421']],
    ['onHello', { onHello: () => NO }, ['< 220', '> EHLO x', '< 550', '> MAIL FROM:<>', '< 503']],
    ['onRcpt', { onRcpt: () => NO }, [...MAIL, '> RCPT TO:<a@x.example>', '< 550', '> DATA', '< 554 5.5.1']],
    ['onContent', { onContent: () => NO }, [...MAIL, ...RCPT, '> DATA', '< 550', '> NOOP', '< 250']],
    [
      'onContent, thrown later',
      { onContent: () => Promise.reject(new Refusal(NO)) },
      [...MAIL, ...RCPT, '> DATA', '< 550', '> NOOP', '< 250'],
    ],
  ];
  it.each(cases)('%s', async (_, options, lines) => {
    const { port } = await serve(options);
    const talk = await Talk.open(port);
    await talk.play(...lines);
  });
});

it('verdicts that are slow and quick leave replies in their order (32)', async () => {
  const { port } = await serve({
    onRcpt: (_, { address }) => {
      const answer = new Reply(250, '2.1.5', address);
      return address.startsWith('slow') ? new Promise((resolve) => setTimeout(resolve, 50, answer)) : answer;
    },
  });
  const talk = await Talk.greeted(port);
  talk.write('MAIL FROM:<>\r\nRCPT TO:<slow@x.example>\r\nRCPT TO:<fast@x.example>\r\nNOOP\r\n');
  await talk.play('< 250', '< 250 2.1.5 slow@x.example', '< 250 2.1.5 fast@x.example', '< 250 2.0.0');
});

it('errors reach onError as they are, refusals only with a cause', async () => {
  const cause = new Error('the disk');
  const { port, errors } = await serve({
    onMail: () => raise(new Refusal(NO)),
    onHello: () => raise(new Refusal(NO, 'with a cause', { cause })),
  });
  const talk = await Talk.open(port);
  await talk.play('< 220', '> EHLO x', '< 550', '> EHLO x', '< 550');
  expect(errors.map(({ cause: why }) => why)).toEqual([cause, cause]);
});

it('an exception of a notification method ends nothing', async () => {
  const { port } = await serve({
    onReset: () => raise(new Error('in onReset')),
    onRefused: () => raise(new Error('in onRefused')),
    onClose: () => raise(new Error('in onClose')),
    onError: () => raise(new Error('in onError')),
    onMail: () => raise(new Error('in onMail')),
  });
  const talk = await Talk.greeted(port);
  await talk.play('> MAIL FROM:<>', '< 451', '> NOOP', '< 250', '> QUIT', '< 221');
  talk.finish();
  const seen: unknown[] = [];
  await until('the warnings came', () => seen.push(...takeTrouble()) >= 3);
  expect(seen.map(String).sort()).toEqual(['Error: in onClose', 'Error: in onError', 'Error: in onRefused']);
});

it('text from a handler cannot forge a second reply (115)', async () => {
  const { port } = await serve({ onMail: () => new Reply(550, '5.7.1', 'No\r\n250 2.0.0 Yes') });
  const talk = await Talk.greeted(port);
  expect(await talk.say('MAIL FROM:<>')).toBe('550 5.7.1 No 250 2.0.0 Yes');
  await talk.play('> NOOP', '< 250 2.0.0 Ok');
});
