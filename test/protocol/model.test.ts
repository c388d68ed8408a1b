// Invariant: in any dialogue of steps a client can take, with any decisions of the server, the machine gives
// the replies that the reference model (model.ts) says, step by step, asks what the model asks, and knows of
// the client what the model knows; and the same steps without waiting for any reply, cut anywhere, with verdicts
// that come later than whatever the client sends next, get the same replies.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutAt, places } from './dialogues.js';
import { type Decision, Model, type Rules, type Step } from './model.js';
import type { SessionHarness } from './session-harness.js';
import { octetsOfStep, rigUnder, rules, step, verdictBy } from './steps.js';

class Real {
  readonly harness: SessionHarness;
  readonly decisions: Decision[] = [];

  constructor(given: Rules, tls: boolean) {
    this.harness = rigUnder(given, tls, () => this.decisions.shift());
  }
}

/** One step, taken by both. */
class Take implements fc.Command<Model, Real> {
  constructor(readonly step: Step) {}

  check({ closed }: Model): boolean {
    return !closed;
  }

  run(model: Model, { harness, decisions }: Real): void {
    const asked = model.asked.length;
    const before = harness.codes.length;
    const codes = model.take(this.step);
    decisions.push(...model.asked.slice(asked));
    harness.feed(octetsOfStep(this.step, codes));
    if (harness.session.phase === 'securing') harness.session.secured();

    expect(harness.codes.slice(before)).toEqual(codes);
    expect(decisions).toEqual([]);
    expect([harness.closed, harness.stored.length]).toEqual([model.closed, model.stored]);
    if (model.closed) return;
    const { hello, identity, transaction } = harness.session;
    expect(hello?.verb ?? null).toBe(model.hello);
    expect(identity.kind).toBe(model.authenticated ? 'authenticated' : 'anonymous');
    expect(transaction !== null).toBe(model.recipients !== null);
  }

  toString(): string {
    return JSON.stringify(this.step);
  }
}

const commands = fc.commands([step.map((taken) => new Take(taken))], { maxCommands: 40 });

describe('the machine against the model', () => {
  it('agrees, step by step', () => {
    fc.assert(
      fc.property(rules, fc.boolean(), commands, (given, tls, taken) => {
        fc.modelRun(() => ({ model: new Model(given, tls), real: new Real(given, tls) }), taken);
      }),
      { numRuns: 5000 },
    );
  });

  it('agrees where the client waits for nothing but a handshake, cut anywhere, the verdicts late', () => {
    const lateness = fc.array(fc.boolean(), { maxLength: 20 });
    const dialogue = fc.array(step, { maxLength: 40 });
    fc.assert(
      fc.property(rules, fc.boolean(), dialogue, places, lateness, (given, tls, steps, cuts, late) => {
        const model = new Model(given, tls);
        const { codes, pieces } = pipelined(model, steps);
        const decisions = [...model.asked];
        const next = (): Decision | undefined => decisions.shift();
        const delays = [...late];
        const harness = rigUnder(given, tls, next, () => delays.shift() === true);
        for (const octets of pieces) {
          for (const cut of cutAt(octets, cuts)) {
            harness.feed(cut);
            if (delays.shift() !== true) decide(harness, next);
          }
          while (harness.waiting !== null && !harness.closed) decide(harness, next);
          if (harness.session.phase === 'securing') harness.session.secured();
        }
        expect(harness.codes).toEqual([220, ...codes]);
        expect(harness.stored).toHaveLength(model.stored);
        expect(decisions).toEqual([]);
      }),
      { numRuns: 5000 },
    );
  });
});

/** What the model says of these steps, and their octets: in one piece, but for the handshake. */
function pipelined(model: Model, steps: readonly Step[]): { codes: number[]; pieces: string[] } {
  const codes: number[] = [];
  const pieces = [''];
  for (const taken of steps) {
    if (model.closed) break;
    const plain = !model.tls;
    const replies = model.take(taken);
    codes.push(...replies);
    pieces.push((pieces.pop() ?? '') + octetsOfStep(taken, replies));
    if (plain && model.tls) pieces.push('');
  }
  return { codes, pieces };
}

/** Gives the verdict that was put off, if there is one. */
function decide(harness: SessionHarness, next: () => Decision | undefined): void {
  const question = harness.waiting;
  const verdict = question === null ? undefined : verdictBy(question, next());
  if (verdict !== undefined) harness.decide(verdict);
}
