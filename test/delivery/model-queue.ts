import { type MessageId, StoreError } from '../../src/store/port.js';
import type {
  Attempt,
  CapRequest,
  Fulfilment,
  Lease,
  LeaseRequest,
  OwedReport,
  Queue,
  Settlement,
  Waiting,
  WaitingQuery,
} from '../../src/store/queue.js';
import { settleMessage, type SettlementResult } from '../../src/store/settlement.js';
import { isWaiting, statusOf } from '../../src/store/status.js';
import {
  contentOf,
  dueOf,
  leaseOf,
  messageOf,
  type ModelContent,
  type ModelMessage,
  type ModelRecipient,
  type Queued,
  waitingOf,
  waitingRows,
} from './model-message.js';

/** What another server does with a message that it takes over: it also may deliver it to one recipient, and give it back. */
export type OtherServer = 'nothing' | 'leases' | 'gives back' | 'delivers';

/** The queue as its contract describes it, in the simplest form: the model that runners are compared with. */
export class ModelQueue implements Queue {
  readonly messages = new Map<MessageId, ModelMessage>();
  /** Names of calls that reject, as those of a full store do. */
  readonly broken = new Set<'lease' | 'settle' | 'nextDue' | 'giveBack' | 'renew'>();
  readonly calls = { lease: 0, settle: 0, nextDue: 0, giveBack: 0, renew: 0, capDue: 0 };
  readonly #now: () => number;
  #listeners = new Set<() => void>();
  #lastLease = 0;
  #served = 0;
  #period = 1;
  #isSilent = false;

  /** @param now the clock that decides which leases the operator sees */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Puts a message on the queue of which a test says little. */
  add(queued: Queued): MessageId {
    return this.put(contentOf(queued));
  }

  put(content: ModelContent): MessageId {
    const id = this.messages.size + 1;
    this.messages.set(id, messageOf(id, content));
    if (content.status === 'queued') this.#notify();
    return id;
  }

  /** Every recipient of every message. */
  get recipients(): ModelRecipient[] {
    return [...this.messages.values()].flatMap(({ recipients }) => [...recipients]);
  }

  /** Frees the leases of a server that is gone, so that any other server may take its messages. */
  dropLeases(): void {
    const attempted = [...this.messages.values()].filter(({ attempting }) => attempting !== null);
    for (const message of attempted) {
      const alone = attempted.length === 1 && message.attempting === 'begun';
      message.crashes = { count: message.crashes.count + 1, alone };
    }
    this.endLeases();
  }

  /** Does the same for a server that stopped in order, so that no attempt counts. */
  endLeases(): void {
    for (const message of this.messages.values()) {
      message.lease = null;
      message.attempting = null;
    }
    this.#listeners = new Set();
  }

  async lease({ now, until, limit, perDomain, contentOctets = -1 }: LeaseRequest): Promise<Lease[]> {
    this.#count('lease');
    const leases: Lease[] = [];
    const held = new Map<number, number>();
    for (const message of this.messages.values()) {
      const { domain, lease } = message;
      if (lease === null) continue;
      if (lease.until > now) held.set(domain.id, (held.get(domain.id) ?? 0) + 1);
      else if (waitingOf(message, now).length === 0) message.lease = null;
    }
    while (leases.length < limit) {
      const message = this.#next(now, perDomain, held);
      if (message === null) break;
      this.#served = message.domain.id;
      held.set(message.domain.id, (held.get(message.domain.id) ?? 0) + 1);
      message.lease = { number: ++this.#lastLease, until };
      leases.push({ lease: message.lease.number, until, ...leaseOf(message, now, contentOctets) });
      message.hastened = false;
    }
    return leases;
  }

  /**
   * The server stood still, so that others may have taken over from it.
   *
   * @param does says what another server does with the first messages that are leased; it does nothing with the rest
   */
  standStill(does: readonly OtherServer[] = []): void {
    this.#period++;
    this.#isSilent = true;
    const leased = [...this.messages.values()].filter(({ lease }) => lease !== null);
    for (const [at, message] of leased.entries()) {
      const done = does[at] ?? 'nothing';
      if (done === 'nothing') continue;
      if (message.attempting !== null) message.crashes = { count: message.crashes.count + 1, alone: false };
      message.attempting = null;
      message.lease = done === 'leases' ? { number: ++this.#lastLease, until: this.#now() + 60_000 } : null;
      if (done !== 'delivers') continue;
      const [recipient] = waitingOf(message, this.#now());
      if (recipient === undefined) continue;
      recipient.status = 'delivered';
      const reply = '250 2.0.0 Ok, said another server';
      const attempt = { at: this.#now(), remoteHost: null, reply, tls: null };
      recipient.attempts.push({ ...attempt, outcome: 'delivered' });
    }
  }

  period(): number | null {
    return this.#isSilent ? null : this.#period;
  }

  async renew(leases: readonly Lease[], until: number): Promise<readonly MessageId[]> {
    this.#count('renew');
    this.#isSilent = false;
    return leases.flatMap(({ id, lease }) => {
      const held = this.messages.get(id)?.lease;
      if (held?.number !== lease) return [];
      held.until = until;
      return [id];
    });
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
    const { changes, queue } = resultOf(message, lease, settlements, finished);
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
    this.calls.capDue++;
    let changed = 0;
    for (const message of this.messages.values()) {
      const { receivedAt, terms, lease } = message;
      if (lease !== null) lease.until = Math.min(lease.until, now + longest);
      for (const recipient of waitingOf(message)) {
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
    const waiting = [...this.messages.values()].filter((message) => waitingOf(message).length > 0);
    const due = waiting.map((message) => message.lease?.until ?? dueOf(message));
    return due.length === 0 ? null : Math.min(...due);
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly waiting = async ({ domain, after = 0, limit }: WaitingQuery): Promise<Waiting[]> =>
    [...this.messages.values()]
      .filter((message) => message.id > after && (domain === undefined || message.domain.name === domain))
      .map((message) => waitingRows(message, this.#now()))
      .filter((rows) => rows.length > 0)
      .slice(0, limit)
      .flat();

  readonly release = async (id: MessageId, now: number): Promise<number> => {
    const message = this.messages.get(id);
    const held = message?.recipients.filter(({ status }) => status === 'held') ?? [];
    if (message === undefined || held.length === 0) return 0;
    message.terms = { ...message.terms, releaseAt: now };
    for (const recipient of held) {
      recipient.status = 'queued';
      recipient.nextAttemptAt = now;
    }
    this.#notify();
    return held.length;
  };

  readonly retry = async (id: MessageId, now: number): Promise<number> => {
    const message = this.messages.get(id);
    if (message === undefined) return 0;
    const waiting = waitingOf(message);
    for (const recipient of waiting) recipient.nextAttemptAt = now;
    if (message.lease === null) message.hastened = true;
    this.#notify();
    return waiting.length;
  };

  async cancel(id: MessageId, now: number): Promise<number> {
    const given = (this.messages.get(id)?.recipients ?? []).filter(
      ({ status }) => isWaiting(status) || status === 'held',
    );
    for (const recipient of given) {
      recipient.status = 'cancelled';
      recipient.attempts.push({ at: now, outcome: 'cancelled', remoteHost: null, reply: '', tls: null });
      recipient.report = null;
    }
    return given.length;
  }

  async owedReports(limit: number): Promise<OwedReport[]> {
    const owed = [...this.messages.values()].filter(({ recipients }) =>
      recipients.some(({ report }) => report !== null),
    );
    return owed
      .slice(0, limit)
      .map(({ id, domain, reversePath, messageId, receivedAt, terms, recipients }) => ({
        ...{ id, domain, reversePath, messageId, receivedAt, terms },
        recipients: recipients.flatMap((recipient, position) => {
          const { forwardPath, notify, originalRecipient, report, attempts, status, nextAttemptAt } =
            recipient;
          const attempt = attempts.at(-1);
          if (report === null || attempt === undefined) return [];
          const next = isWaiting(status) ? nextAttemptAt : null;
          return [{ position, forwardPath, notify, originalRecipient, report, attempt, nextAttemptAt: next }];
        }),
      }));
  }

  async dropReports({ id, recipients }: Fulfilment): Promise<void> {
    for (const { position, report } of recipients) {
      const recipient = this.messages.get(id)?.recipients[position];
      if (recipient?.report === report) recipient.report = null;
    }
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  #count(call: 'lease' | 'settle' | 'nextDue' | 'giveBack' | 'renew'): void {
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
      (message) =>
        (message.lease === null || message.lease.until <= now) &&
        (held.get(message.domain.id) ?? 0) < perDomain &&
        waitingOf(message, now).length > 0,
    );
    const turn = (id: number): number => (id > this.#served ? id : id + 1_000_000);
    const rank = (message: ModelMessage): number[] => [
      turn(message.domain.id),
      -message.terms.priority,
      message.hastened ? 0 : 1,
      dueOf(message),
      message.id,
    ];
    return due.sort((a, b) => compare(rank(a), rank(b)))[0] ?? null;
  }
}

function resultOf(
  { reversePath, recipients, lease }: ModelMessage,
  settled: number,
  settlements: readonly Settlement[],
  finished: boolean,
): SettlementResult {
  const stored = {
    status: statusOf(recipients.map(({ status }) => status)),
    reversePath,
    recipients: recipients.map((recipient) => ({ ...recipient, attempts: recipient.attempts.length })),
    lease: recipients.some(({ status }) => isWaiting(status)) ? (lease?.number ?? null) : undefined,
  };
  const last = (position: number): Attempt | null => recipients[position]?.attempts.at(-1) ?? null;
  try {
    return settleMessage(stored, settled, settlements, finished, last);
  } catch (error) {
    if (error instanceof RangeError) throw new StoreError('failed', error.message, { cause: error });
    throw error;
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
