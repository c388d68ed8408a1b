/** SQL for webhooks and the events that are still to be sent. */
import { type EventRow, eventOf, type WebhookRow, webhookOf } from '../../columns/webhook.js';
import type { Webhook, WebhookEvent, Webhooks } from '../../webhooks.js';
import type { Database } from './database.js';
import { BEGUN, LASTING } from './leasing.js';

type EventRequest = Parameters<Webhooks['leaseEvents']>[0];

export class WebhookTable {
  readonly #set;
  readonly #list;
  readonly #ofDomain;
  readonly #remove;
  readonly #switchOff;
  readonly #dropEvents;
  readonly #leased;
  readonly #nextDomain;
  readonly #first;
  readonly #lease;
  readonly #end;
  readonly #defer;
  readonly #begin;
  readonly #lasts;
  readonly #close;
  readonly #underWay;
  readonly #crashed;
  readonly #voidLeases;
  readonly #nextDue;
  /** The domain that had the last turn. */
  #served = 0;

  constructor(database: Database) {
    this.#set = database.prepare(`
      INSERT INTO webhook (domain_id, url, events, public_key, private_key, created_at)
      SELECT id, ?2, ?3, ?4, ?5, ?6 FROM domain WHERE name = ?1 AND removed_at IS NULL
      ON CONFLICT (domain_id) DO UPDATE SET url = ?2, events = ?3, off_since = NULL, off_reason = NULL`);
    const webhooks =
      'SELECT webhook.*, domain.name AS domain FROM webhook JOIN domain ON domain.id = domain_id';
    this.#list = database.prepare(`${webhooks} WHERE removed_at IS NULL ORDER BY domain.name`);
    this.#ofDomain = database.prepare(`${webhooks} WHERE domain.name = ? AND removed_at IS NULL`);
    this.#remove = database.prepare(`
      DELETE FROM webhook WHERE domain_id = (SELECT id FROM domain WHERE name = ?) RETURNING domain_id AS id`);
    this.#switchOff = database.prepare(`
      UPDATE webhook SET off_since = ?, off_reason = ? WHERE domain_id = ? AND off_since IS NULL`);
    this.#dropEvents = database.prepare('DELETE FROM webhook_event WHERE domain_id = ?');
    this.#leased = database.prepare(`
      SELECT domain_id AS id, count(*) AS leases FROM webhook_event
      WHERE leased = 1 AND due_at > ? GROUP BY domain_id`);
    this.#nextDomain = database.prepare(
      'SELECT domain_id AS id FROM webhook_event WHERE domain_id > ? ORDER BY domain_id LIMIT 1',
    );
    this.#first = database.prepare(`
      SELECT id AS event, domain_id AS domainId, name, message_id AS message, positions, attempt, at, attempts,
        crashes, crashed_alone AS crashedAlone, due_at AS dueAt
      FROM webhook_event WHERE domain_id = ? AND due_at <= ? ORDER BY due_at, id LIMIT 1`);
    this.#lease = database.prepare('UPDATE webhook_event SET due_at = ?, leased = 1 WHERE id = ?');
    this.#end = database.prepare('DELETE FROM webhook_event WHERE id = ?');
    this.#defer = database.prepare(
      `UPDATE webhook_event SET due_at = ?, leased = 0, attempts = attempts + 1, attempting = 0, crashes = 0
       WHERE id = ?`,
    );
    this.#begin = database.prepare(
      `UPDATE webhook_event SET attempting = max(attempting, ${BEGUN}) WHERE id = ? AND leased = 1`,
    );
    this.#lasts = database.prepare(
      `UPDATE webhook_event SET attempting = ${LASTING} WHERE id = ? AND leased = 1 AND attempting = ${BEGUN}`,
    );
    this.#close = database.prepare(
      'UPDATE webhook_event SET attempting = 0 WHERE leased = 1 AND attempting > 0',
    );
    this.#underWay = database.prepare(
      'SELECT count(*) AS n FROM webhook_event WHERE leased = 1 AND attempting > 0',
    );
    this.#crashed = database.prepare(
      `UPDATE webhook_event SET crashes = crashes + 1, crashed_alone = (? AND attempting = ${BEGUN})
       WHERE leased = 1 AND attempting > 0`,
    );
    this.#voidLeases = database.prepare(
      'UPDATE webhook_event SET due_at = at, leased = 0, attempting = 0 WHERE leased = 1',
    );
    this.#nextDue = database.prepare('SELECT min(due_at) AS due FROM webhook_event');
  }

  set(
    domain: string,
    { url, events, keys }: Pick<Webhook, 'url' | 'events' | 'keys'>,
    now: number,
  ): Webhook | null {
    this.#set.run(domain, url, JSON.stringify(events), keys.publicKey, keys.privateKey, now);
    return this.find(domain);
  }

  find(domain: string): Webhook | null {
    const row = this.#ofDomain.get(domain) as WebhookRow | undefined;
    return row === undefined ? null : webhookOf(row);
  }

  remove(domain: string): boolean {
    const removed = this.#remove.get(domain) as { id: number } | undefined;
    if (removed === undefined) return false;
    this.#dropEvents.run(removed.id);
    return true;
  }

  list(): Webhook[] {
    return (this.#list.all() as unknown as WebhookRow[]).map(webhookOf);
  }

  switchOff(domainId: number, reason: string, now: number): void {
    this.#switchOff.run(now, reason, domainId);
    this.#dropEvents.run(domainId);
  }

  leaseEvents({ now, until, limit, perDomain = Infinity }: EventRequest): WebhookEvent[] {
    const events: WebhookEvent[] = [];
    const counts = this.#leased.all(now) as { id: number; leases: number }[];
    const leased = new Map(counts.map(({ id, leases }) => [id, leases]));
    const take = (domainId: number): boolean => {
      const held = leased.get(domainId) ?? 0;
      if (events.length >= limit || held >= perDomain) return false;
      const first = this.#first.get(domainId, now) as (EventRow & { dueAt: number }) | undefined;
      if (first === undefined) return false;
      const { dueAt, ...row } = first;
      this.#lease.run(until, row.event);
      events.push(eventOf(row, dueAt));
      leased.set(domainId, held + 1);
      this.#served = domainId;
      return true;
    };
    let domains: number[] = [];
    for (const domainId of this.#domains()) {
      if (events.length >= limit) break;
      if (take(domainId)) domains.push(domainId);
    }
    while (domains.length > 0) domains = domains.filter(take);
    return events;
  }

  endEvent(id: number): void {
    this.#end.run(id);
  }

  deferEvent(id: number, at: number): void {
    this.#defer.run(at, id);
  }

  nextEventDue(): number | null {
    return (this.#nextDue.get() as { due: number | null }).due;
  }

  /** Number of attempts that were under way when the server before this one ended. */
  get underWay(): number {
    return (this.#underWay.get() as { n: number }).n;
  }

  /**
   * Ends every lease, and counts the attempts that were under way. Only for the one process that sends events, before
   * it does.
   *
   * @param single whether only one attempt was under way, of all messages and events
   */
  endLeases(single: boolean): void {
    this.#crashed.run(single ? 1 : 0);
    this.#voidLeases.run();
  }

  /** The server stops in order: what is still under way counts as no crash. */
  close(): void {
    this.#close.run();
  }

  beginEvent(event: number): void {
    this.#begin.run(event);
  }

  lastsEvent(event: number): void {
    this.#lasts.run(event);
  }

  /** Returns domains that have events, each once, beginning after the domain that was served last. */
  *#domains(): Generator<number> {
    const from = this.#served;
    for (let id = this.#domainAfter(from); id !== undefined; id = this.#domainAfter(id)) yield id;
    for (let id = this.#domainAfter(0); id !== undefined && id <= from; id = this.#domainAfter(id)) yield id;
  }

  #domainAfter(id: number): number | undefined {
    return (this.#nextDomain.get(id) as { id: number } | undefined)?.id;
  }
}
