// Counts and keeps the results of a mutation run, by file, in reports/mutation/results.json. A run replaces those of the
// files that it has finished.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Reads a file of JSON, or returns an empty object if it does not exist. */
function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

export class Report {
  #path;
  #equivalent;
  #sources;
  #files = {};
  /** Keys of the survivors of the last run, by file. */
  #last = new Map();

  constructor(project, sources) {
    this.#sources = sources;
    this.#path = join(project, 'reports/mutation/results.json');
    this.#equivalent = read(join(project, 'test/mutation/equivalent.json'));
  }

  /**
   * Notes the fate of a mutant: killed, timeout, survived, uncovered (no test runs it) or static (it runs only when a
   * module loads). A survivor in equivalent.json counts as equivalent.
   */
  add(mutant, fate, by) {
    const file = (this.#files[mutant.fileName] ??= { counts: {}, survivors: [], noted: [] });
    const place = this.#placeOf(mutant);
    let counted = fate;
    const known = this.#equivalentTo(mutant.fileName, place);
    if (known !== undefined && (fate === 'survived' || fate === 'uncovered')) counted = 'equivalent';
    if (known !== undefined && fate !== 'static') file.noted.push({ ...place, fate });
    file.counts[counted] = (file.counts[counted] ?? 0) + 1;
    if (counted === 'survived' || counted === 'uncovered') file.survivors.push({ ...place, fate });
    return { ...place, fate: counted, by };
  }

  /**
   * Takes over the counts of the last run of a file, without its survivors: they are run again. So are all mutants of a
   * file that was not run before.
   */
  resume(name) {
    const last = read(this.#path)[name];
    if (last === undefined) return;
    const { survived: _, uncovered: __, ...counts } = last.counts;
    this.#files[name] = { counts, survivors: [], noted: last.noted };
    this.#last.set(name, new Set(last.survivors.map(keyOf)));
  }

  /** True if no test noticed the mutant in the run that was taken over, or if there was no run. */
  survivedBefore(mutant) {
    return this.#last.get(mutant.fileName)?.has(keyOf(this.#placeOf(mutant))) ?? true;
  }

  /** Writes what is known of a file. `complete` is false if it was a sample. */
  save(name, complete) {
    const file = this.#files[name];
    if (file === undefined) return;
    const all = read(this.#path);
    all[name] = { at: new Date().toISOString(), complete, ...scoreOf(file.counts), ...file };
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(this.#path, JSON.stringify(all, null, 1));
  }

  /** Prints each survivor and a table of the files of this run. */
  print() {
    for (const [name, { survivors, noted }] of Object.entries(this.#files)) {
      for (const one of survivors) {
        console.log(
          `${one.fate} ${name}:${one.at} ${one.mutator}\n  ${one.line}\n  ${one.from}\n  -> ${one.to}`,
        );
      }
      // One entry may stand for several mutants of a line.
      const needed = new Set(noted.filter(({ fate }) => !isNoticed(fate)).map(keyOf));
      for (const one of noted.filter((mutant) => !needed.has(keyOf(mutant)))) {
        console.log(`${name}:${one.at} ${one.mutator} is in equivalent.json, but a test notices it`);
      }
    }
    const total = {};
    for (const [name, { counts }] of Object.entries(this.#files)) {
      for (const [fate, count] of Object.entries(counts)) total[fate] = (total[fate] ?? 0) + count;
      console.log(row(name, counts));
    }
    console.log(row('all', total));
  }

  #placeOf({ fileName, location: { start, end }, mutatorName, replacement }) {
    const lines = this.#sources.get(fileName).split('\n');
    const taken = lines.slice(start.line, end.line + 1);
    taken[taken.length - 1] = taken.at(-1).slice(0, end.column);
    taken[0] = taken[0].slice(start.column);
    return {
      at: `${start.line + 1}:${start.column + 1}`,
      line: lines[start.line].trim(),
      mutator: mutatorName,
      from: short(taken.join(' ')),
      to: short(replacement),
    };
  }

  #equivalentTo(file, { line, from, to }) {
    return this.#equivalent[file]?.find(
      (entry) => entry.line === line && entry.from === from && entry.to === to,
    );
  }
}

/** Names a mutant by what is in its line, since its number changes with each line before it. */
function keyOf({ line, from, to }) {
  return JSON.stringify([line, from, to]);
}

function isNoticed(fate) {
  return fate === 'killed' || fate === 'timeout';
}

function short(text) {
  return text.replace(/\s+/g, ' ').trim().slice(0, 120);
}

/** Returns the share of mutants that tests notice, in percent, without those that are static or equivalent. */
export function scoreOf(counts) {
  const { killed = 0, timeout = 0, survived = 0, uncovered = 0 } = counts;
  const noticed = killed + timeout;
  const total = noticed + survived + uncovered;
  return { noticed, total, score: total === 0 ? null : (100 * noticed) / total };
}

/** Returns the 95 % interval of Wilson of a share, in percent. */
export function intervalOf(noticed, total) {
  const z = 1.96;
  const share = noticed / total;
  const middle = share + (z * z) / (2 * total);
  const half = z * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  const scale = 1 + (z * z) / total;
  return [(100 * (middle - half)) / scale, (100 * (middle + half)) / scale];
}

function row(name, counts) {
  const { noticed, total, score } = scoreOf(counts);
  const text = score === null ? '     -' : score.toFixed(1).padStart(6);
  const rest = ['timeout', 'equivalent', 'static'].filter((fate) => counts[fate] > 0);
  const extra = rest.map((fate) => `${counts[fate]} ${fate}`).join(', ');
  return `${text} % ${String(noticed).padStart(5)} of ${String(total).padStart(5)}  ${name}  ${extra}`;
}
