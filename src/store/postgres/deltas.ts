/** What a transaction adds to the counters: the row that it appends to `counter_delta` (see `schema/counters.ts`). */
import {
  type CountedMessage,
  destinationOf,
  factsOf,
  isNotification,
  MEASURES,
  TABLES,
  tagsOf,
} from '../counting.js';
import type { Status } from '../port.js';
import type { Attempt } from '../queue.js';
import { DAY, floor, HOUR } from '../time.js';
import { int4Array, int8Array, textArray } from './arrays.js';

/** The gauge of stored octets; those of messages have the names of statuses. */
const OCTETS = 'octets';

/** Types of the parameters, in the order of {@link Deltas.values}. */
const TYPES = ['int4', 'int4', 'int8', 'text', 'int4', 'int8'] as const;

/** @param first number of the first parameter */
export function insertDeltas(first: number): string {
  const values = TYPES.map((type, at) => {
    const parameter = `$${first + at}::${type}[]`;
    return at === 0 || at === 4 ? `${parameter}::int2[]` : parameter;
  });
  return `INSERT INTO counter_delta (kinds, domain_ids, ats, names, measures, counts)
    SELECT ${values.join(', ')} WHERE cardinality($${first}::int4[]) > 0`;
}

interface Entry {
  readonly kind: number;
  readonly domainId: number;
  readonly at: number;
  readonly name: string;
  readonly measure: number;
  count: number;
}

export class Deltas {
  readonly #entries = new Map<string, Entry>();

  accepted(
    domainId: number,
    message: { readonly tags: readonly string[]; readonly reversePath: string; readonly receivedAt: number },
    recipients: number,
    status: Status,
    size: number,
  ): void {
    this.#gauge(domainId, status, 1);
    this.#gauge(domainId, OCTETS, size);
    const { tags, reversePath, receivedAt } = message;
    if (isNotification(reversePath)) return;
    const hour = floor(receivedAt, HOUR);
    for (const tag of ['', ...tags]) {
      this.#add(TABLES.counter, domainId, hour, tag, MEASURES.accepted, 1);
      this.#add(TABLES.counter, domainId, hour, tag, MEASURES.recipients, recipients);
    }
  }

  /** Counts an attempt that the transaction writes. */
  attempted(message: CountedMessage, forwardPath: string, attempt: Attempt): void {
    if (isNotification(message.reversePath)) return;
    const { domainId } = message;
    const destination = destinationOf(forwardPath);
    for (const { measure, at, count } of factsOf(attempt, message)) {
      for (const tag of ['', ...tagsOf(message)]) {
        this.#add(TABLES.counter, domainId, floor(at, HOUR), tag, measure, count);
      }
      this.#add(TABLES.destination, domainId, floor(at, DAY), destination, measure, count);
    }
  }

  /** Adds to a tag at a time: `count` is negative if the tag is taken off. */
  tagged(domainId: number, tag: string, at: number, measure: number, count: number): void {
    this.#add(TABLES.counter, domainId, floor(at, HOUR), tag, measure, count);
  }

  statusChanged(domainId: number, old: Status, now: Status): void {
    this.#gauge(domainId, old, -1);
    this.#gauge(domainId, now, 1);
  }

  contentRemoved(domainId: number, size: number): void {
    this.#gauge(domainId, OCTETS, -size);
  }

  messageRemoved(domainId: number, status: Status): void {
    this.#gauge(domainId, status, -1);
  }

  /** The parameters of {@link insertDeltas}. */
  values(): Buffer[] {
    const entries = [...this.#entries.values()].filter(({ count }) => count !== 0);
    return [
      int4Array(entries.map(({ kind }) => kind)),
      int4Array(entries.map(({ domainId }) => domainId)),
      int8Array(entries.map(({ at }) => at)),
      textArray(entries.map(({ name }) => name)),
      int4Array(entries.map(({ measure }) => measure)),
      int8Array(entries.map(({ count }) => count)),
    ];
  }

  #gauge(domainId: number, name: string, count: number): void {
    this.#add(TABLES.gauge, domainId, 0, name, 0, count);
  }

  #add(kind: number, domainId: number, at: number, name: string, measure: number, count: number): void {
    const key = `${kind} ${domainId} ${at} ${measure} ${name}`;
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, { kind, domainId, at, name, measure, count });
    else entry.count += count;
  }
}
