import type { Vector } from '../vectors/format.js';

/** How often a smaller dialogue is tried. */
const TRIES = 3_000;

/** A smaller dialogue of which `fails` is true as well: octets, options and verdicts that do not matter go. */
export function shrink(vector: Vector, fails: (vector: Vector) => boolean): Vector {
  let smallest = vector;
  let tries = 0;
  const better = (candidate: Vector): boolean => {
    if (++tries > TRIES || !fails(candidate)) return false;
    smallest = candidate;
    return true;
  };
  for (const key of vector.options.keys()) {
    better({ ...smallest, options: new Map([...smallest.options].filter(([other]) => other !== key)) });
  }
  for (const key of vector.verdicts.keys()) {
    better({ ...smallest, verdicts: new Map([...smallest.verdicts].filter(([other]) => other !== key)) });
  }
  for (const index of vector.segments.keys()) {
    const { length } = vector.segments[index]?.octets ?? '';
    for (let size = 2 ** Math.ceil(Math.log2(length + 1)); size >= 1; size /= 2) {
      for (let at = 0; at < (smallest.segments[index]?.octets.length ?? 0);) {
        if (!better(withoutOctets(smallest, index, at, at + size))) at += size;
      }
    }
  }
  return smallest;
}

function withoutOctets(vector: Vector, index: number, from: number, to: number): Vector {
  const segments = vector.segments.map(({ octets }, i) => ({
    octets: i === index ? octets.slice(0, from) + octets.slice(to) : octets,
  }));
  return { ...vector, segments };
}
