/** Cuts octets into pieces, in order, none empty. */
export interface Cut {
  readonly name: string;
  readonly apply: (octets: string) => string[];
}

const whole: Cut = { name: 'in one write', apply: (octets) => at(octets, []) };

const single: Cut = { name: 'octet by octet', apply: (octets) => Array.from(octets) };

/** Longest text of which every boundary is tried. */
const EVERY = 400;

/** One cut per boundary; of long texts, those around what has a meaning, and some others. */
function boundaries(octets: string): number[] {
  const all = Array.from({ length: Math.max(0, octets.length - 1) }, (_, i) => i + 1);
  if (octets.length <= EVERY) return all;
  const spread = Math.ceil(octets.length / 50);
  return all.filter((i) => i % spread === 0 || /[\r\n]/.test(octets.slice(i - 1, i + 1))).slice(-50);
}

/** Random pieces, the same ones for the same seed. */
function random(seed: number): Cut {
  return {
    name: `at random (${seed})`,
    apply: (octets) => {
      const next = generator(seed);
      const places = [];
      for (let i = 1 + (next() % 7); i < octets.length; i += 1 + (next() % 7)) places.push(i);
      return at(octets, places);
    },
  };
}

/** All the ways a text is cut in, the whole first. */
export function cutsOf(segments: readonly string[]): Cut[] {
  const places = new Set(segments.flatMap(boundaries));
  const long = segments.some(({ length }) => length > EVERY);
  return [
    whole,
    single,
    ...(long ? [1, 2] : [1, 2, 3, 4, 5, 6, 7, 8]).map(random),
    ...Array.from(places, (i): Cut => ({ name: `cut at ${i}`, apply: (octets) => at(octets, [i]) })),
  ];
}

function at(octets: string, places: readonly number[]): string[] {
  const pieces = [0, ...places].map((from, i) => octets.slice(from, places[i] ?? octets.length));
  return pieces.filter((piece) => piece !== '');
}

/** A linear congruential generator; its low bits are poor, so they are left out. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 16;
  };
}
