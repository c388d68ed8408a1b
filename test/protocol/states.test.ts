import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TRANSITIONS } from '../../src/protocol/state/transitions.js';
import { statesPage } from './diagram.js';

interface Row {
  readonly to: string | readonly string[];
  readonly make: (from: unknown, proof: unknown) => unknown;
}
const table = TRANSITIONS as unknown as Readonly<Record<string, Readonly<Record<string, Row>>>>;

const page = new URL('../../docs/states.md', import.meta.url);

describe('the transition table', () => {
  it('is drawn in docs/states.md as it is', () => {
    if (process.env['UPDATE'] === '1') writeFileSync(page, statesPage());
    expect(readFileSync(page, 'utf8')).toBe(statesPage());
  });

  it('leads every phase but the last to closed, and the last nowhere', () => {
    for (const [phase, rows] of Object.entries(TRANSITIONS)) {
      if (phase === 'closed') expect(rows).toEqual({});
      else expect(rows).toHaveProperty('closed.to', 'closed');
    }
  });

  it('reaches every phase from the first', () => {
    const reached = new Set<string>(['connecting']);
    for (const phase of reached) {
      for (const { to } of Object.values(table[phase] ?? {})) [to].flat().forEach((to) => reached.add(to));
    }
    expect([...reached].sort()).toEqual(Object.keys(TRANSITIONS).sort());
  });

  it('makes the phase that each row names', () => {
    // The proof of a row does not decide which phase follows.
    const anything = { kind: 'rcpt', recipients: 1, principal: 'p', mechanism: 'PLAIN' };
    for (const row of Object.values(table).flatMap((rows) => Object.values(rows))) {
      for (const to of [row.to].flat()) {
        // But where a row has several, it leads back to where the session was.
        expect(row.make({ ...anything, before: { kind: to } }, anything)).toHaveProperty('kind', to);
      }
    }
  });
});
