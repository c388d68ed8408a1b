import { batch, computed, signal, type ReadonlySignal } from '@preact/signals';

/** Which messages a person has marked: some by their ids, or all that match the filter. */
export class Selection {
  readonly #ids = signal<ReadonlySet<number>>(new Set());
  readonly #all = signal(false);
  #last: number | null = null;

  readonly ids: ReadonlySignal<ReadonlySet<number>> = this.#ids;
  /** All messages that match the filter, also those that are not loaded. */
  readonly all: ReadonlySignal<boolean> = this.#all;
  readonly isEmpty: ReadonlySignal<boolean> = computed(() => !this.#all.value && this.#ids.value.size === 0);

  has(id: number): boolean {
    return this.#all.value || this.#ids.value.has(id);
  }

  /**
   * Marks a message, or takes its mark away.
   *
   * @param order the ids of the rows, for `range`
   * @param range whether all between the last one and this one get the same
   */
  toggle(id: number, order: readonly number[], range = false): void {
    const ids = new Set(this.#all.peek() ? order : this.#ids.peek());
    const marked = !ids.has(id);
    for (const each of range ? between(order, this.#last ?? id, id) : [id]) {
      if (marked) ids.add(each);
      else ids.delete(each);
    }
    this.#last = id;
    this.set(ids);
  }

  set(ids: ReadonlySet<number>): void {
    batch(() => {
      this.#all.value = false;
      this.#ids.value = ids;
    });
  }

  setAll(): void {
    this.#all.value = true;
  }

  clear(): void {
    this.set(new Set());
  }
}

function between(order: readonly number[], from: number, to: number): readonly number[] {
  const [one, other] = [order.indexOf(from), order.indexOf(to)];
  return one === -1 || other === -1 ? [to] : order.slice(Math.min(one, other), Math.max(one, other) + 1);
}
