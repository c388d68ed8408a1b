/** A simple model of the queue, and commands that run on it and on a store, by one or several nodes. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Domain, Store } from '../../src/store/port.js';
import type { AttemptOutcome, Lease } from '../../src/store/queue.js';
import { attempt, queued, RECEIVED } from './contract-queue.js';

type Waiting = 'queued' | 'deferred';
interface ModelRecipient {
  status: Waiting | Exclude<AttemptOutcome, 'deferred'>;
  next: number;
  attempts: number;
}
interface ModelMessage {
  readonly recipients: ModelRecipient[];
  /** When it may be leased, unless it has a lease. */
  due: number;
  lease: { readonly number: number; readonly node: number; until: number } | null;
}

export interface Model {
  now: number;
  readonly messages: Map<number, ModelMessage>;
  /** Each lease that was ever given out. */
  readonly leases: Lease[];
}

export interface Nodes {
  readonly stores: Store[];
  readonly domains: readonly Domain[];
  /** Ends a node in order and starts another one in its place. */
  restart(node: number): Promise<void>;
}

type Command = fc.AsyncCommand<Model, Nodes>;

const isWaiting = ({ status }: ModelRecipient) => status === 'queued' || status === 'deferred';
const waitingOf = ({ recipients }: ModelMessage) => recipients.filter(isWaiting);
const leastNext = (message: ModelMessage) => Math.min(...waitingOf(message).map(({ next }) => next));
const dueOf = (message: ModelMessage) => message.lease?.until ?? message.due;

/** Ends the lease, if there is one: the message is due when its recipients are. */
function free(message: ModelMessage): void {
  message.lease = null;
  message.due = leastNext(message);
}

/** Picks one of some items by any number. */
function pick<T>(items: readonly T[], which: number): T | undefined {
  return items[which % Math.max(1, items.length)];
}

abstract class Step implements Command {
  constructor(
    readonly node: number,
    readonly text: string,
  ) {}

  check(): boolean {
    return true;
  }

  async run(model: Model, nodes: Nodes): Promise<void> {
    model.now += 1;
    const store = pick(nodes.stores, this.node);
    if (store !== undefined) await this.act(model, store, nodes);
    const due = [...model.messages.values()].filter((message) => waitingOf(message).length > 0).map(dueOf);
    // Any node says the same.
    const other = pick(nodes.stores, this.node + 1);
    expect(await other?.queue.nextDue()).toBe(due.length === 0 ? null : Math.min(...due));
  }

  abstract act(model: Model, store: Store, nodes: Nodes): Promise<void>;

  toString(): string {
    return `node ${this.node}: ${this.text}`;
  }

  /** Compares the statuses of a message with those of the store. */
  protected async compare(model: Model, store: Store, id: number): Promise<void> {
    const stored = (await store.message(id))?.recipients ?? [];
    const expected = model.messages.get(id)?.recipients ?? [];
    expect(stored.map(({ status, attempts }) => [status, attempts.length])).toEqual(
      expected.map(({ status, attempts }) => [status, attempts]),
    );
  }
}

class Accept extends Step {
  constructor(
    node: number,
    readonly domain: number,
    readonly recipients: number,
  ) {
    super(node, `accept ${recipients} recipients`);
  }

  async act(model: Model, store: Store, { domains }: Nodes): Promise<void> {
    const domain = pick(domains, this.domain);
    if (domain === undefined) return;
    const { now } = model;
    const id = await queued(store, domain, { receivedAt: now }, this.recipients);
    const recipient = () => ({ status: 'queued', next: now, attempts: 0 }) as const;
    const recipients: ModelRecipient[] = Array.from({ length: this.recipients }, recipient);
    model.messages.set(id, { recipients, due: now, lease: null });
  }
}

class Take extends Step {
  constructor(
    node: number,
    readonly duration: number,
  ) {
    super(node, `lease for ${duration}`);
  }

  async act(model: Model, store: Store, { stores }: Nodes): Promise<void> {
    const { now, messages } = model;
    const until = now + this.duration;
    const leases = await store.queue.lease({ now, until, limit: 1000, perDomain: 1000 });
    const expected = new Map<number, number[]>();
    for (const [id, message] of messages) {
      if (waitingOf(message).length === 0 || dueOf(message) > now) continue;
      const due = message.recipients.flatMap((recipient, position) =>
        isWaiting(recipient) && recipient.next <= now ? [position] : [],
      );
      if (due.length > 0) expected.set(id, due);
      else free(message);
    }
    const given = leases.map(
      ({ id, recipients }) => [id, recipients.map(({ position }) => position)] as const,
    );
    expect(new Map(given)).toEqual(expected);
    expect(given).toHaveLength(expected.size);
    for (const lease of leases) {
      expect(model.leases.map((old) => old.lease)).not.toContain(lease.lease);
      model.leases.push(lease);
      const message = messages.get(lease.id);
      if (message !== undefined) {
        message.lease = { number: lease.lease, node: this.node % stores.length, until };
      }
    }
  }
}

class Settle extends Step {
  constructor(
    node: number,
    readonly which: number,
    readonly outcomes: readonly (AttemptOutcome | null)[],
    readonly gap: number,
    readonly finished: boolean,
  ) {
    super(node, `settle lease ${which}: ${outcomes.join()} ${finished ? 'finished' : ''}`);
  }

  async act(model: Model, store: Store): Promise<void> {
    const lease = pick(model.leases, this.which);
    const message = model.messages.get(lease?.id ?? 0);
    if (lease === undefined || message === undefined) return;
    const { now } = model;
    const isCurrent = message.lease?.number === lease.lease;
    const settlements = message.recipients.flatMap((_, position) => {
      const outcome = this.outcomes[position] ?? null;
      if (outcome === null) return [];
      const nextAttemptAt = outcome === 'deferred' ? now + this.gap : null;
      return [{ position, attempt: attempt(outcome, now), nextAttemptAt, report: null, block: false }];
    });
    await store.queue.settle(lease, settlements, this.finished);
    for (const { position, attempt: made } of settlements) {
      const recipient = message.recipients[position];
      if (recipient === undefined || !isWaiting(recipient)) continue;
      if (made.outcome !== 'delivered' && !isCurrent) continue;
      recipient.status = made.outcome;
      recipient.attempts += 1;
      if (made.outcome === 'deferred') recipient.next = now + this.gap;
    }
    if (message.lease === null || (isCurrent && this.finished)) free(message);
    await this.compare(model, store, lease.id);
  }
}

class Return extends Step {
  constructor(
    node: number,
    readonly which: number,
    readonly gap: number,
  ) {
    super(node, `give lease ${which} back for ${gap}`);
  }

  async act(model: Model, store: Store): Promise<void> {
    const lease = pick(model.leases, this.which);
    if (lease === undefined) return;
    const at = model.now + this.gap;
    await store.queue.giveBack(lease, at);
    const message = model.messages.get(lease.id);
    if (message?.lease?.number !== lease.lease) return;
    for (const recipient of waitingOf(message)) recipient.next = Math.max(recipient.next, at);
    free(message);
  }
}

class Renew extends Step {
  constructor(
    node: number,
    readonly which: number,
    readonly duration: number,
  ) {
    super(node, `renew lease ${which} for ${duration}`);
  }

  async act(model: Model, store: Store): Promise<void> {
    const lease = pick(model.leases, this.which);
    if (lease === undefined) return;
    const until = model.now + this.duration;
    const renewed = await store.queue.renew([lease], until);
    const message = model.messages.get(lease.id);
    const held = message?.lease;
    if (message === undefined || held?.number !== lease.lease) {
      expect(renewed, 'it is stale').toEqual([]);
      return;
    }
    held.until = until;
    // A message that a stale lease has delivered is on the queue no more.
    expect(renewed, 'it is held').toEqual(waitingOf(message).length > 0 ? [lease.id] : []);
  }
}

class ByHand extends Step {
  constructor(
    node: number,
    readonly operation: 'cancel' | 'retry',
    readonly which: number,
  ) {
    super(node, `${operation} message ${which}`);
  }

  async act(model: Model, store: Store): Promise<void> {
    const { now } = model;
    const [id, message] = pick([...model.messages], this.which) ?? [];
    if (id === undefined || message === undefined) return;
    const waiting = waitingOf(message);
    expect(await store.queue[this.operation](id, now)).toBe(waiting.length);
    for (const recipient of waiting) {
      if (this.operation === 'retry') recipient.next = now;
      else {
        recipient.status = 'cancelled';
        recipient.attempts += 1;
      }
    }
    if (this.operation === 'cancel') message.lease = null;
    else if (message.lease === null) message.due = 0;
    await this.compare(model, store, id);
  }
}

class Pass extends Step {
  constructor(readonly duration: number) {
    super(0, `${duration} ms pass`);
  }

  act(model: Model): Promise<void> {
    model.now += this.duration;
    return Promise.resolve();
  }
}

class Restart extends Step {
  constructor(node: number) {
    super(node, 'restart');
  }

  async act(model: Model, _: Store, nodes: Nodes): Promise<void> {
    const node = this.node % nodes.stores.length;
    await nodes.restart(node);
    for (const message of model.messages.values()) if (message.lease?.node === node) free(message);
  }
}

const node = fc.nat(2);
const which = fc.nat(30);
const time = fc.integer({ min: 1, max: 50 });
const outcomes = fc.array(
  fc.constantFrom<(AttemptOutcome | null)[]>('delivered', 'deferred', 'bounced', null),
  { minLength: 1, maxLength: 3 },
);

const COMMANDS = [
  fc.tuple(node, fc.nat(2), fc.integer({ min: 1, max: 3 })).map((args) => new Accept(...args)),
  fc.tuple(node, time).map((args) => new Take(...args)),
  fc.tuple(node, time).map((args) => new Take(...args)),
  fc.tuple(node, which, outcomes, time, fc.boolean()).map((args) => new Settle(...args)),
  fc.tuple(node, which, outcomes, time, fc.boolean()).map((args) => new Settle(...args)),
  fc.tuple(node, which, time).map((args) => new Return(...args)),
  fc.tuple(node, which, time).map((args) => new Renew(...args)),
  fc
    .tuple(node, fc.constantFrom('cancel' as const, 'retry' as const), which)
    .map((args) => new ByHand(...args)),
  time.map((duration) => new Pass(duration)),
];
/** A restart is as rare as it is slow. */
const ALL_COMMANDS = [...COMMANDS, ...COMMANDS, node.map((which) => new Restart(which))];

/** Runs commands on the nodes. After each, the queue is what the model says. */
export async function checkQueueModel(nodes: Nodes, runs: number): Promise<void> {
  let now = RECEIVED;
  await fc.assert(
    fc.asyncProperty(fc.commands(ALL_COMMANDS, { maxCommands: 60, size: 'max' }), async (commands) => {
      const model: Model = { now, messages: new Map(), leases: [] };
      try {
        await fc.asyncModelRun(() => ({ model, real: nodes }), commands);
      } finally {
        now = model.now + 1000;
        for (const id of model.messages.keys()) await nodes.stores[0]?.queue.cancel(id, now);
      }
    }),
    { numRuns: runs },
  );
}
