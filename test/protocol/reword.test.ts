/** `reword` changes replies before they are sent, and sees each with the verb that it answers. */
import { expect, it } from 'vitest';
import { refuse, Reply } from '../../src/protocol/index.js';
import { acceptAll, type Decide, SessionHarness } from './session-harness.js';

/** A session whose replies end with the verb that they answer. */
function reworded(
  judge: Decide = acceptAll,
  profile: object = {},
): SessionHarness & { readonly seen: string[] } {
  const harness = new SessionHarness({ judge, profile });
  const seen: string[] = [];
  harness.session.reword = (reply, verb) => {
    seen.push(`${verb} ${reply.code}`);
    return new Reply(reply.code, reply.enhanced, `reworded for ${verb}`);
  };
  return Object.assign(harness.begin(), { seen });
}

it('gets the greeting without a verb, and each other reply with its own', () => {
  const harness = reworded().feed(
    'helo c\r\nNOOP\r\nBLA\r\n \r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n',
  );
  expect(harness.answers.map((answer) => answer.replace(/ \d\.\d\.\d/, ''))).toEqual([
    '220 reworded for ',
    '250 reworded for HELO',
    '250 reworded for NOOP',
    '500 reworded for BLA',
    '500 reworded for ',
    '250 reworded for MAIL',
    '250 reworded for RCPT',
    '354 reworded for DATA',
    '250 reworded for DATA',
    '221 reworded for QUIT',
  ]);
});

it('gets the reply to a line that cannot be read without a verb', () => {
  expect(reworded().feed('NOOP\r\nNOOP\n').answers.at(-1)).toBe('500 5.5.2 reworded for ');
});

it('gets the reply to a message that was not asked for as one to DATA', () => {
  const harness = reworded((question) =>
    question.type === 'data' ? refuse(new Reply(451, '4.3.0', 'Later')) : acceptAll(question),
  );
  harness.feed('EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\n');
  expect(harness.answers.slice(-2)).toEqual(['451 4.3.0 reworded for DATA', '503 5.5.1 reworded for DATA']);
  expect(harness.events).toContain('refused DATA 503 5.5.1 reworded for DATA');
});

it('gets no challenge of AUTH', () => {
  const harness = reworded().feed('EHLO c\r\nAUTH LOGIN\r\n');
  expect(harness.answers.at(-1)).toMatch(/^334 (?!reworded)/);
  expect(harness.seen).toEqual([' 220', 'EHLO 250']);
});

it('gets a farewell without a verb', () => {
  const harness = reworded().feed('NOOP\r\n');
  harness.session.shutdown(new Reply(421, '4.3.2', 'Bye'));
  harness.pump();
  expect(harness.answers.at(-1)).toBe('421 4.3.2 reworded for ');
});

it('gets a reply that goes to several recipients once', () => {
  const no = new Reply(550, '5.7.1', 'No');
  const harness = reworded(
    (question) =>
      question.type === 'end'
        ? { type: 'perRecipient', replies: [no, new Reply(250, '2.0.0', 'Yes'), no] }
        : acceptAll(question),
    { protocol: 'lmtp' },
  );
  harness.feed(
    'LHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nRCPT TO:<d@y>\r\nDATA\r\nx\r\n.\r\n',
  );
  expect(harness.codes.slice(-3)).toEqual([550, 250, 550]);
  expect(harness.seen.slice(-2)).toEqual(['DATA 550', 'DATA 250']);
  expect(harness.events.filter((event) => event.startsWith('refused'))).toEqual([
    'refused DATA 550 5.7.1 reworded for DATA',
  ]);
});

it('knows the verb of a command that came before it was set only from the next one on', () => {
  const harness = new SessionHarness().begin().feed('HELP\r\n');
  const verbs: string[] = [];
  harness.session.reword = (reply, verb) => {
    verbs.push(verb);
    return reply;
  };
  harness.feed('NOOP\r\n');
  expect(verbs).toEqual(['NOOP']);
});
