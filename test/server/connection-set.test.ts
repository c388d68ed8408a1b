import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionSet } from '../../src/server/connection/connection-set.js';

class Member {
  at = -1;
  constructor(readonly name: number) {}
}

describe('a set of connections', () => {
  it('holds the same connections as a Set, in any order of entering and leaving', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(7))), (changes) => {
        const members = Array.from({ length: 8 }, (_, name) => new Member(name));
        const connections = new ConnectionSet<'at', Member>('at');
        const set = new Set<Member>();
        for (const [comes, name] of changes) {
          const member = members[name] as Member;
          if (comes) {
            connections.add(member);
            set.add(member);
          } else {
            connections.delete(member);
            set.delete(member);
          }
          const recorded: number[] = [];
          connections.forEach((one) => recorded.push(one.name));
          expect(recorded.sort()).toEqual(Array.from(set, (one) => one.name).sort());
          expect(connections.size).toBe(set.size);
        }
        for (const member of members) expect(member.at >= 0).toBe(set.has(member));
      }),
    );
  });

  it('visits every member while members leave', () => {
    const connections = new ConnectionSet<'at', Member>('at');
    const members = Array.from({ length: 5 }, (_, name) => new Member(name));
    for (const member of members) connections.add(member);
    const recorded = new Set<number>();
    connections.forEach((member) => {
      recorded.add(member.name);
      connections.delete(member);
    });
    expect(recorded.size).toBe(5);
    expect(connections.size).toBe(0);

    for (const member of members) connections.add(member);
    let calls = 0;
    connections.forEach(() => {
      calls++;
      for (const member of members) connections.delete(member);
    });
    expect(calls).toBe(1);
  });
});
