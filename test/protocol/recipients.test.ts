// RFC 2033 4.2: a verdict for each recipient is one for each, and says yes or no.
import { describe, expect, it } from 'vitest';
import { reply, Reply } from '../../src/protocol/parts.js';
import { SessionHarness, acceptAll } from './session-harness.js';

const ENVELOPE = 'MAIL FROM:<>\r\nRCPT TO:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n.\r\n';

/** A session at the end of a message to two, its verdict awaited. */
function atTheEnd(protocol: 'smtp' | 'lmtp'): SessionHarness {
  const judge: typeof acceptAll = (question) => (question.type === 'end' ? undefined : acceptAll(question));
  const hello = protocol === 'lmtp' ? 'LHLO a' : 'EHLO a';
  return new SessionHarness({ profile: { protocol }, judge }).begin().feed(`${hello}\r\n${ENVELOPE}`);
}

describe('a verdict for each recipient', () => {
  it('gives each its reply; a yes that is no 2yz is the machine’s own', () => {
    const harness = atTheEnd('lmtp');
    const replies = [new Reply(300, null, 'Go on'), new Reply(450, '4.2.1', 'Not now')];
    harness.decide({ type: 'perRecipient', replies });
    expect(harness.answers.slice(-2)).toEqual([reply('accepted').toString(), '450 4.2.1 Not now']);
  });

  it.each([
    ['lmtp', 1],
    ['lmtp', 3],
    ['smtp', 1],
    ['smtp', 2],
  ] as const)('in %s throws where there are %i', (protocol, count) => {
    const harness = atTheEnd(protocol);
    const replies = Array.from({ length: count }, () => reply('accepted'));
    expect(() => harness.decide({ type: 'perRecipient', replies })).toThrow('expected a reply for each');
  });

  it('refuses each recipient by its own reply, and one refusal for all is sent once', () => {
    const refusals = (harness: SessionHarness): string[] =>
      harness.events.filter((event) => event.startsWith('refused'));
    const no = new Reply(550, '5.1.1', 'No such user');
    const full = new Reply(452, '4.2.2', 'Full');
    const each = atTheEnd('lmtp').decide({ type: 'perRecipient', replies: [no, full] });
    expect(refusals(each)).toEqual([`refused DATA ${no.toString()}`, `refused DATA ${full.toString()}`]);
    expect(refusals(atTheEnd('lmtp').decide({ type: 'refuse', reply: no }))).toEqual([
      `refused DATA ${no.toString()}`,
    ]);
  });

  it('counts as an error of the client if one refusal is permanent and none accepts', () => {
    const limited = (...codes: readonly number[]): number[] => {
      const replies = codes.map((code) => new Reply(code, null, 'x'));
      const harness = new SessionHarness({
        profile: { protocol: 'lmtp', limits: { errors: 1 } },
        judge: (question) =>
          question.type === 'end' ? { type: 'perRecipient', replies } : acceptAll(question),
      });
      return harness.begin().feed(`LHLO a\r\n${ENVELOPE}`).codes.slice(6);
    };
    expect(limited(450, 550)).toEqual([421]);
    expect(limited(550, 450)).toEqual([421]);
    expect(limited(450, 450)).toEqual([450, 450]);
    expect(limited(250, 550)).toEqual([250, 550]);
  });
});
