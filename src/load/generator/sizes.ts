/** Messages of one size, and their weight among all messages. */
export interface SizeShare {
  readonly octets: number;
  /** In proportion to the other weights. */
  readonly weight: number;
}

/** The form of sizes, for error messages. */
export const SIZES_FORM =
  'octets with or without a unit of 1024 (k, m), such as 64k; or several, each with its share, such as 1k:80,64k:15,1m:5';

const UNITS = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const;
/** Largest message in octets. The parts that messages of a run share are held in memory. */
export const LARGEST_MESSAGE = 1024 ** 3;

/** Parses `1k` and `1k:80,64k:15,1m:5`. Returns undefined if the text has another form. */
export function parseSizes(text: string): SizeShare[] | undefined {
  const shares: SizeShare[] = [];
  for (const part of text.split(',')) {
    const match = /^(\d{1,10})([kmg]?)(?:ib|b)?(?::(\d{1,9}(?:\.\d{1,6})?))?$/i.exec(part.trim());
    if (match === null) return undefined;
    const [, digits, unit = '', share = '1'] = match;
    const octets = Number(digits) * UNITS[unit.toLowerCase() as keyof typeof UNITS];
    const weight = Number(share);
    if (octets > LARGEST_MESSAGE || weight === 0) return undefined;
    shares.push({ octets, weight });
  }
  return shares;
}

/**
 * Returns a function that chooses an index, each as often as its weight says. `random` returns numbers from 0 up to 1.
 */
export function chooser(shares: readonly SizeShare[], random: () => number): () => number {
  if (shares.length === 1) return () => 0;
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  return () => {
    let left = random() * total;
    const index = shares.findIndex(({ weight }) => (left -= weight) < 0);
    return index < 0 ? shares.length - 1 : index;
  };
}
