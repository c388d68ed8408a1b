/** SQL for counters: gathered while a transaction is open, written before it commits. */
import type { Attempt } from '../../queue.js';
import type { Status } from '../../port.js';
import { deliveryBucket } from '../../statistics.js';
import type { Database } from './database.js';

/** Numbers of the measures in the table. The buckets of the time to delivery come from {@link FIRST_BUCKET} on. */
export const MEASURES = {
  accepted: 0,
  recipients: 1,
  delivered: 2,
  deferred: 3,
  bounced: 4,
  cancelled: 5,
} as const;
export const FIRST_BUCKET = 10;

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const UNITS = { hour: 0, day: 1 } as const;

/** What a message adds to the counters: a measure, at a time. */
export interface Fact {
  readonly measure: number;
  readonly at: number;
  readonly count: number;
}

interface MessageRow {
  readonly domainId: number;
  readonly tags: string | null;
  readonly receivedAt: number;
  readonly releaseAt: number | null;
}

/** What was gathered of one hour. */
interface Gathered {
  readonly domainId: number;
  readonly tag: string;
  readonly hour: number;
  /** By measure. */
  readonly counts: Map<number, number>;
}

export class Counters {
  readonly #message;
  readonly #recipients;
  readonly #attempts;
  readonly #add;
  readonly #addGauge;
  readonly #addDestination;
  /** By hour, domain and tag: the rest is made of it before the commit. */
  #counts = new Map<string, Gathered>();
  #gauges = new Map<string, number>();
  #destinations = new Map<string, number>();

  constructor(database: Database) {
    this.#message = database.prepare(`
      SELECT domain_id AS domainId, tags, received_at AS receivedAt, release_at AS releaseAt
      FROM message WHERE id = ?`);
    this.#recipients = database.prepare('SELECT count(*) AS count FROM recipient WHERE message_id = ?');
    this.#attempts = database.prepare('SELECT outcome, at FROM attempt WHERE message_id = ?');
    this.#add = database.prepare(`
      INSERT INTO counter (domain_id, tag, unit, at, measure, count) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count`);
    this.#addGauge = database.prepare(`
      INSERT INTO gauge (domain_id, name, value) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET value = value + excluded.value`);
    this.#addDestination = database.prepare(`
      INSERT INTO destination_counter (domain_id, day, destination, measure, count) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count`);
  }

  accepted(
    domainId: number,
    message: { readonly tags: readonly string[]; readonly receivedAt: number; readonly recipients: number },
    status: string,
    size: number,
  ): void {
    const { tags, receivedAt, recipients } = message;
    this.#count(domainId, tags, [
      { measure: MEASURES.accepted, at: receivedAt, count: 1 },
      { measure: MEASURES.recipients, at: receivedAt, count: recipients },
    ]);
    this.#gauge(domainId, status, 1);
    this.#gauge(domainId, 'octets', size);
  }

  /** Counts attempts of a message that are written in this transaction. */
  attempted(
    id: number,
    changes: readonly { readonly forwardPath: string; readonly attempt: Attempt }[],
  ): void {
    if (changes.length === 0) return;
    const row = this.#message.get(id) as unknown as MessageRow;
    const tags = tagsOf(row);
    for (const { forwardPath, attempt } of changes) {
      const facts = factsOf(attempt, startOf(row));
      this.#count(row.domainId, tags, facts);
      const destination = forwardPath.slice(forwardPath.lastIndexOf('@') + 1).toLowerCase();
      for (const { measure, at, count } of facts) {
        for (const domainId of [row.domainId, 0]) {
          add(this.#destinations, JSON.stringify([domainId, floor(at, DAY), destination, measure]), count);
        }
      }
    }
  }

  /** Moves what a stored message has added from tags that it lost to tags that it gained. */
  retagged(id: number, domainId: number, gained: readonly string[], lost: readonly string[]): void {
    const facts = this.factsOf(id);
    for (const tag of gained) this.#countTag(domainId, tag, facts, 1);
    for (const tag of lost) this.#countTag(domainId, tag, facts, -1);
  }

  statusChanged(domainId: number, old: Status, now: Status): void {
    this.#gauge(domainId, old, -1);
    this.#gauge(domainId, now, 1);
  }

  contentRemoved(domainId: number, size: number): void {
    this.#gauge(domainId, 'octets', -size);
  }

  messageRemoved(domainId: number, status: Status): void {
    this.#gauge(domainId, status, -1);
  }

  /** All that a stored message has added. */
  factsOf(id: number): Fact[] {
    const row = this.#message.get(id) as unknown as MessageRow;
    const { count } = this.#recipients.get(id) as { count: number };
    const attempts = this.#attempts.all(id) as unknown as Pick<Attempt, 'outcome' | 'at'>[];
    return [
      { measure: MEASURES.accepted, at: row.receivedAt, count: 1 },
      { measure: MEASURES.recipients, at: row.receivedAt, count },
      ...attempts.flatMap((attempt) => factsOf(attempt, startOf(row))),
    ];
  }

  /** Writes what was gathered. Called in the transaction, before it commits. */
  write(): void {
    const rows = new Map<string, number>();
    for (const { domainId, tag, hour, counts } of this.#counts.values()) {
      for (const [measure, count] of counts) {
        for (const owner of [domainId, 0]) {
          add(rows, JSON.stringify([owner, tag, UNITS.hour, hour, measure]), count);
          add(rows, JSON.stringify([owner, tag, UNITS.day, floor(hour, DAY), measure]), count);
        }
      }
    }
    for (const [key, count] of rows) {
      const [owner, tag, unit, at, measure] = JSON.parse(key) as [number, string, number, number, number];
      if (count !== 0) this.#add.run(owner, tag, unit, at, measure, count);
    }
    for (const [key, value] of this.#gauges) {
      const [domainId, name] = key.split(' ');
      if (value !== 0) this.#addGauge.run(Number(domainId), name ?? '', value);
    }
    for (const [key, count] of this.#destinations) {
      const [domainId, day, destination, measure] = JSON.parse(key) as [number, number, string, number];
      this.#addDestination.run(domainId, day, destination, measure, count);
    }
    this.forget();
  }

  /** Drops what was gathered: the transaction was taken back. */
  forget(): void {
    this.#counts = new Map();
    this.#gauges = new Map();
    this.#destinations = new Map();
  }

  #count(domainId: number, tags: readonly string[], facts: readonly Fact[]): void {
    for (const tag of ['', ...tags]) this.#countTag(domainId, tag, facts, 1);
  }

  #countTag(domainId: number, tag: string, facts: readonly Fact[], sign: number): void {
    for (const { measure, at, count } of facts) {
      const hour = floor(at, HOUR);
      const key = `${domainId} ${hour} ${tag}`;
      let gathered = this.#counts.get(key);
      if (gathered === undefined) {
        gathered = { domainId, tag, hour, counts: new Map() };
        this.#counts.set(key, gathered);
      }
      gathered.counts.set(measure, (gathered.counts.get(measure) ?? 0) + sign * count);
    }
  }

  #gauge(domainId: number, name: string, value: number): void {
    add(this.#gauges, `${domainId} ${name}`, value);
  }
}

function factsOf({ outcome, at }: Pick<Attempt, 'outcome' | 'at'>, start: number): Fact[] {
  const facts: Fact[] = [{ measure: MEASURES[outcome], at, count: 1 }];
  if (outcome === 'delivered') {
    facts.push({ measure: FIRST_BUCKET + deliveryBucket(at - start), at, count: 1 });
  }
  return facts;
}

/** From when the time to delivery counts. */
function startOf({ receivedAt, releaseAt }: MessageRow): number {
  return Math.max(receivedAt, releaseAt ?? 0);
}

function tagsOf({ tags }: MessageRow): string[] {
  return tags === null ? [] : (JSON.parse(tags) as string[]);
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

export function floor(at: number, unit: number): number {
  return Math.floor(at / unit) * unit;
}
