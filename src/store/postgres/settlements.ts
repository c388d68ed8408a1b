/**
 * Settlements by group: those that come in while one group is being written go with the next one.
 *
 *     waiting ──► the rules decide on what the lease has read ──► one statement compares, and writes
 *                                                                    │ a message has changed meanwhile
 *     the others ──► lock the messages ──► read them ──► the rules decide ──► one statement writes ──► commit
 */
import { StoreError } from '../port.js';
import type { Settlement } from '../queue.js';
import { settleMessage } from '../settlement.js';
import { MessageChanges } from './changes.js';
import type { DatabaseClock } from './clock.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { isAboutData, isRefusal, operationError } from './errors.js';
import type { LeasedMessages } from './leased-messages.js';
import type { LeaseName } from './leasing.js';
import { type LockedMessage, lockMessages } from './locked.js';
import type { OnCommit } from './on-commit.js';

/** Messages of one group at most: a transaction stays short. */
const GROUP_MESSAGES = 500;

interface Work {
  readonly id: number;
  /** The message as it was when it was leased, if that is all that is needed. */
  readonly leased: LockedMessage | null;
  /** @throws RangeError if it asks for something that the message does not have; nothing is changed then */
  readonly apply: (message: LockedMessage, changes: MessageChanges) => void;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

export class Settlements {
  readonly #connections: Connections;
  readonly #clock: DatabaseClock;
  readonly #leased: LeasedMessages;
  #waiting: Work[] = [];
  #connection: Connection | null = null;
  #running: Promise<void> | null = null;

  readonly #onCommit: OnCommit | undefined;

  constructor(
    connections: Connections,
    clock: DatabaseClock,
    leased: LeasedMessages,
    onCommit: OnCommit | undefined,
  ) {
    this.#onCommit = onCommit;
    this.#connections = connections;
    this.#clock = clock;
    this.#leased = leased;
  }

  settle({ id, lease }: LeaseName, settlements: readonly Settlement[], finished: boolean): Promise<void> {
    const leased = finished ? this.#leased.take(lease, settlements) : null;
    return this.#add(id, leased, (message, changes) => {
      settle(
        message,
        lease,
        settlements.map((each) => this.#onDatabaseClock(each)),
        finished,
        changes,
      );
    });
  }

  giveBack({ id, lease }: LeaseName, at: number): Promise<void> {
    // Converted now: the clock may be put back before it is written.
    const due = this.#clock.toDatabase(at);
    return this.#add(id, null, (message, changes) => {
      if (message.lease === lease) giveBack(message, due, changes);
    });
  }

  /** Writes everything that was given to it. */
  async close(): Promise<void> {
    await this.#running;
    await this.#connection?.close();
  }

  #onDatabaseClock(settlement: Settlement): Settlement {
    const { attempt, nextAttemptAt } = settlement;
    if (attempt.outcome !== 'deferred') return settlement;
    const gap = (nextAttemptAt ?? attempt.at) - attempt.at;
    return { ...settlement, nextAttemptAt: this.#clock.dueAfter(attempt.at, gap) };
  }

  #add(id: number, leased: LockedMessage | null, apply: Work['apply']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, leased, apply, resolve, reject });
      // At the end of the turn: what comes in with it goes with it.
      this.#running ??= new Promise(setImmediate).then(() => this.#run());
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const left = await this.#writeLeased(this.#takeGroup());
      if (left.length > 0) await this.#write(left);
    }
    this.#running = null;
  }

  /** A message is in a group once: what is done to it second sees what the first has written. */
  #takeGroup(): Work[] {
    const group = new Map<number, Work>();
    const later: Work[] = [];
    for (const work of this.#waiting) {
      if (group.has(work.id) || group.size >= GROUP_MESSAGES) later.push(work);
      else group.set(work.id, work);
    }
    this.#waiting = later;
    return [...group.values()];
  }

  /** Writes what needs nothing but what the leases have read. Returns the rest. */
  async #writeLeased(group: readonly Work[]): Promise<readonly Work[]> {
    const left: Work[] = [];
    const works: Work[] = [];
    const messages: LockedMessage[] = [];
    const changes = new MessageChanges(this.#clock);
    for (const work of group) {
      if (work.leased === null) left.push(work);
      else {
        work.apply(work.leased, changes);
        messages.push(work.leased);
        works.push(work);
      }
    }
    if (works.length === 0) return left;
    try {
      if (this.#connection?.isLost !== false) this.#connection = await this.#connections.openForGroups();
      const start = performance.now();
      await changes.write(this.#connection, messages);
      this.#onCommit?.({ writes: works.length, duration: performance.now() - start });
    } catch (error) {
      // Nothing is written: a message has changed, or it is about one of them. Then each is looked at.
      if (isRefusal(error)) return group;
      const failure = operationError(error, this.#connections.place);
      for (const { reject } of works) reject(failure);
      return left;
    }
    for (const { resolve } of works) resolve();
    return left;
  }

  async #write(group: readonly Work[]): Promise<void> {
    const refused = new Map<Work, StoreError>();
    const start = performance.now();
    try {
      await this.#connections.transaction(async (connection) => {
        refused.clear();
        const messages = await lockMessages(
          connection,
          group.map(({ id }) => id),
        );
        const changes = new MessageChanges(this.#clock);
        for (const work of group) {
          // The message may have been removed because of its age.
          const message = messages.get(work.id);
          const error = message === undefined ? null : tried(() => work.apply(message, changes));
          if (error !== null) refused.set(work, refusalOf(work.id, error));
        }
        await changes.write(connection);
      });
      this.#onCommit?.({ writes: group.length, duration: performance.now() - start });
    } catch (error) {
      if (group.length > 1 && error instanceof StoreError && isAboutData(error.cause)) {
        for (const each of group) await this.#write([each]);
        return;
      }
      const failure = operationError(error, this.#connections.place);
      for (const { reject } of group) reject(failure);
      return;
    }
    for (const work of group) {
      const error = refused.get(work);
      if (error === undefined) work.resolve();
      else work.reject(error);
    }
  }
}

function tried(work: () => void): RangeError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof RangeError) return error;
    throw error;
  }
}

function refusalOf(id: number, error: RangeError): StoreError {
  return new StoreError('failed', `message ${id}: ${error.message}`, { cause: error });
}

/** @throws RangeError */
function settle(
  message: LockedMessage,
  lease: number,
  settlements: readonly Settlement[],
  finished: boolean,
  changes: MessageChanges,
): void {
  const { id, domainId, recipients } = message;
  const result = settleMessage(
    message,
    lease,
    settlements,
    finished,
    (position) => recipients[position]?.lastAttempt ?? null,
  );
  for (const change of result.changes) {
    const { position, attempts, attempt, report, nextAttemptAt } = change;
    changes.recipient(id, position, change);
    changes.attempt(message, position, attempts, attempt);
    if (report === 'drop') changes.forget(id, position);
    else if (report !== null) changes.owe(id, position, report, attempts, nextAttemptAt);
    if (change.block) {
      changes.block(domainId, recipients[position]?.forwardPath ?? '', attempt.at, attempt.reply);
    }
  }
  changes.status(message, result.status);
  changes.settled(message, result.changes);
  if (result.queue === 'remove') changes.dequeue(message);
  else if (result.queue !== 'keep') changes.free(message, result.queue, true);
}

/** @param at on the database's clock */
function giveBack(message: LockedMessage, at: number, changes: MessageChanges): void {
  let due: number | null = null;
  for (const recipient of message.recipients) {
    const { position, nextAttemptAt } = recipient;
    if (nextAttemptAt === null) continue;
    const next = Math.max(nextAttemptAt, at);
    if (next > nextAttemptAt) changes.recipient(message.id, position, { ...recipient, nextAttemptAt: next });
    due = Math.min(due ?? next, next);
  }
  if (due === null) changes.dequeue(message);
  else changes.free(message, due, false);
}
