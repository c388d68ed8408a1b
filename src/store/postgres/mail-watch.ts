/** Watchers of what happens to messages, also through other nodes. */
import type { MailChange, MailWatcher } from '../mail.js';
import { MailWatchers } from '../mail-watchers.js';
import type { Scope } from '../port.js';
import { readSignal } from './change-text.js';
import type { Connections } from './connections.js';
import { MailSender } from './mail-sender.js';
import type { Node } from './node.js';
import type { Signals } from './signals.js';

/** How often other nodes' changes are looked for, in milliseconds, while there are watchers. */
const LOOK_MS = 1000;
/** The other nodes learn that this one has watchers every so many looks. */
const WANT_LOOKS = 10;

const LOOK = { name: 'mail_look', text: 'SELECT slot, number FROM mail_change WHERE slot <> $1' };

/**
 * Changes through this node reach its watchers as they are, and so do those of other nodes, by signals with numbers. If a
 * number is missing, watchers learn that there was something: at the next signal, or within a second or so.
 */
export class MailWatch {
  readonly #connections: Connections;
  readonly #signals: Signals;
  readonly #node: Node;
  readonly #watchers = new MailWatchers();
  readonly #sender: MailSender;
  #timer: NodeJS.Timeout | null = null;
  #looks = 0;
  #endSignals: (() => void) | null = null;
  /** The last number of each node that the watchers know of. Null before the first look, and after one that failed. */
  #seen: Map<number, number> | null = null;
  #failed = false;

  constructor(connections: Connections, signals: Signals, node: Node) {
    this.#connections = connections;
    this.#signals = signals;
    this.#node = node;
    this.#sender = new MailSender(connections, signals, node);
  }

  /** This is a server from now on: it signals its changes only while others want them. */
  serve(): void {
    this.#sender.listen();
  }

  /** Returns the function that ends it. */
  add(scope: Scope, watcher: MailWatcher): () => void {
    const end = this.#watchers.add(scope, watcher);
    if (this.#timer === null) {
      this.#endSignals = this.#signals.onText((text) => {
        this.#receive(text);
      });
      this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
      void this.#look();
    }
    return () => {
      end();
      if (this.#watchers.isEmpty) this.#stop();
    };
  }

  /** Passes on what this node has done. */
  publish(changes: readonly MailChange[]): void {
    if (changes.length === 0) return;
    this.#watchers.publish(changes);
    this.#sender.add(changes);
  }

  /** This node has done something that is not known in detail. */
  miss(): void {
    this.#watchers.miss();
    this.#sender.miss();
  }

  async close(): Promise<void> {
    this.#stop();
    this.#watchers.end();
    await this.#sender.close();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#endSignals?.();
    this.#looks = 0;
    this.#seen = null;
    this.#failed = false;
  }

  #receive(text: string | null): void {
    const signal = text === null ? null : readSignal(text);
    const last = signal === null ? undefined : this.#seen?.get(signal.slot);
    if (signal === null || signal.changes === null || last === undefined || signal.number !== last + 1) {
      this.#watchers.miss();
    } else this.#watchers.publish(signal.changes);
    if (signal !== null) this.#see(signal.slot, signal.number);
  }

  #see(slot: number, number: number): void {
    this.#seen?.set(slot, Math.max(number, this.#seen.get(slot) ?? 0));
  }

  async #look(): Promise<void> {
    if (this.#looks++ % WANT_LOOKS === 0) this.#signals.send('watch');
    let rows: readonly { readonly slot: number; readonly number: number }[];
    try {
      ({ rows } = await this.#connections.run<{ slot: number; number: number }>(LOOK, [this.#node.slot]));
    } catch {
      this.#failed = true;
      return;
    }
    // The first look is asked for together with the watcher, so whatever its owner reads comes later.
    const isNew = rows.some(({ slot, number }) => number > (this.#seen?.get(slot) ?? 0));
    if (this.#failed || (this.#seen !== null && isNew)) this.#watchers.miss();
    this.#failed = false;
    this.#seen ??= new Map();
    for (const { slot, number } of rows) this.#see(slot, number);
  }
}
