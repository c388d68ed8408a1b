/** The parts of the contract beside intake, as the worker does them. */
import type { ACCESS } from '../wire/access.js';
import { Attempts } from './attempts.js';
import { BlockEntries } from './block-list.js';
import type { Database } from './database.js';
import { Counters } from './counters.js';
import { DkimKeyTable } from './dkim-keys.js';
import { DomainRecordTable } from './domain-records.js';
import { Domains } from './domains.js';
import { DueTimes } from './due-times.js';
import { IdempotencyTable } from './idempotency.js';
import { Gauges } from './gauges.js';
import { Leasing } from './leasing.js';
import { LateMessages } from './late-messages.js';
import { MailTable } from './mail.js';
import { Operations } from './operations.js';
import { Outbox } from './outbox.js';
import { Reading } from './reading.js';
import { Reports } from './reports.js';
import { Removal } from './retention.js';
import { SearchJournal } from './search-journal.js';
import { SessionTable, Settings } from './sessions.js';
import { Settlements } from './settlements.js';
import { StatisticsTable } from './statistics.js';
import { TagCounts } from './tag-counts.js';
import { TagUses } from './tag-uses.js';
import { TimeSpans } from './time-spans.js';
import type { Trash } from './trash.js';
import { WaitingRecipients } from './waiting.js';
import { WebhookCallTable } from './webhook-calls.js';
import { WebhookTable } from './webhooks.js';

/** Each part by its name. `access.ts` says what of it can be called from outside. */
export interface Parts {
  readonly domains: Domains;
  readonly reading: Reading;
  readonly leasing: Leasing;
  readonly dueTimes: DueTimes;
  readonly settlements: Settlements;
  readonly waiting: WaitingRecipients;
  readonly reports: Reports;
  readonly blocks: BlockEntries;
  readonly webhooks: WebhookTable;
  readonly dkimKeys: DkimKeyTable;
  readonly removal: Removal;
  readonly sessions: SessionTable;
  readonly settings: Settings;
  readonly idempotency: IdempotencyTable;
  readonly mail: MailTable;
  readonly operations: Operations;
  readonly statistics: StatisticsTable;
  readonly domainRecords: DomainRecordTable;
  readonly webhookCalls: WebhookCallTable;
  readonly searchJournal: SearchJournal;
  readonly tagCounts: TagCounts;
  readonly tagUses: TagUses;
}

type Method = (...args: never[]) => unknown;
/** The names of the methods of a part that can be called from outside. */
export type MethodOf<P extends keyof Parts> = keyof (typeof ACCESS)[P] & keyof Parts[P];
export type ArgumentsOf<P extends keyof Parts, M extends MethodOf<P>> = Parts[P][M] extends Method
  ? Parameters<Parts[P][M]>
  : never;
export type ResultOf<P extends keyof Parts, M extends MethodOf<P>> = Parts[P][M] extends Method
  ? ReturnType<Parts[P][M]>
  : never;

/** The objects that the intake shares with the parts: it writes to both in one transaction. */
export interface Followers {
  readonly outbox: Outbox;
  readonly reports: Reports;
  readonly idempotency: IdempotencyTable;
  readonly counters: Counters;
  readonly searchJournal: SearchJournal;
  readonly timeSpans: TimeSpans;
  readonly lateMessages: LateMessages;
}

export function openParts(database: Database, trash: Trash): Parts & Followers {
  const attempts = new Attempts(database);
  const blocks = new BlockEntries(database);
  const outbox = new Outbox(database);
  const reports = new Reports(database);
  const sessions = new SessionTable(database);
  const counters = new Counters(database);
  const domains = new Domains(database);
  const reading = new Reading(database);
  const waiting = new WaitingRecipients(database, attempts, outbox, counters);
  const gauges = new Gauges(database, counters);
  const removal = new Removal(database, trash, counters, gauges);
  const webhookCalls = new WebhookCallTable(database);
  const mail = new MailTable(database, reading, webhookCalls);
  return {
    domains,
    reading,
    leasing: new Leasing(database),
    dueTimes: new DueTimes(database),
    settlements: new Settlements(database, { attempts, blocks, outbox, reports, counters }),
    waiting,
    reports,
    blocks,
    webhooks: new WebhookTable(database),
    dkimKeys: new DkimKeyTable(database),
    removal,
    sessions,
    settings: new Settings(database, sessions),
    idempotency: new IdempotencyTable(database),
    mail,
    operations: new Operations(database, { mail, waiting, removal, counters }),
    statistics: new StatisticsTable(database, counters),
    domainRecords: new DomainRecordTable(database, domains, sessions, gauges),
    webhookCalls,
    counters,
    outbox,
    timeSpans: new TimeSpans(database),
    lateMessages: new LateMessages(database),
    searchJournal: new SearchJournal(database),
    tagCounts: new TagCounts(database, counters.journal),
    tagUses: new TagUses(database),
  };
}

/** Does one call inside whatever transaction is open. */
export function callPart(parts: Parts, part: keyof Parts, method: string, args: readonly unknown[]): unknown {
  // The types of `WorkerLink.ask` have seen to it that the part has the method and takes the arguments.
  const methods = parts[part] as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
  return methods[method]?.(...args);
}
