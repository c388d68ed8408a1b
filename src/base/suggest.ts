/**
 * The candidate that a mistyped name most likely meant: compared as a whole and by its last part, so that
 * `max_size` finds `smtp.max_size`.
 *
 * @returns undefined where nothing is near enough to be worth a guess
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = Math.min(
      editDistance(name, candidate),
      // A match of the last part alone is worth a little less than one of the whole.
      editDistance(lastPart(name), lastPart(candidate)) + 0.5,
    );
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Levenshtein's distance: the fewest insertions, removals and replacements that turn one into the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
