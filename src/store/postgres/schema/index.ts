/**
 * The schema, as the steps that made it. The table `schema_version` counts the steps taken. A step that has been released
 * is never edited: add another. A step may only add, so that the version before it goes on working beside it, and can be
 * started again beside it (`test/store/versions.test.ts`). No step may hold a lock on a table of messages for long: it must
 * not write all rows of one, nor make an index on one. What nothing uses any more is removed one release later, in a step that raises
 * {@link LEAST_STEPS}.
 *
 * The first step has a file for each area:
 *
 *     domains   domains, tokens, what is kept for a domain: DKIM keys, block lists
 *     messages  messages, recipients, tags, attempts, owed notifications
 *     content   the octets, in partitions by day
 *     queue     what waits, and the function that leases it
 *     webhooks  webhooks, and the function that leases their events
 *     counters  additions to counters, and the function that folds them into the tables
 *     nodes     the processes that share the database
 *     api       what only the HTTP API needs: sessions, idempotency keys, calls of webhooks
 *     mail      what finds messages: the index of words, ids by time
 *
 * Later steps:
 *
 *     shared    what the nodes count together: rates, failed sign-ins
 *     content   its compression
 *     tags      how many messages have each tag
 *     domains   messages without a constraint to their domains
 *
 * Times are in milliseconds since the epoch. Those at which something is due, and at which a lease ends, are on the
 * database's clock (`clock.ts`); all others are on the clock of the node that wrote them.
 */
import { API } from './api.js';
import { COMPRESSION, CONTENT } from './content.js';
import { COUNTERS } from './counters.js';
import { DOMAINS, DOMAINS_STAY } from './domains.js';
import { MAIL } from './mail.js';
import { MESSAGES } from './messages.js';
import { NODES } from './nodes.js';
import { QUEUE } from './queue.js';
import { SHARED } from './shared.js';
import { TAGS } from './tags.js';
import { WEBHOOKS } from './webhooks.js';

/** A program must know so many steps to use the schema that all of them made. */
export const LEAST_STEPS = 1;

export const MIGRATIONS: readonly string[] = [
  // 1
  [DOMAINS, MESSAGES, CONTENT, QUEUE, WEBHOOKS, COUNTERS, NODES, API, MAIL].join('\n'),
  // 2
  SHARED,
  // 3
  COMPRESSION,
  // 4
  TAGS,
  // 5
  DOMAINS_STAY,
];
