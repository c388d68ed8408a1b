/**
 * Signals between nodes, by NOTIFY: something of a kind has changed. They are hints. They come after the commit and from
 * another connection, at most one in {@link GATHER_MS}: a NOTIFY in the transaction that accepts halves its speed with 8
 * connections, since PostgreSQL lets one commit after the other then. If a signal is lost, polling finds the change.
 */
import { Listeners } from '../listeners.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';

/** `queue`: mail may be due; `watch`: a node wants to know of changes of messages. */
export type SignalKind = 'queue' | 'watch';

/** Begins a word of a signal that is not a kind. */
const TEXT = 'changes=';
const GATHER_MS = 20;
/** How soon to connect again after the connection was lost, in milliseconds. */
const AGAIN_MS = 1000;

/** Two installations in schemas of one database have tables of their own, so they do not wake each other. */
const CHANNEL = `'postern_' || 'message'::regclass::oid`;
const NAME = { name: 'channel_name', text: `SELECT ${CHANNEL} AS channel` };
/** A signal is a hint, so its commit need not wait for a disk or a standby, as those of messages do meanwhile. */
const NOTIFY = {
  name: 'notify',
  text: `SELECT set_config('synchronous_commit', 'off', true), pg_notify(${CHANNEL}, $1)`,
};

export class Signals {
  readonly #connections: Connections;
  readonly #name: string;
  readonly #listeners = new Map<SignalKind, Listeners>();
  readonly #textListeners = new Set<(text: string | null) => void>();
  readonly #sending = new Set<SignalKind>();
  #timer: NodeJS.Timeout | null = null;
  #connection: Connection | null = null;
  #connecting: Promise<void> | null = null;
  #closed = false;

  /** @param name of this node, which no other one has: it does not listen to its own signals */
  constructor(connections: Connections, name: string) {
    this.#connections = connections;
    this.#name = name;
  }

  /** Calls the listener for signals of other nodes, and if some may have been missed. Returns a function that ends it. */
  on(kind: SignalKind, listener: () => void): () => void {
    let listeners = this.#listeners.get(kind);
    if (listeners === undefined) {
      listeners = new Listeners();
      this.#listeners.set(kind, listeners);
    }
    const end = listeners.add(listener);
    if (!this.#closed) this.#connecting ??= this.#connect();
    return end;
  }

  /** Calls the listener with what other nodes {@link sendText}; with null if some may have been missed. Returns what ends it. */
  onText(listener: (text: string | null) => void): () => void {
    // One listener given twice is two.
    const own = (text: string | null): void => listener(text);
    this.#textListeners.add(own);
    if (!this.#closed) this.#connecting ??= this.#connect();
    return () => void this.#textListeners.delete(own);
  }

  /**
   * Sends a text to the other nodes at once. Never rejects: they do not learn that it failed.
   *
   * @param text less than 7,900 octets, without spaces
   */
  async sendText(text: string): Promise<void> {
    await this.#connections.run(NOTIFY, [`${this.#name} ${TEXT}${text}`]).catch(() => undefined);
  }

  /** Signals the other nodes, soon. */
  send(kind: SignalKind): void {
    if (this.#closed) return;
    this.#sending.add(kind);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      const kinds = [...this.#sending];
      this.#sending.clear();
      // A failure is for the polling of the others.
      this.#connections.run(NOTIFY, [`${this.#name} ${kinds.join(' ')}`]).catch(() => undefined);
    }, GATHER_MS).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#connecting;
    await this.#connection?.close();
  }

  async #connect(): Promise<void> {
    try {
      const connection = await this.#connections.open();
      this.#connection = connection;
      connection.onEnd(() => {
        this.#connection = null;
        this.#connectAgain();
      });
      const { rows } = await connection.run<{ channel: string }>(NAME);
      await connection.listen(rows[0]?.channel ?? '', (payload) => {
        this.#receive(payload);
      });
      for (const listeners of this.#listeners.values()) listeners.notify();
      for (const listener of this.#textListeners) listener(null);
    } catch {
      if (this.#connection === null) this.#connectAgain();
    }
  }

  #connectAgain(): void {
    if (this.#closed) return;
    setTimeout(() => {
      if (!this.#closed) this.#connecting = this.#connect();
    }, AGAIN_MS).unref();
  }

  #receive(payload: string): void {
    const [name, ...kinds] = payload.split(' ');
    if (name === this.#name) return;
    for (const kind of kinds) {
      if (!kind.startsWith(TEXT)) this.#listeners.get(kind as SignalKind)?.notify();
      else for (const listener of this.#textListeners) listener(kind.slice(TEXT.length));
    }
  }
}
