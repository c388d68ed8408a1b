/** SQL that gives out leases. */
import { DUE_AT_ONCE } from '../../due-time.js';
import type { Domain } from '../../port.js';
import type { Lease, LeaseRequest } from '../../queue.js';
import type { Database } from './database.js';
import {
  LEASED_COLUMNS,
  type LeasedColumns,
  packLease,
  type PackedLease,
  type PackedLeases,
  type PackedRecipient,
  packLeases,
} from '../wire/packed-leases.js';

/** The part of a lease that identifies it to the worker. */
export type LeaseName = Pick<Lease, 'lease' | 'id'>;

/** The least next_attempt_at of a message's recipients; null if none of them waits. */
const NEXT_ATTEMPT = '(SELECT min(next_attempt_at) FROM recipient WHERE message_id = ?1)';
/** Above every priority. */
const HIGHEST = 100;
/** Values of `attempting`: an attempt has begun, or has lasted for a while. 0: none is under way. */
export const BEGUN = 1;
export const LASTING = 2;

/**
 * The line of each domain is its part of an index by priority and time. To find the next message takes a search for
 * each domain and each priority that it uses: the waiting messages of a domain are never walked, whether they are due
 * or not. A lease moves its message back in the line to the lease's own end, so that an expired lease makes it due
 * again by itself.
 */
export class Leasing {
  readonly #leased;
  readonly #nextDomain;
  readonly #nextPriority;
  readonly #first;
  readonly #lease;
  readonly #lastNumber;
  readonly #setNumber;
  readonly #due;
  readonly #domain;
  readonly #content;
  readonly #end;
  readonly #remove;
  readonly #renew;
  readonly #putOff;
  readonly #allLeased;
  readonly #begin;
  readonly #lasts;
  readonly #attempted;
  readonly #crashed;
  readonly #close;
  readonly #nextDue;
  readonly #domains = new Map<number, Domain>();
  /** The domain that had the last turn. */
  #served = 0;

  constructor(database: Database) {
    this.#leased = database.prepare(`
      SELECT domain_id AS id, count(*) AS leases FROM queue
      WHERE lease IS NOT NULL AND due_at > ? GROUP BY domain_id`);
    this.#nextDomain = database.prepare(
      'SELECT domain_id AS id FROM queue WHERE domain_id > ? ORDER BY domain_id LIMIT 1',
    );
    this.#nextPriority = database.prepare(`
      SELECT priority FROM queue WHERE domain_id = ? AND priority < ? ORDER BY priority DESC LIMIT 1`);
    this.#first = database.prepare(`
      SELECT due_at, crashes, crashed_alone, ${LEASED_COLUMNS.map((name) => `message.${name}`).join(', ')}
      FROM queue CROSS JOIN message ON message.id = queue.message_id
      WHERE queue.domain_id = ? AND queue.priority = ? AND due_at <= ?
      ORDER BY due_at LIMIT 1`);
    this.#first.setReturnArrays(true);
    this.#lease = database.prepare('UPDATE queue SET lease = ?, due_at = ? WHERE message_id = ?');
    this.#lastNumber = database.prepare('SELECT number FROM last_lease');
    this.#setNumber = database.prepare('UPDATE last_lease SET number = ?');
    this.#due = database.prepare(`
      SELECT position, forward_path, notify, original_recipient, attempts, delay_reported
      FROM recipient WHERE message_id = ? AND next_attempt_at <= ? ORDER BY position`);
    this.#due.setReturnArrays(true);
    this.#domain = database.prepare('SELECT id, name, created_at AS createdAt FROM domain WHERE id = ?');
    this.#content = database.prepare('SELECT octets FROM chunk WHERE message_id = ? AND sequence = 0');
    this.#end = database.prepare(`
      UPDATE queue SET lease = NULL, attempting = 0, due_at = ${NEXT_ATTEMPT}
      WHERE message_id = ?1 AND ${NEXT_ATTEMPT} NOT NULL`);
    this.#remove = database.prepare('DELETE FROM queue WHERE message_id = ?');
    this.#renew = database.prepare('UPDATE queue SET due_at = ? WHERE message_id = ? AND lease = ?');
    this.#putOff = database.prepare(`
      UPDATE recipient SET next_attempt_at = ?2 WHERE message_id = ?1 AND next_attempt_at < ?2
      AND EXISTS (SELECT 1 FROM queue WHERE message_id = ?1 AND lease = ?3)`);
    this.#allLeased = database.prepare('SELECT message_id AS id FROM queue WHERE lease IS NOT NULL');
    this.#begin = database.prepare(
      `UPDATE queue SET attempting = max(attempting, ${BEGUN}) WHERE message_id = ? AND lease = ?`,
    );
    this.#lasts = database.prepare(
      `UPDATE queue SET attempting = ${LASTING} WHERE message_id = ? AND lease = ? AND attempting = ${BEGUN}`,
    );
    this.#attempted = database.prepare(
      'SELECT message_id AS id, attempting FROM queue WHERE lease IS NOT NULL AND attempting > 0',
    );
    this.#crashed = database.prepare(
      'UPDATE queue SET crashes = crashes + 1, crashed_alone = ? WHERE message_id = ?',
    );
    this.#close = database.prepare(
      'UPDATE queue SET attempting = 0 WHERE lease IS NOT NULL AND attempting > 0',
    );
    this.#nextDue = database.prepare('SELECT min(due_at) AS due FROM queue');
  }

  /** The content is added by {@link withContent}, after the transaction. */
  lease({ now, until, limit, perDomain }: LeaseRequest): PackedLease[] {
    const counts = this.#leased.all(now) as { id: number; leases: number }[];
    const leased = new Map(counts.map(({ id, leases }) => [id, leases]));
    const { number: before } = this.#lastNumber.get() as { number: number };
    const leases: PackedLease[] = [];
    const take = (line: Line): boolean => {
      if (line.room <= 0 || leases.length >= limit) return false;
      const first = this.#firstOf(line, now);
      if (first === null) return false;
      leases.push(this.#take(first, before + leases.length + 1, until));
      line.room--;
      this.#served = line.domainId;
      return true;
    };
    let lines: Line[] = [];
    for (const domainId of this.#waitingDomains()) {
      if (leases.length >= limit) break;
      const line = { domainId, priority: HIGHEST, room: perDomain - (leased.get(domainId) ?? 0) };
      if (take(line)) lines.push(line);
    }
    while (lines.length > 0) lines = lines.filter(take);
    if (leases.length > 0) this.#setNumber.run(before + leases.length);
    return leases;
  }

  /**
   * Returns leases as they travel, those of short messages with their content. It must not run in a transaction that
   * writes, because an error of the disk ends such a transaction: then one message would hold up all others.
   */
  withContent(
    leases: readonly PackedLease[],
    { contentOctets = 0 }: Pick<LeaseRequest, 'contentOctets'>,
  ): PackedLeases {
    return packLeases(leases, (id, size) => (size <= contentOctets ? this.#contentOf(id, size) : null));
  }

  renew(leases: readonly LeaseName[], until: number): number[] {
    return leases.flatMap(({ id, lease }) => (this.#renew.run(until, id, lease).changes === 0 ? [] : [id]));
  }

  begin(leases: readonly LeaseName[]): void {
    for (const { id, lease } of leases) this.#begin.get(id, lease);
  }

  lasts({ id, lease }: LeaseName): void {
    this.#lasts.run(id, lease);
  }

  giveBack({ id, lease }: LeaseName, at: number): void {
    if (this.#renew.run(at, id, lease).changes === 0) return;
    this.#putOff.run(id, at, lease);
    this.#end.run(id);
  }

  nextDue(): number | null {
    return (this.#nextDue.get() as { due: number | null }).due;
  }

  /** Number of attempts that were under way when the server before this one ended. */
  get underWay(): number {
    return this.#attempted.all().length;
  }

  /**
   * Ends every lease, and counts the attempts that were under way. Only for the one process that leases, before it
   * does.
   *
   * @param single whether only one attempt was under way, of all messages and events
   */
  endAll(single: boolean): void {
    const attempted = this.#attempted.all() as { id: number; attempting: number }[];
    for (const { id, attempting } of attempted) this.#crashed.run(single && attempting === BEGUN ? 1 : 0, id);
    for (const { id } of this.#allLeased.all() as { id: number }[]) this.#end.run(id);
  }

  /** The server stops in order: what is still under way counts as no crash. */
  close(): void {
    this.#close.run();
  }

  /** Returns domains that have waiting messages, each once, beginning after the domain that was served last. */
  *#waitingDomains(): Generator<number> {
    const from = this.#served;
    for (let id = this.#domainAfter(from); id !== undefined; id = this.#domainAfter(id)) yield id;
    for (let id = this.#domainAfter(0); id !== undefined && id <= from; id = this.#domainAfter(id)) yield id;
  }

  #domainAfter(id: number): number | undefined {
    return (this.#nextDomain.get(id) as { id: number } | undefined)?.id;
  }

  /** Returns the first message of a line: it goes from one priority to the next lower one that is in use. */
  #firstOf(line: Line, now: number): Due | null {
    for (;;) {
      const first = this.#first.get(line.domainId, line.priority, now) as FirstRow | undefined;
      if (first === undefined) {
        const next = this.#nextPriority.get(line.domainId, line.priority) as { priority: number } | undefined;
        if (next === undefined) return null;
        line.priority = next.priority;
        continue;
      }
      const [dueAt, crashes, crashedAlone, ...columns] = first;
      const [id] = columns;
      const recipients = this.#due.all(id, now) as unknown as PackedRecipient[];
      if (recipients.length > 0) {
        return { columns, recipients, hastened: dueAt === DUE_AT_ONCE, crashes, alone: crashedAlone === 1 };
      }
      // The clock went back, or a lease ran out after some were done and the rest had been put off.
      if (this.#end.run(id).changes === 0) this.#remove.run(id);
    }
  }

  #take({ columns, recipients, hastened, crashes, alone }: Due, lease: number, until: number): PackedLease {
    const [id, domainId] = columns;
    this.#lease.get(lease, until, id);
    const domain = this.#domainOf(domainId);
    return packLease({ lease, until, columns, domain, recipients, hastened, crashes, alone });
  }

  /** Null if the content is not there as a whole: it may have been removed, or the disk does not give it out. */
  #contentOf(id: number, size: number): Uint8Array | null {
    try {
      const row = this.#content.get(id) as { octets: Uint8Array } | undefined;
      return row?.octets.length === size ? row.octets : null;
    } catch {
      // The message is leased without it, so that it does not hold up all others. The attempt then meets the error.
      return null;
    }
  }

  /** A domain's row only changes when the domain is removed, and that does not affect messages that it has sent. */
  #domainOf(id: number): Domain {
    const known = this.#domains.get(id);
    if (known !== undefined) return known;
    const domain = this.#domain.get(id) as unknown as Domain;
    this.#domains.set(id, domain);
    return domain;
  }
}

type FirstRow = [dueAt: number, crashes: number, crashedAlone: number, ...columns: LeasedColumns];

interface Due {
  readonly columns: LeasedColumns;
  readonly recipients: readonly PackedRecipient[];
  readonly hastened: boolean;
  readonly crashes: number;
  readonly alone: boolean;
}

/** How far one call has come in the line of a domain. */
interface Line {
  readonly domainId: number;
  priority: number;
  /** Messages of the domain that may still be leased. */
  room: number;
}
