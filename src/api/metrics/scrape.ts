import type { Metrics } from './metrics.js';

/** How long what was read is given again, in milliseconds: readers that ask too often cost nothing. */
const HOLDS_MS = 1_000;

/** Reads the metrics as text of Prometheus, at most once a second. */
export class Scrape {
  #last: { readonly at: number; readonly text: Promise<string> } | null = null;

  constructor(private readonly metrics: Metrics) {}

  get contentType(): string {
    return this.metrics.registry.contentType;
  }

  text(): Promise<string> {
    const now = performance.now();
    if (this.#last === null || now - this.#last.at > HOLDS_MS) {
      this.#last = { at: now, text: this.metrics.registry.metrics() };
    }
    return this.#last.text;
  }
}
