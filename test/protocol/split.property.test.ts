// Invariant: whatever a client sends, the events, the reply octets and what is stored depend neither on how
// its octets are cut, nor on whether it waits for replies, nor on when the verdicts come.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cutAt, dialogue, judgeBy, places, profile, verdicts } from './dialogues.js';
import { type Decide, SessionHarness } from './session-harness.js';

const RUNS = { numRuns: 1500 };

const outcome = (harness: SessionHarness): unknown => ({
  replies: harness.replies,
  events: harness.events,
  stored: harness.stored,
  phase: harness.session.phase,
});

it('any split of any dialogue gives the same', () => {
  fc.assert(
    fc.property(dialogue, profile, verdicts, places, (octets, options, list, cuts) => {
      const run = (pieces: readonly string[]): unknown => {
        const harness = new SessionHarness({ profile: options, judge: judgeBy(list) }).begin();
        for (const piece of pieces) harness.feed(piece);
        return outcome(harness);
      };
      const whole = run([octets]);
      expect(run(Array.from(octets))).toEqual(whole);
      expect(run(cutAt(octets, cuts))).toEqual(whole);
      // Line by line, as one that waits for each reply sends it.
      expect(run(octets.split(/(?<=\n)/))).toEqual(whole);
    }),
    RUNS,
  );
});

it('verdicts that come late give the same', () => {
  fc.assert(
    fc.property(
      dialogue,
      profile,
      verdicts,
      places,
      fc.array(fc.nat(4)),
      (octets, options, list, cuts, delays) => {
        const judge = judgeBy(list);
        const prompt = new SessionHarness({ profile: options, judge: judgeBy(list) }).begin().feed(octets);
        // Each verdict is given when so many more pieces have come, or none is left.
        const later: Decide = (question) => (question.type === 'connect' ? judge(question) : undefined);
        const harness = new SessionHarness({ profile: options, judge: later }).begin();
        const pieces = cutAt(octets, cuts);
        let asked = 0;
        let delay = 0;
        const settle = (all: boolean): void => {
          for (
            let question = harness.waiting;
            question !== null && (all || delay-- <= 0);
            question = harness.waiting
          ) {
            delay = delays[asked++ % Math.max(1, delays.length)] ?? 0;
            const verdict = judge(question);
            if (verdict !== undefined) harness.decide(verdict);
          }
        };
        for (const piece of pieces) {
          harness.feed(piece);
          settle(false);
        }
        settle(true);
        expect(outcome(harness)).toEqual(outcome(prompt));
      },
    ),
    RUNS,
  );
});
