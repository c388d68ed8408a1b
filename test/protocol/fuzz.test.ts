// The invariant stands in test/fuzz/invariant.ts: whatever a client sends, the machine does not throw, keeps nothing,
// gives the same replies and events for any split, answers in well-formed replies, and is in step afterwards.
//
// First the corpus runs, then generated dialogues, for POSTERN_FUZZ_SECONDS (10). A failure prints its seed, and the
// shortest dialogue that shows it, as a file for test/fuzz/corpus/. POSTERN_FUZZ_SEED repeats a run.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { invent } from '../fuzz/dialogues.js';
import { wrong } from '../fuzz/invariant.js';
import { Chance } from '../fuzz/random.js';
import { shrink } from '../fuzz/shrink.js';
import { write } from '../fuzz/write.js';
import { parseVectors, type Vector } from '../vectors/format.js';

const SECONDS = Number(process.env['POSTERN_FUZZ_SECONDS'] ?? 10);
const SEED = Number(process.env['POSTERN_FUZZ_SEED'] ?? Date.now() % 2 ** 31);

function readAll(folder: URL): Vector[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.vec'));
  return names.flatMap((name) => parseVectors(readFileSync(new URL(name, folder), 'utf8')));
}

const corpus = readAll(new URL('../fuzz/corpus/', import.meta.url));
const known = [...readAll(new URL('../vectors/', import.meta.url)), ...corpus];

describe('the corpus', () => {
  it.each(corpus.map((vector) => [vector.title, vector] as const))('%s', (_, vector) => {
    expect(wrong(vector)).toBeNull();
  });
});

describe('generated dialogues', () => {
  it(`hold for ${SECONDS} s, from seed ${SEED}`, { timeout: (SECONDS + 60) * 1000 }, () => {
    const until = Date.now() + SECONDS * 1000;
    let tried = 0;
    for (let seed = SEED; Date.now() < until; seed++, tried++) {
      const vector = invent(known, new Chance(seed));
      if (wrong(vector) === null) continue;
      const smallest = shrink(vector, (smaller) => wrong(smaller) !== null);
      throw new Error(`seed ${seed}: ${wrong(smallest) ?? ''}\n\n${write(smallest)}`);
    }
    // A machine that is slow beyond belief proves nothing.
    expect(tried).toBeGreaterThan(10);
  });

  it('are written as they are read', () => {
    for (let seed = 0; seed < 200; seed++) {
      const vector = { ...invent(known, new Chance(seed)), title: 'x' };
      const [read] = parseVectors(write(vector));
      expect(read?.segments).toEqual(vector.segments);
      expect(read?.options).toEqual(vector.options);
      expect(read?.verdicts).toEqual(vector.verdicts);
    }
  });
});
