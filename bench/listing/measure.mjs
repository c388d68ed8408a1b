// Puts questions to a store many times and prints how long they take.
function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

async function measure(store, { name, ask }, repeats) {
  const times = [];
  let found = 0;
  let spent = process.cpuUsage();
  // The first one is not counted: it compiles code and statements.
  for (let turn = -1; turn < repeats; turn++) {
    if (turn === 0) spent = process.cpuUsage();
    const began = performance.now();
    const answer = await ask(store, turn + 1);
    if (turn >= 0) times.push(performance.now() - began);
    found += answer;
  }
  const { user, system } = process.cpuUsage(spent);
  times.sort((a, b) => a - b);
  return {
    name,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    processor: (user + system) / 1000 / repeats,
    found: found / (repeats + 1),
  };
}

/**
 * Puts each question many times, one after the other, and says how long it took.
 *
 * @param only puts only questions with this in their names; undefined for all
 */
export async function measureAll(store, questions, { repeats, only, say }) {
  say(
    `${'milliseconds'.padEnd(46)} ${'p50'.padStart(9)} ${'p99'.padStart(9)} ${'processor'.padStart(9)} ${'found'.padStart(7)}`,
  );
  const rows = [];
  for (const question of questions) {
    if (only !== undefined && !question.name.includes(only)) continue;
    const row = await measure(store, question, repeats);
    rows.push(row);
    const [p50, p99, processor] = [row.p50, row.p99, row.processor].map((time) =>
      time.toFixed(2).padStart(9),
    );
    say(`${row.name.padEnd(46)} ${p50} ${p99} ${processor} ${row.found.toFixed(0).padStart(7)}`);
  }
  return rows;
}
