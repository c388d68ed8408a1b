// Runs the tests for one mutant after the other, in a process that is replaced if a mutant has spoiled it.
import { fork } from 'node:child_process';

// A test may take ten times as long as without a mutant, and this in addition. The machine may have other work.
const SPARE_MS = 5_000;
// The same for the steps in the code that is mutated, which notice most endless loops.
const SPARE_STEPS = 100_000;
const FACTOR = 10;

// A worker says when it begins a test that takes longer than this without a mutant.
const LONG_MS = 200;

/** A process with all tests loaded, and one question at a time. */
export class Worker {
  /** True until a mutant has run in the process. */
  fresh = true;
  #child;
  #answer;

  /** @param load what the process loads: see worker.mjs */
  constructor(load) {
    this.#child = fork(new URL('./worker.mjs', import.meta.url), {
      execArgv: ['--max-old-space-size=1024'],
      // A process that is stuck cannot clean up.
      env: { ...process.env, TMPDIR: load.temporary },
    });
    this.#child.send(load);
    this.#child.on('message', (message) => this.#answer?.(message));
    this.#child.on('exit', () => this.#answer?.('exit'));
    this.ready = this.#next(300_000);
  }

  /** Returns what the process answers, 'exit' if it ends, or 'late' if it says nothing in so many milliseconds. */
  async ask(message, limit) {
    const answer = this.#next(limit);
    if (this.#child.connected) this.#child.send(message);
    return answer;
  }

  end() {
    this.#answer = undefined;
    this.#child.kill('SIGKILL');
  }

  #next(limit) {
    return new Promise((resolve) => {
      let timer = setTimeout(() => resolve('late'), limit);
      this.#answer = (answer) => {
        clearTimeout(timer);
        // Only a sign of life.
        if (answer.limit !== undefined) timer = setTimeout(() => resolve('late'), answer.limit + SPARE_MS);
        else resolve(answer);
      };
      if (this.#child.exitCode !== null) this.#answer('exit');
    });
  }
}

/** Runs mutants from a list that it may share with others, and replaces its process if a mutant has spoiled it. */
export class MutantRunner {
  #load;
  #worker;
  #kills;
  #clean;

  constructor(load, worker, clean, kills) {
    this.#load = load;
    this.#worker = worker;
    this.#clean = clean;
    this.#kills = kills;
  }

  /** Runs what `take` returns until that is undefined, and calls `done` with each mutant, its fate and the test. */
  async run(take, done) {
    for (let next = take(); next !== undefined; next = take()) {
      const { fate, by } = await this.#fateOf(next);
      if (by !== null) this.#kills[by] = (this.#kills[by] ?? 0) + 1;
      done(next.mutant, fate, by);
    }
    this.#worker?.end();
  }

  async #fateOf({ mutant, reach }) {
    for (;;) {
      this.#worker ??= new Worker(this.#load);
      const first = await this.#worker.ready;
      if (first !== 'ready') throw new Error(`a worker did not load the tests: ${first}`);
      const { fresh } = this.#worker;
      this.#worker.fresh = false;
      const rank = (index) => this.#kills[index] ?? 0;
      const order = reach.toSorted((a, b) => rank(b) - rank(a) || this.#clean[a].ms - this.#clean[b].ms);
      const limitOf = (duration) => FACTOR * duration + SPARE_MS;
      const question = {
        id: mutant.id,
        order,
        limits: order.map((index) => limitOf(this.#clean[index].ms)),
        stepLimits: order.map((index) => FACTOR * this.#clean[index].steps + SPARE_STEPS),
        long: limitOf(LONG_MS),
      };
      const answer = await this.#worker.ask(question, limitOf(LONG_MS));
      const stuck = answer === 'late' || answer === 'exit';
      if (stuck || answer.dirty) {
        this.#worker.end();
        this.#worker = undefined;
      }
      if (stuck || answer.failure === 'timeout') return { fate: 'timeout', by: answer.by ?? null };
      if (answer.failure === null) return { fate: 'survived', by: null };
      // Without an earlier mutant in the process, the failure is due to this one.
      if (!answer.dirty || fresh) return { fate: 'killed', by: answer.by };
    }
  }
}
