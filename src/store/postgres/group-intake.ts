/**
 * Group commit: the messages that come in while one group is being stored go with the next one.
 *
 *     waiting ──► one statement ──► stored │ refused │ unknown ──► fence ──► stored │ never stored
 *
 * There is one connection for groups: with more of them groups are smaller, which costs more than it gains.
 */
import { StoreError } from '../port.js';
import type { Intake, NewCommit } from '../intake/draft.js';
import type { BufferPool } from '../intake/buffers.js';
import type { DatabaseClock } from './clock.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { operationError, OutcomeUnknown } from './errors.js';
import { isAboutOne, LostContent, storeGroup } from './group.js';
import { KnownDomains } from './known-domains.js';
import type { Node } from './node.js';
import type { OnCommit } from './on-commit.js';
import { markIntake } from './overlap.js';
import type { TimeSpans } from './time-spans.js';

/** Octets of one group at most, so that no message waits long for large ones. */
const GROUP_OCTETS = 4 * 1024 * 1024;
const GROUP_MESSAGES = 500;
/** How long to ask for an unknown outcome before the client is answered, and the gap between two tries, in ms. */
const FENCE_MS = 30_000;
const FENCE_GAP_MS = 100;

/**
 * Decides the fate of a group whose statement may still be running somewhere. If its row is there, the group is stored.
 * If it is not, the row of the fence keeps the group from ever being stored. The row is written in any case, so that a
 * synchronous standby has what came before it, too.
 */
const FENCE = {
  name: 'fence',
  text: `INSERT INTO accept_group AS kept (id, fenced) VALUES ($1, true)
    ON CONFLICT (id) DO UPDATE SET fenced = kept.fenced RETURNING fenced`,
};
/** One round trip. The commit's own sync covers the chunks before it, so they wait for none. */
const chunk = (name: string, upload: string) => ({
  name,
  text: `WITH quick AS (SELECT set_config('synchronous_commit', 'off', true)), upload_row AS (${upload})
    INSERT INTO chunk (message_id, sequence, octets) SELECT $1::int8, $2, $3 FROM quick, upload_row`,
});
const FIRST_CHUNK = chunk(
  'chunk_first',
  'INSERT INTO upload (message_id, slot) VALUES ($1, $4) RETURNING message_id',
);
const NEXT_CHUNK = chunk('chunk_next', 'SELECT 1 FROM upload WHERE message_id = $1 FOR KEY SHARE');
const DISCARD = {
  name: 'upload_discard',
  text: `WITH given AS (DELETE FROM upload WHERE message_id = $1 RETURNING message_id)
    DELETE FROM chunk USING given WHERE chunk.message_id = given.message_id`,
};

interface Waiting {
  readonly commit: NewCommit;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

/** The objects that the intake shares with the other parts of the store. */
interface IntakeParts {
  readonly connections: Connections;
  readonly buffers: BufferPool;
  readonly node: Node;
  readonly clock: DatabaseClock;
  readonly spans: TimeSpans;
}

interface IntakeOptions {
  /** How long a client waits for an unknown outcome, in milliseconds. Default: {@link FENCE_MS}. */
  readonly outcomeTime?: number | undefined;
  /** Called for each group that was stored. */
  readonly onCommit?: OnCommit | undefined;
}

export class GroupIntake implements Intake {
  readonly #connections: Connections;
  readonly #buffers: BufferPool;
  readonly #node: Node;
  readonly #outcomeTime: number;
  readonly #clock: DatabaseClock;
  readonly #spans: TimeSpans;
  #waiting: Waiting[] = [];
  #connection: Connection | null = null;
  #domains = new KnownDomains();
  #running: Promise<void> | null = null;
  /** Groups whose outcome is being found out. New ones do not wait for them: each has a fence of its own. */
  readonly #unknown = new Set<Promise<void>>();
  readonly #onCommit: IntakeOptions['onCommit'];
  /** The last chunk of each message that is under way: chunks are written in order. */
  readonly #chunks = new Map<number, Promise<void>>();
  #closed = false;

  constructor(
    { connections, buffers, node, clock, spans }: IntakeParts,
    { outcomeTime = FENCE_MS, onCommit }: IntakeOptions = {},
  ) {
    this.#outcomeTime = outcomeTime;
    this.#onCommit = onCommit;
    this.#connections = connections;
    this.#buffers = buffers;
    this.#node = node;
    this.#clock = clock;
    this.#spans = spans;
  }

  commit(commit: NewCommit): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commit, resolve, reject });
      // At the end of the turn: what comes in with it goes with it.
      this.#running ??= new Promise(setImmediate).then(() => this.#run());
    });
  }

  chunk(id: number, sequence: number, octets: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    const before = this.#chunks.get(id) ?? Promise.resolve();
    const written = before.then(() => this.#writeChunk(id, sequence, octets));
    this.#chunks.set(id, written);
    return written.finally(() => {
      this.#buffers.give([octets.buffer]);
      if (this.#chunks.get(id) === written) this.#chunks.delete(id);
    });
  }

  async discard(id: number): Promise<void> {
    await this.#chunks.get(id)?.catch(() => undefined);
    await this.#connections.run(DISCARD, [id]);
  }

  /** Stores everything that was given to it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    await Promise.all(this.#unknown);
    await Promise.allSettled(this.#chunks.values());
    await this.#connection?.close();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      // A message whose chunks are not all written waits for them here, and so does its group.
      await Promise.allSettled(group.flatMap(({ commit }) => this.#chunks.get(commit.id) ?? []));
      await this.#store(group);
      for (const { commit } of group) {
        if (commit.content !== null) this.#buffers.give([commit.content.buffer]);
      }
    }
    this.#running = null;
  }

  #takeGroup(): Waiting[] {
    let octets = 0;
    let count = 0;
    for (const { commit } of this.#waiting) {
      octets += commit.content?.length ?? 0;
      if (count > 0 && (octets > GROUP_OCTETS || count >= GROUP_MESSAGES)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #store(group: readonly Waiting[]): Promise<void> {
    let id: number;
    try {
      id = this.#node.ids.next();
    } catch (error) {
      for (const { reject } of group) reject(operationError(error, this.#connections.place));
      return;
    }
    const commits = group.map(({ commit }) => commit);
    try {
      const connection = await this.#connected();
      await this.#domains.check(connection, commits);
      await this.#spans.add(connection, commits);
      const start = performance.now();
      await storeGroup(connection, id, commits, this.#clock);
      this.#onCommit?.({ writes: commits.length, duration: performance.now() - start });
    } catch (error) {
      if (error instanceof OutcomeUnknown) {
        const resolving = this.#resolve(id, group, error);
        this.#unknown.add(resolving);
        void resolving.finally(() => this.#unknown.delete(resolving));
        return;
      }
      if (group.length > 1 && isAboutOne(error)) {
        // Nothing of the group is stored. Each message alone: one that is refused takes no other with it.
        for (const each of group) await this.#store([each]);
        return;
      }
      const failure = operationError(error, this.#connections.place);
      for (const { reject } of group) reject(failure);
      return;
    }
    for (const { resolve } of group) resolve();
  }

  async #resolve(id: number, group: readonly Waiting[], failure: OutcomeUnknown): Promise<void> {
    const end = performance.now() + this.#outcomeTime;
    while (performance.now() < end) {
      try {
        const { rows } = await this.#connections.run<{ fenced: boolean }>(FENCE, [id]);
        if (rows[0]?.fenced === false) for (const { resolve } of group) resolve();
        else for (const { reject } of group) reject(failure);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, FENCE_GAP_MS));
      }
    }
    for (const { reject } of group) reject(failure);
  }

  async #connected(): Promise<Connection> {
    if (this.#connection?.isLost === false) return this.#connection;
    const connection = await this.#connections.openForGroups();
    await markIntake(connection);
    this.#domains = new KnownDomains();
    return (this.#connection = connection);
  }

  async #writeChunk(id: number, sequence: number, octets: Uint8Array): Promise<void> {
    const values = [id, sequence, Buffer.from(octets)];
    const { count } =
      sequence === 0
        ? await this.#connections.run(FIRST_CHUNK, [...values, this.#node.slot])
        : await this.#connections.run(NEXT_CHUNK, values);
    if (count === 0) throw new LostContent();
  }
}

function closed(): StoreError {
  return new StoreError('closed', 'the store has been closed');
}
