/** What counts: gathered while a transaction is open, written with it (see `counter-journal.ts`). */
import type { Attempt } from '../../queue.js';
import type { Status } from '../../port.js';
import {
  allFactsOf,
  type CountedMessage,
  destinationOf,
  type Fact,
  factsOf,
  isNotification,
  MEASURES,
  TABLES,
  tagsOf,
  UNITS,
} from '../../counting.js';
import { CountedNames } from './counted-names.js';
import { CounterJournal } from './counter-journal.js';
import type { Tally } from './tallies.js';
import type { Database } from './database.js';
import { DAY, floor, HOUR } from '../../time.js';

/** Measures of a tally of a gauge, whose name is a status. */
const GAUGE = { messages: 0, octets: 1 } as const;

export class Counters {
  readonly #journal: CounterJournal;
  readonly #tags: CountedNames;
  readonly #destinations: CountedNames;
  readonly #message;
  readonly #recipients;
  readonly #attempts;
  readonly #add;
  readonly #addGauge;
  readonly #addDestination;
  readonly #addTag;
  readonly #removeTag;

  constructor(database: Database) {
    this.#journal = new CounterJournal(database, (tally) => this.#fold(tally));
    this.#tags = new CountedNames(database, 0);
    this.#destinations = new CountedNames(database, 1);
    this.#message = database.prepare(`
      SELECT domain_id AS domainId, tags, reverse_path AS reversePath, received_at AS receivedAt,
        release_at AS releaseAt
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
    this.#addTag = database.prepare(`
      INSERT INTO tag_count (domain_id, name, count) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count`);
    this.#removeTag = database.prepare(
      'DELETE FROM tag_count WHERE domain_id = ? AND name = ? AND count = 0',
    );
  }

  /** For the process that folds, and for those that read. */
  get journal(): CounterJournal {
    return this.#journal;
  }

  accepted(
    domainId: number,
    message: {
      readonly tags: readonly string[];
      readonly reversePath: string;
      readonly receivedAt: number;
      readonly recipients: number;
    },
    status: string,
    size: number,
  ): void {
    this.#gauge(domainId, status, 1, size);
    const { tags, reversePath, receivedAt, recipients } = message;
    this.#tagged(domainId, tags, 1);
    if (isNotification(reversePath)) return;
    const hour = floor(receivedAt, HOUR);
    const counts = [MEASURES.accepted, 1, MEASURES.recipients, recipients];
    this.#journal.add(TABLES.counter, domainId, hour, '', counts);
    for (const tag of tags) {
      this.#journal.add(TABLES.counter, domainId, hour, this.#tags.counted(domainId, hour, tag), counts);
    }
  }

  /** Counts an attempt of a message that is written in this transaction. */
  attempted(message: CountedMessage, forwardPath: string, attempt: Attempt): void {
    const { domainId, reversePath } = message;
    if (isNotification(reversePath)) return;
    const facts = factsOf(attempt, message);
    this.#count(domainId, tagsOf(message), facts);
    const destination = destinationOf(forwardPath);
    for (const { measure, at, count } of facts) {
      const name = this.#destinations.counted(domainId, at, destination);
      this.#journal.add(TABLES.destination, domainId, floor(at, DAY), name, [measure, count]);
    }
  }

  /** The facts that decide how a stored message counts. */
  counted(id: number): CountedMessage {
    return this.#message.get(id) as CountedMessage;
  }

  /** Moves what a stored message has added from tags that it lost to tags that it gained. */
  retagged(id: number, domainId: number, gained: readonly string[], lost: readonly string[]): void {
    this.#tagged(domainId, gained, 1);
    this.#tagged(domainId, lost, -1);
    if (isNotification(this.counted(id).reversePath)) return;
    const facts = this.factsOf(id);
    for (const tag of gained) this.#countTag(domainId, tag, facts, 1);
    for (const tag of lost) this.#countTag(domainId, tag, facts, -1);
  }

  statusChanged(domainId: number, old: Status, now: Status): void {
    this.#gauge(domainId, old, -1);
    this.#gauge(domainId, now, 1);
  }

  contentRemoved(domainId: number, size: number): void {
    this.#journal.add(TABLES.gauge, domainId, 0, '', [GAUGE.octets, -size]);
  }

  messageRemoved(domainId: number, status: Status, tags: readonly string[]): void {
    this.#gauge(domainId, status, -1);
    this.#tagged(domainId, tags, -1);
  }

  /** All that a stored message has added. */
  factsOf(id: number): Fact[] {
    const row = this.counted(id);
    const { count } = this.#recipients.get(id) as { count: number };
    const attempts = this.#attempts.all(id) as unknown as Pick<Attempt, 'outcome' | 'at'>[];
    return allFactsOf(row, count, attempts);
  }

  /** Writes what was gathered. Called in the transaction, before it commits. */
  write(): void {
    this.#journal.write();
  }

  /** The transaction has committed. */
  committed(): void {
    this.#journal.committed();
  }

  /** Drops what was gathered: the transaction was taken back. */
  forget(): void {
    this.#journal.forget();
    this.#tags.forget();
    this.#destinations.forget();
  }

  #count(domainId: number, tags: readonly string[], facts: readonly Fact[]): void {
    for (const tag of ['', ...tags]) this.#countTag(domainId, tag, facts, 1);
  }

  #countTag(domainId: number, tag: string, facts: readonly Fact[], sign: number): void {
    for (const { measure, at, count } of facts) {
      const name = tag === '' ? '' : this.#tags.counted(domainId, at, tag);
      this.#journal.add(TABLES.counter, domainId, floor(at, HOUR), name, [measure, sign * count]);
    }
  }

  #tagged(domainId: number, tags: readonly string[], messages: number): void {
    for (const tag of tags) this.#journal.add(TABLES.tag, domainId, 0, tag, [0, messages]);
  }

  /** @param octets by which the stored content grows */
  #gauge(domainId: number, status: string, messages: number, octets = 0): void {
    const counts =
      octets === 0 ? [GAUGE.messages, messages] : [GAUGE.messages, messages, GAUGE.octets, octets];
    this.#journal.add(TABLES.gauge, domainId, 0, status, counts);
  }

  #fold({ table, domainId, at, name, counts }: Tally): void {
    for (let index = 0; index < counts.length; index += 2) {
      const measure = counts[index] ?? 0;
      const count = counts[index + 1] ?? 0;
      if (count === 0) continue;
      if (table === TABLES.gauge) this.#addGauge.run(domainId, gaugeOf(name, measure), count);
      else {
        for (const owner of [domainId, 0]) {
          if (table === TABLES.tag) {
            this.#addTag.run(owner, name, count);
            if (count < 0) this.#removeTag.run(owner, name);
          } else if (table === TABLES.destination) this.#addDestination.run(owner, at, name, measure, count);
          else {
            this.#add.run(owner, name, UNITS.hour, at, measure, count);
            this.#add.run(owner, name, UNITS.day, floor(at, DAY), measure, count);
          }
        }
      }
    }
  }
}

/** Returns the gauge that a measure of a tally adds to. */
export function gaugeOf(status: string, measure: number): string {
  return measure === GAUGE.octets ? 'octets' : status;
}
