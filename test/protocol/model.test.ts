// Invariant: in any dialogue of steps a client can take, with any decisions of the server, the machine gives
// the replies that the reference model (model.ts) says, step by step, asks what the model asks, and knows of
// the client what the model knows; and the same steps without waiting for any reply get the same replies.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decision, Model, type Rules, type Step } from './model.js';
import type { Rig } from './rig.js';
import { octetsOfStep, rigUnder, rules, step } from './steps.js';

class Real {
  readonly rig: Rig;
  readonly decisions: Decision[] = [];

  constructor(given: Rules, tls: boolean) {
    this.rig = rigUnder(given, tls, () => this.decisions.shift());
  }
}

/** One step, taken by both. */
class Take implements fc.Command<Model, Real> {
  constructor(readonly step: Step) {}

  check({ closed }: Model): boolean {
    return !closed;
  }

  run(model: Model, { rig, decisions }: Real): void {
    const asked = model.asked.length;
    const before = rig.codes.length;
    const codes = model.take(this.step);
    decisions.push(...model.asked.slice(asked));
    rig.feed(octetsOfStep(this.step, codes));
    if (rig.session.phase === 'securing') rig.session.secured();

    expect(rig.codes.slice(before)).toEqual(codes);
    expect(decisions).toEqual([]);
    expect([rig.closed, rig.stored.length]).toEqual([model.closed, model.stored]);
    if (model.closed) return;
    const { hello, identity, transaction } = rig.session;
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
      { numRuns: 2500 },
    );
  });

  it('agrees where the client waits for nothing but a handshake', () => {
    fc.assert(
      fc.property(rules, fc.boolean(), fc.array(step, { maxLength: 40 }), (given, tls, steps) => {
        const model = new Model(given, tls);
        const expected = [220];
        let piece = '';
        const pieces: string[] = [];
        for (const taken of steps) {
          if (model.closed) break;
          const plain = !model.tls;
          const codes = model.take(taken);
          expected.push(...codes);
          piece += octetsOfStep(taken, codes);
          if (plain && model.tls) {
            pieces.push(piece);
            piece = '';
          }
        }
        const decisions = [...model.asked];
        const rig = rigUnder(given, tls, () => decisions.shift());
        for (const octets of [...pieces, piece]) {
          rig.feed(octets);
          if (rig.session.phase === 'securing') rig.session.secured();
        }
        expect(rig.codes).toEqual(expected);
        expect(rig.stored).toHaveLength(model.stored);
        expect(decisions).toEqual([]);
      }),
      { numRuns: 2500 },
    );
  });
});
