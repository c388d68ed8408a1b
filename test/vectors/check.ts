import { expect } from 'vitest';
import type { Outcome } from './drive.js';
import type { Expected, Vector } from './format.js';

/** Holds what came of a case against what the case says. */
export function check(vector: Vector, outcome: Outcome): void {
  const inStep = vector.ending === 'inStep';
  const wanted = [...vector.replies.map(({ reply }) => reply), ...(inStep ? ['250 2.0.0 Ok'] : [])];
  // Cut to what is wanted, so that a difference shows as a list of replies beside another.
  const got = outcome.replies.map((reply, i) => unhyphened(reply).slice(0, wanted[i]?.length));
  expect(got).toEqual(wanted);
  for (const [i, expected] of vector.replies.entries()) checkLines(expected, outcome.replies[i] ?? '');

  expect(outcome.stored).toEqual(vector.stored);
  expect(outcome.closed).toBe(!inStep);
  if (outcome.events === null) return;
  let from = 0;
  for (const event of vector.events) {
    const at = outcome.events.indexOf(event, from);
    expect(at, `${event} in ${JSON.stringify(outcome.events)}`).toBeGreaterThanOrEqual(0);
    from = at + 1;
  }
}

function checkLines({ has, lacks }: Expected, reply: string): void {
  const lines = reply.split('\n').map((line) => line.slice(4));
  for (const line of has) expect(lines).toContain(line);
  for (const line of lacks) expect(lines.filter((given) => given.startsWith(line))).toEqual([]);
}

/** A multiline reply's first line as if it were its only one. */
function unhyphened(reply: string): string {
  return reply.replace(/^(\d{3})-/, '$1 ').replace(/\n[^]*/, '');
}
