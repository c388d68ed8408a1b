/** Watchers of what happens to messages, also through other nodes. */
import type { MailChange, MailWatcher } from '../mail.js';
import { MailWatchers } from '../mail-watchers.js';
import type { Scope } from '../port.js';
import type { Connections } from './connections.js';
import type { Signals } from './signals.js';

/** How often other nodes' changes are looked for, in milliseconds, while there are watchers. */
const LOOK_MS = 1000;
/** Changes of so many milliseconds are noted for other nodes in one go. */
const NOTE_MS = 250;

const NOTE = {
  name: 'mail_note',
  text: `INSERT INTO mail_change AS kept (slot, number) VALUES ($1, 1)
    ON CONFLICT (slot) DO UPDATE SET number = kept.number + 1`,
};
const LOOK = {
  name: 'mail_look',
  text: 'SELECT coalesce(sum(number), 0)::int8 AS number FROM mail_change WHERE slot <> $1',
};

/**
 * Changes through this node reach its watchers as they are. If another node has changed something, watchers only learn that
 * there was something: soon by a signal, and within a second or so without.
 */
export class MailWatch {
  readonly #connections: Connections;
  readonly #signals: Signals;
  readonly #slot: number;
  readonly #watchers = new MailWatchers();
  #timer: NodeJS.Timeout | null = null;
  #endSignals: (() => void) | null = null;
  /** Undefined before the first look; null if the last one failed, so that changes may have been overlooked. */
  #number: number | null | undefined;
  #noting: NodeJS.Timeout | null = null;
  #noted: Promise<void> | null = null;

  constructor(connections: Connections, signals: Signals, slot: number) {
    this.#connections = connections;
    this.#signals = signals;
    this.#slot = slot;
  }

  /** Returns the function that ends it. */
  add(scope: Scope, watcher: MailWatcher): () => void {
    const end = this.#watchers.add(scope, watcher);
    this.#endSignals ??= this.#signals.on('mail', () => {
      this.#watchers.miss();
    });
    if (this.#timer === null) {
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
    this.#tellOthers();
  }

  /** This node has done something that is not known in detail. */
  miss(): void {
    this.#watchers.miss();
    this.#tellOthers();
  }

  async close(): Promise<void> {
    this.#stop();
    this.#watchers.end();
    if (this.#noting !== null) {
      clearTimeout(this.#noting);
      this.#note();
    }
    await this.#noted;
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#endSignals?.();
    this.#endSignals = null;
    this.#number = undefined;
  }

  #tellOthers(): void {
    this.#signals.send('mail');
    this.#noting ??= setTimeout(() => {
      this.#note();
    }, NOTE_MS).unref();
  }

  #note(): void {
    this.#noting = null;
    // If it fails, the next change is noted.
    this.#noted = this.#connections.run(NOTE, [this.#slot]).then(
      () => undefined,
      () => undefined,
    );
  }

  async #look(): Promise<void> {
    let number: number;
    try {
      const { rows } = await this.#connections.run<{ number: number }>(LOOK, [this.#slot]);
      number = rows[0]?.number ?? 0;
    } catch {
      this.#number = null;
      return;
    }
    // The first look is asked for together with the watcher, so whatever its owner reads comes later.
    if (this.#number !== undefined && number !== this.#number) this.#watchers.miss();
    this.#number = number;
  }
}
