import type { DeliveryTerms, Domain, MessageId, NotifyEvent, Status } from '../../src/store/port.js';
import type {
  Attempt,
  CapRequest,
  Lease,
  LeaseRequest,
  OwedReport,
  Queue,
  ReportKind,
  Settlement,
  Waiting,
} from '../../src/store/queue.js';
import { settleMessage } from '../../src/store/settlement.js';
import { statusOf } from '../../src/store/status.js';
import { NO_TERMS } from '../store/fixtures.js';

/** A message that a test puts on the queue. */
export interface Queued {
  readonly domain: Domain;
  readonly to: readonly string[];
  readonly reversePath?: string;
  readonly notify?: readonly NotifyEvent[] | null;
  readonly tags?: readonly string[];
  readonly terms?: Partial<DeliveryTerms>;
  readonly receivedAt: number;
}

export interface ModelRecipient {
  readonly forwardPath: string;
  status: Status;
  nextAttemptAt: number;
  attempts: Attempt[];
  delayReported: boolean;
  report: ReportKind | null;
  blocked: boolean;
}

interface ModelMessage extends Required<Omit<Queued, 'to' | 'terms'>> {
  readonly id: MessageId;
  readonly terms: DeliveryTerms;
  readonly recipients: ModelRecipient[];
  lease: { readonly number: number; until: number } | null;
  hastened: boolean;
  attempting: 'begun' | 'lasts' | null;
  crashes: { count: number; alone: boolean };
}

/** The queue as its contract describes it, in the simplest form: the model that runners are compared with. */
export class ModelQueue implements Queue {
  readonly messages = new Map<MessageId, ModelMessage>();
  /** Names of calls that reject, as those of a full store do. */
  readonly broken = new Set<'lease' | 'settle' | 'nextDue' | 'giveBack'>();
  readonly calls = { lease: 0, settle: 0, nextDue: 0, giveBack: 0, renew: 0 };
  #listeners = new Set<() => void>();
  #lastLease = 0;
  #served = 0;

  add({ to, terms, ...message }: Queued): MessageId {
    const id = this.messages.size + 1;
    const due = Math.max(message.receivedAt, terms?.releaseAt ?? 0);
    this.messages.set(id, {
      reversePath: 'bounces@example.com',
      notify: null,
      tags: [],
      ...message,
      id,
      terms: { ...NO_TERMS, ...terms },
      recipients: to.map((forwardPath) => ({
        forwardPath,
        status: 'queued',
        nextAttemptAt: due,
        attempts: [],
        delayReported: false,
        report: null,
        blocked: false,
      })),
      lease: null,
      hastened: false,
      attempting: null,
      crashes: { count: 0, alone: false },
    });
    for (const listener of this.#listeners) listener();
    return id;
  }

  /** Every recipient of every message. */
  get recipients(): ModelRecipient[] {
    return [...this.messages.values()].flatMap(({ recipients }) => recipients);
  }

  /** Frees the leases of a server that is gone, so that any other server may take its messages. */
  dropLeases(): void {
    const attempted = [...this.messages.values()].filter(({ attempting }) => attempting !== null);
    for (const message of attempted) {
      const alone = attempted.length === 1 && message.attempting === 'begun';
      message.crashes = { count: message.crashes.count + 1, alone };
      message.attempting = null;
    }
    for (const message of this.messages.values()) message.lease = null;
    this.#listeners = new Set();
  }

  async lease({ now, until, limit, perDomain }: LeaseRequest): Promise<Lease[]> {
    this.#count('lease');
    const leases: Lease[] = [];
    const held = new Map<number, number>();
    for (const { domain, lease } of this.messages.values()) {
      if (lease !== null && lease.until > now) held.set(domain.id, (held.get(domain.id) ?? 0) + 1);
    }
    while (leases.length < limit) {
      const message = this.#next(now, perDomain, held);
      if (message === null) break;
      this.#served = message.domain.id;
      held.set(message.domain.id, (held.get(message.domain.id) ?? 0) + 1);
      message.lease = { number: ++this.#lastLease, until };
      leases.push(leaseOf(message, message.lease.number, now, until));
      message.hastened = false;
    }
    return leases;
  }

  async renew(leases: readonly Lease[], until: number): Promise<void> {
    this.calls.renew++;
    for (const { id, lease } of leases) {
      const held = this.messages.get(id)?.lease;
      if (held?.number === lease) held.until = until;
    }
  }

  async begin(leases: readonly Lease[]): Promise<void> {
    for (const { id, lease } of leases) {
      const message = this.#get(id);
      if (message.lease?.number === lease) message.attempting ??= 'begun';
    }
  }

  async lasts({ id, lease }: Lease): Promise<void> {
    const message = this.#get(id);
    if (message.lease?.number === lease && message.attempting !== null) message.attempting = 'lasts';
  }

  async settle({ id, lease }: Lease, settlements: readonly Settlement[], finished: boolean): Promise<void> {
    this.#count('settle');
    const message = this.#get(id);
    const current = message.lease?.number === lease;
    const { changes, queue } = settleMessage(
      {
        status: statusOf(message.recipients.map(({ status }) => status)),
        reversePath: message.reversePath,
        recipients: message.recipients.map((recipient) => ({
          ...recipient,
          attempts: recipient.attempts.length,
        })),
        lease: message.recipients.some(isWaiting) ? (message.lease?.number ?? null) : undefined,
      },
      lease,
      settlements,
      finished,
      (position) => message.recipients[position]?.attempts.at(-1) ?? null,
    );
    for (const { position, status, attempt, nextAttemptAt, delayReported, report, block } of changes) {
      const recipient = message.recipients[position];
      if (recipient === undefined) continue;
      recipient.status = status;
      recipient.attempts.push(attempt);
      recipient.nextAttemptAt = nextAttemptAt ?? attempt.at;
      recipient.delayReported = delayReported;
      recipient.report = report === 'drop' ? null : (report ?? recipient.report);
      recipient.blocked ||= block;
    }
    if (queue === 'keep') return;
    message.lease = null;
    if (!current) return;
    message.attempting = null;
    message.crashes = { count: 0, alone: false };
  }

  async giveBack({ id, lease }: Lease, at: number): Promise<void> {
    this.#count('giveBack');
    const message = this.#get(id);
    if (message.lease?.number !== lease) return;
    message.lease = null;
    message.attempting = null;
    for (const recipient of message.recipients) {
      recipient.nextAttemptAt = Math.max(recipient.nextAttemptAt, at);
    }
  }

  async capDue({ now, longest }: CapRequest): Promise<number> {
    let changed = 0;
    for (const { recipients, receivedAt, terms, lease } of this.messages.values()) {
      if (lease !== null) lease.until = Math.min(lease.until, now + longest);
      for (const recipient of recipients.filter(isWaiting)) {
        const { nextAttemptAt, attempts } = recipient;
        const held = attempts.length === 0 && (terms.releaseAt ?? 0) > now;
        const basis = attempts.at(-1)?.at ?? receivedAt;
        const isWrong = nextAttemptAt > now + longest || (basis > now && nextAttemptAt >= basis);
        if (nextAttemptAt <= now || held || !isWrong) continue;
        const gap = attempts.length === 0 ? 0 : Math.max(0, nextAttemptAt - basis);
        recipient.nextAttemptAt = now + Math.min(gap, longest);
        changed++;
      }
    }
    return changed;
  }

  async nextDue(): Promise<number | null> {
    this.#count('nextDue');
    const due = [...this.messages.values()].flatMap((message) => {
      const waiting = message.recipients.filter(isWaiting).map(({ nextAttemptAt }) => nextAttemptAt);
      return waiting.length === 0 ? [] : [message.lease?.until ?? Math.min(...waiting)];
    });
    return due.length === 0 ? null : Math.min(...due);
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async waiting(): Promise<Waiting[]> {
    throw new Error('not part of the model');
  }

  async release(): Promise<number> {
    throw new Error('not part of the model');
  }

  async retry(id: MessageId, now: number): Promise<number> {
    const message = this.#get(id);
    const waiting = message.recipients.filter(isWaiting);
    for (const recipient of waiting) recipient.nextAttemptAt = now;
    if (message.lease === null) message.hastened = true;
    for (const listener of this.#listeners) listener();
    return waiting.length;
  }

  async cancel(id: MessageId): Promise<number> {
    const waiting = this.#get(id).recipients.filter(isWaiting);
    for (const recipient of waiting) recipient.status = 'cancelled';
    return waiting.length;
  }

  async owedReports(): Promise<OwedReport[]> {
    throw new Error('not part of the model');
  }

  async dropReports(): Promise<void> {
    throw new Error('not part of the model');
  }

  #count(call: 'lease' | 'settle' | 'nextDue' | 'giveBack'): void {
    this.calls[call]++;
    if (this.broken.has(call)) throw new Error(`the store is full: ${call}`);
  }

  #get(id: MessageId): ModelMessage {
    const message = this.messages.get(id);
    if (message === undefined) throw new Error(`there is no message ${id}`);
    return message;
  }

  /** Returns the message that is due, of the domain whose turn it is. */
  #next(now: number, perDomain: number, held: ReadonlyMap<number, number>): ModelMessage | null {
    const due = [...this.messages.values()].filter(
      ({ domain, lease, recipients }) =>
        (lease === null || lease.until <= now) &&
        (held.get(domain.id) ?? 0) < perDomain &&
        recipients.some((recipient) => isWaiting(recipient) && recipient.nextAttemptAt <= now),
    );
    const turn = (id: number): number => (id > this.#served ? id : id + 1_000_000);
    const rank = (message: ModelMessage): number[] => [
      turn(message.domain.id),
      -message.terms.priority,
      Math.min(...message.recipients.filter(isWaiting).map(({ nextAttemptAt }) => nextAttemptAt)),
      message.id,
    ];
    return due.sort((a, b) => compare(rank(a), rank(b)))[0] ?? null;
  }
}

function isWaiting({ status }: ModelRecipient): boolean {
  return status === 'queued' || status === 'deferred';
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

function leaseOf(message: ModelMessage, lease: number, now: number, until: number): Lease {
  const { id, domain, reversePath, tags, receivedAt, terms, notify, recipients } = message;
  return {
    lease,
    id,
    domain,
    reversePath,
    from: 'app@example.com',
    tags,
    messageId: `<${id}@example.com>`,
    size: 100,
    receivedAt,
    terms,
    needs: null,
    recipients: recipients.flatMap((recipient, position) =>
      isWaiting(recipient) && recipient.nextAttemptAt <= now
        ? [
            {
              position,
              forwardPath: recipient.forwardPath,
              notify,
              originalRecipient: null,
              attempts: recipient.attempts.length,
              delayReported: recipient.delayReported,
            },
          ]
        : [],
    ),
    until,
    ...(message.hastened ? { hastened: true } : {}),
    ...(message.crashes.count > 0 ? { crashes: { ...message.crashes } } : {}),
  };
}
