import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { IndexerAnswer, IndexerRequest } from '../search/indexer.js';
import type { IndexingStep } from '../search/indexing.js';

/** After a message has come in, in milliseconds: many are indexed in one transaction. */
const GATHER_MS = 500;
/** How often the journal is looked at for what other processes have stored, in milliseconds. */
const LOOK_MS = 10_000;
/**
 * The pause between two steps on a machine with one core, while messages come in, in times of what the step before took, and its
 * least and greatest length in milliseconds. Low priority alone does not protect accepts there, since they let go of the core for
 * each sync: by `bench/api.mjs`, accepts fell by a quarter. A pause of a fixed length would not do either: a step takes 20 ms on one
 * machine, and 60 on another one.
 */
const GIVE_WAY = { times: 20, least: 400, most: 5_000 };
/** Rows of the journal from which on the index no longer gives way: some hundred thousand messages under load. */
const MOST_BEHIND = 20_000;
/** How long to wait after a failure, such as a full disk, in milliseconds. */
const RETRY_MS = 10_000;

/**
 * Has the index of words filled by a thread of its own, one step after the other while there is something to do.
 *
 * A failure costs nothing but speed: what is not indexed is searched without the index.
 */
export class SearchIndexer {
  readonly #script: URL;
  readonly #directory: string;
  readonly #onIndexed: (journal: number) => Promise<unknown>;
  #worker: Worker | null = null;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Infinity;
  #isAsked = false;
  #rebuilds = false;
  /** Something has been stored since the last step began. */
  #isWoken = false;
  #journal = 0;
  #askedAt = 0;
  #isClosed = false;
  #whenAnswered: (() => void) | null = null;

  /** @param onIndexed called with the last row of the journal that is indexed; may reject */
  constructor(script: URL, directory: string, onIndexed: (journal: number) => Promise<unknown>) {
    this.#script = script;
    this.#directory = directory;
    this.#onIndexed = onIndexed;
    this.#schedule(GATHER_MS);
  }

  /** Something has been stored. */
  wake(): void {
    this.#isWoken = true;
    this.#schedule(GATHER_MS);
  }

  /** Makes the index anew: it is damaged. */
  rebuild(): void {
    this.#rebuilds = true;
    this.#schedule(0);
  }

  /** Ends the thread after its step. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#clearTimer();
    if (this.#isAsked) await new Promise<void>((resolve) => (this.#whenAnswered = resolve));
    await this.#worker?.terminate();
    this.#worker = null;
  }

  #schedule(after: number): void {
    const at = performance.now() + after;
    if (this.#isClosed || this.#isAsked || at >= this.#timerAt) return;
    this.#clearTimer();
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#ask(), after).unref();
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = Infinity;
  }

  #ask(): void {
    this.#clearTimer();
    const request: IndexerRequest = this.#rebuilds ? 'rebuild' : 'step';
    this.#rebuilds = false;
    this.#isWoken = false;
    this.#isAsked = true;
    this.#askedAt = performance.now();
    this.#worker ??= this.#start();
    this.#worker.postMessage(request);
  }

  #start(): Worker {
    const worker = new Worker(this.#script, { workerData: this.#directory });
    worker.unref();
    worker.on('message', (answer: IndexerAnswer) => this.#answered(answer));
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.#answered({ ok: false, reason: 'the thread ended' });
    });
    return worker;
  }

  #answered(answer: IndexerAnswer): void {
    this.#isAsked = false;
    this.#whenAnswered?.();
    if (!answer.ok) {
      this.#schedule(RETRY_MS);
      return;
    }
    if (answer.journal !== this.#journal && !this.#isClosed) {
      this.#journal = answer.journal;
      this.#onIndexed(answer.journal).catch(() => undefined);
    }
    const took = performance.now() - this.#askedAt;
    this.#schedule(this.#rebuilds ? 0 : pauseAfter(answer, took, this.#isWoken, availableParallelism()));
  }
}

/**
 * Returns how long to wait until the next step, in milliseconds.
 *
 * @param took milliseconds of the step, with what it waited for a processor
 * @param isWoken whether something has been stored since the step began
 * @param cores those that this process may use
 */
export function pauseAfter(
  { more, behind }: IndexingStep,
  took: number,
  isWoken: boolean,
  cores: number,
): number {
  if (!more) return isWoken ? GATHER_MS : LOOK_MS;
  const { times, least, most } = GIVE_WAY;
  return cores === 1 && isWoken && behind < MOST_BEHIND ? Math.min(most, Math.max(least, took * times)) : 0;
}
