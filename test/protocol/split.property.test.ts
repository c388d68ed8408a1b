// Invariant: whatever a client sends, the events, the reply octets and what is stored depend neither on how
// its octets are cut, nor on whether it waits for replies, nor on when the verdicts come.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cutAt, dialogue, judgeBy, places, profile, verdicts } from './dialogues.js';
import { type Judge, Rig } from './session-harness.js';

const RUNS = { numRuns: 1500 };

const outcome = (rig: Rig): unknown => ({
  replies: rig.replies,
  events: rig.events,
  stored: rig.stored,
  phase: rig.session.phase,
});

it('any split of any dialogue gives the same', () => {
  fc.assert(
    fc.property(dialogue, profile, verdicts, places, (octets, options, list, cuts) => {
      const run = (pieces: readonly string[]): unknown => {
        const rig = new Rig({ profile: options, judge: judgeBy(list) }).begin();
        for (const piece of pieces) rig.feed(piece);
        return outcome(rig);
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
        const prompt = new Rig({ profile: options, judge: judgeBy(list) }).begin().feed(octets);
        // Each verdict is given when so many more pieces have come, or none is left.
        const later: Judge = (question) => (question.type === 'connect' ? judge(question) : undefined);
        const rig = new Rig({ profile: options, judge: later }).begin();
        const pieces = cutAt(octets, cuts);
        let asked = 0;
        let delay = 0;
        const settle = (all: boolean): void => {
          for (
            let question = rig.waiting;
            question !== null && (all || delay-- <= 0);
            question = rig.waiting
          ) {
            delay = delays[asked++ % Math.max(1, delays.length)] ?? 0;
            const verdict = judge(question);
            if (verdict !== undefined) rig.decide(verdict);
          }
        };
        for (const piece of pieces) {
          rig.feed(piece);
          settle(false);
        }
        settle(true);
        expect(outcome(rig)).toEqual(outcome(prompt));
      },
    ),
    RUNS,
  );
});
