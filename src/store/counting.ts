/**
 * What is counted of a message: facts, each a measure at a time. Every adapter derives them here and adds them up in its
 * own way, in the transaction that changes what is counted. Pure.
 */
import type { Attempt } from './queue.js';
import { deliveryBucket } from './statistics.js';

/** Numbers of the measures in the tables. The buckets of the time to delivery come from {@link FIRST_BUCKET} on. */
export const MEASURES = {
  accepted: 0,
  recipients: 1,
  delivered: 2,
  deferred: 3,
  bounced: 4,
  cancelled: 5,
} as const;
export const FIRST_BUCKET = 10;

export const UNITS = { hour: 0, day: 1 } as const;

/** Numbers of the tables that something is added to. That of tags is SQLite's: PostgreSQL has triggers for them. */
export const TABLES = { counter: 0, gauge: 1, destination: 2, tag: 3 } as const;

/** What a message adds to the counters: a measure, at a time. */
export interface Fact {
  readonly measure: number;
  readonly at: number;
  readonly count: number;
}

/** The columns of a message that decide how it counts. */
export interface CountedMessage {
  readonly domainId: number;
  /** A JSON array; null for none. */
  readonly tags: string | null;
  readonly reversePath: string;
  readonly receivedAt: number;
  readonly releaseAt: number | null;
}

/** The numbers that one attempt adds. */
export function factsOf(
  { outcome, at }: Pick<Attempt, 'outcome' | 'at'>,
  message: Pick<CountedMessage, 'receivedAt' | 'releaseAt'>,
): Fact[] {
  const facts: Fact[] = [{ measure: MEASURES[outcome], at, count: 1 }];
  if (outcome === 'delivered') {
    // The time to delivery counts from here.
    const start = Math.max(message.receivedAt, message.releaseAt ?? 0);
    facts.push({ measure: FIRST_BUCKET + deliveryBucket(at - start), at, count: 1 });
  }
  return facts;
}

/** All that a stored message has added. */
export function allFactsOf(
  message: Pick<CountedMessage, 'receivedAt' | 'releaseAt'>,
  recipients: number,
  attempts: readonly Pick<Attempt, 'outcome' | 'at'>[],
): Fact[] {
  return [
    { measure: MEASURES.accepted, at: message.receivedAt, count: 1 },
    { measure: MEASURES.recipients, at: message.receivedAt, count: recipients },
    ...attempts.flatMap((attempt) => factsOf(attempt, message)),
  ];
}

/**
 * Returns whether a message is a notification: it has the null reverse-path (RFC 5321 4.5.5). Counters leave it out, by
 * domain, destination and tag. If it counted, each bounce would add a message and a delivery that no app sent, and the
 * bounce rate would read too low. The gauges, which say what is stored, have it.
 */
export function isNotification(reversePath: string): boolean {
  return reversePath === '';
}

export function tagsOf({ tags }: Pick<CountedMessage, 'tags'>): string[] {
  return tags === null ? [] : (JSON.parse(tags) as string[]);
}

/** Returns the receiving domain of a forward-path, in lower case. */
export function destinationOf(forwardPath: string): string {
  return forwardPath.slice(forwardPath.lastIndexOf('@') + 1).toLowerCase();
}
