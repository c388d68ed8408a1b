/**
 * The candidate that a mistyped name most likely meant, in any case: compared as a whole and by its last part, so that
 * `max_size` finds `smtp.max_size`.
 *
 * @returns undefined where nothing is near enough to be worth a guess
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const [given, known] = [name.toLowerCase(), candidate.toLowerCase()];
    const distance = Math.min(
      editDistance(given, known),
      // A match of the last part alone is worth a little less than one of the whole.
      editDistance(lastPart(given), lastPart(known)) + 0.5,
    );
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

export function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/**
 * Returns the fewest insertions, removals, replacements and exchanges of two neighbours that turn one into the other
 * (the optimal string alignment), so that `prot` is as near to `port` as `pot` is.
 */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  let rowBefore: number[] = [];
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const exchanged = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      next.push(
        Math.min(
          replaced,
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          exchanged ? (rowBefore[j - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    [rowBefore, row] = [row, next];
  }
  return row[to.length] ?? 0;
}
