import { Counter, type Registry } from 'prom-client';

/**
 * A counter with one label for what happens on the path of every command. prom-client looks up the label at each
 * increment; this one adds to a map, and gives the sums out when metrics are read.
 */
export class Tally {
  readonly #counts = new Map<string | number, number>();

  constructor(registry: Registry, name: string, help: string, label: string) {
    const counts = this.#counts;
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [value, count] of counts) this.inc({ [label]: String(value) }, count);
      },
    });
  }

  add(value: string | number): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }
}
