// The steps of model.ts as octets, as verdicts, and at random.
import fc from 'fast-check';
import { type Question, refuse, Reply, type Verdict } from '../../src/protocol/index.js';
import type { Decision, Rules, Step } from './model.js';
import { SessionHarness, acceptAll } from './session-harness.js';

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

const MAIL = {
  nothing: 'MAIL FROM:<a@x>',
  size: 'MAIL FROM:<a@x> SIZE=10',
  'big size': 'MAIL FROM:<a@x> SIZE=11',
  unknown: 'MAIL FROM:<a@x> X=1',
  'bad path': 'MAIL FROM:a@',
  utf8: 'MAIL FROM:<\xc3\xb6@x>',
};
const RCPT = { good: 'RCPT TO:<b@y>', bad: 'RCPT TO:<b@>', null: 'RCPT TO:<>' };
const BODY = { good: 'a\r\n..\r\n.\r\n', bare: 'a\nb\r\n.\r\n', big: '12345678901\r\n.\r\n' };
const OTHER = {
  noop: 'NOOP',
  rset: 'RSET',
  vrfy: 'VRFY a',
  help: 'HELP',
  quit: 'QUIT',
  expn: 'EXPN a',
  bogus: 'BOGUS',
  'bad hello': 'EHLO',
};

/** The octets of a step; of what follows a challenge or 354, only where the model says that one comes. */
export function octetsOfStep(step: Step, codes: readonly number[]): string {
  switch (step.do) {
    case 'hello':
      return `${step.verb} c\r\n`;
    case 'mail':
      return `${MAIL[step.with]}\r\n`;
    case 'rcpt':
      return `${RCPT[step.path]}\r\n`;
    case 'data':
      return `DATA\r\n${codes[0] === 354 ? BODY[step.body] : ''}`;
    case 'starttls':
      return 'STARTTLS\r\n';
    case 'auth':
      if (step.how === 'login') {
        return `AUTH LOGIN\r\n${codes[0] === 334 ? `${base64('u')}\r\n${base64('p')}\r\n` : ''}`;
      }
      if (step.how === 'cancel') return `AUTH PLAIN\r\n${codes[0] === 334 ? '*\r\n' : ''}`;
      if (step.how === 'unknown') return 'AUTH X\r\n';
      return `AUTH PLAIN ${step.how === 'plain' ? base64('\0u\0p') : '!'}\r\n`;
    case 'bare LF':
      return 'NOOP\n';
    default:
      return `${OTHER[step.do]}\r\n`;
  }
}

/** The verdict on a question that a decision stands for. */
export function verdictBy(question: Question, decision: Decision | undefined): Verdict<string> | undefined {
  // A question that the model does not know of is answered with what it does not expect.
  if (decision === undefined) return refuse(new Reply(559, null, 'not asked for by the model'));
  return decision === 'yes' ? acceptAll(question) : refuse(new Reply(decision, null, 'so decided'));
}

/**
 * A session under such rules, whose questions get the decisions of `next`, one after the other.
 *
 * @param late whether the verdict on a question is put off
 */
export function rigUnder(
  rules: Rules,
  tls: boolean,
  next: () => Decision | undefined,
  late: () => boolean = () => false,
): SessionHarness {
  return new SessionHarness({
    profile: {
      starttls: true,
      tlsRequired: rules.tlsRequired,
      authRequired: rules.authRequired,
      limits: { recipients: rules.maxRecipients, errors: rules.maxErrors, messageSize: 10 },
    },
    link: tls ? 'tls' : 'plain',
    judge: (question) => {
      if (question.type === 'connect') return acceptAll(question);
      return late() ? undefined : verdictBy(question, next());
    },
  }).begin();
}

const decision = fc.constantFrom<Decision>('yes', 'yes', 'yes', 'yes', 'yes', 'yes', 450, 550, 421);
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('hello' as const),
      verb: fc.constantFrom('EHLO' as const, 'EHLO', 'EHLO', 'HELO'),
      decision,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('mail' as const),
      with: fc.constantFrom(
        'nothing' as const,
        'nothing',
        'nothing',
        'size',
        'big size',
        'unknown',
        'bad path',
        'utf8',
      ),
      decision,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('rcpt' as const),
      path: fc.constantFrom('good' as const, 'good', 'good', 'bad', 'null'),
      decision,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('data' as const),
      body: fc.constantFrom('good' as const, 'good', 'bare', 'big'),
      decision,
      end: decision,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('starttls' as const), decision }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('auth' as const),
      how: fc.constantFrom('plain' as const, 'plain', 'login', 'cancel', 'broken', 'unknown'),
      decision,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('noop' as const, 'rset', 'vrfy', 'help', 'expn', 'bogus', 'bare LF', 'bad hello'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'quit' as const }) },
);
export const rules: fc.Arbitrary<Rules> = fc.record({
  tlsRequired: fc.constantFrom(false, false, true),
  authRequired: fc.boolean(),
  maxRecipients: fc.constantFrom(1, 2, 100),
  maxErrors: fc.constantFrom(3, 20, 20),
});
