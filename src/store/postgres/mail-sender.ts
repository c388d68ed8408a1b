/** Sends this node's changes of messages to the others. */
import { STORE } from '../limits.js';
import type { MailChange } from '../mail.js';
import { changeTexts, signalText } from './change-text.js';
import type { Connections } from './connections.js';
import type { Node } from './node.js';
import type { Signals } from './signals.js';

/** Changes of so many milliseconds go in one signal. */
const GATHER_MS = 50;
/** Signals of so many milliseconds are noted in one go. */
const NOTE_MS = 250;
/** How long changes are sent after a node has said that it has watchers, in milliseconds: it says so more often. */
const WANTED_MS = 30_000;

const NOTE = {
  name: 'mail_note',
  text: `INSERT INTO mail_change AS kept (slot, number) VALUES ($1, $2)
    ON CONFLICT (slot) DO UPDATE SET number = greatest(kept.number, excluded.number)`,
};

/**
 * Numbers the changes of this node, signals them if another node has watchers, and notes the last number in a table. Who
 * finds a number there that no signal had knows that it has missed something.
 */
export class MailSender {
  readonly #connections: Connections;
  readonly #signals: Signals;
  readonly #node: Node;
  #gathered: MailChange[] = [];
  #missed = false;
  #gathering: NodeJS.Timeout | null = null;
  #sending: Promise<void> = Promise.resolve();
  /** Ids rise, so the numbers are greater than those of an earlier node with the slot. */
  #number: number | null = null;
  #noting: NodeJS.Timeout | null = null;
  #noted: Promise<void> = Promise.resolve();
  /** A command does not listen to what others want, and has little to tell. */
  #wantedUntil = Infinity;
  #endSignals: (() => void) | null = null;
  #closed = false;

  constructor(connections: Connections, signals: Signals, node: Node) {
    this.#connections = connections;
    this.#signals = signals;
    this.#node = node;
  }

  /** Signals changes only while another node has watchers. Called by a server, which changes much. */
  listen(): void {
    const want = (): void => {
      this.#wantedUntil = performance.now() + WANTED_MS;
    };
    this.#endSignals ??= this.#signals.on('watch', want);
    want();
  }

  add(changes: readonly MailChange[]): void {
    if (this.#gathered.length + changes.length > STORE.changes.initial) this.#missed = true;
    else this.#gathered.push(...changes);
    this.#gather();
  }

  /** This node has done something that is not known in detail. */
  miss(): void {
    this.#missed = true;
    this.#gather();
  }

  /** Sends the rest. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#endSignals?.();
    if (this.#gathering !== null) {
      clearTimeout(this.#gathering);
      this.#send();
    }
    await this.#sending;
    if (this.#noting !== null) {
      clearTimeout(this.#noting);
      this.#note();
    }
    await this.#noted;
  }

  #gather(): void {
    if (this.#closed) return;
    this.#gathering ??= setTimeout(() => {
      this.#send();
    }, GATHER_MS).unref();
  }

  #send(): void {
    this.#gathering = null;
    const texts = this.#missed ? [null] : changeTexts(this.#gathered);
    this.#gathered = [];
    this.#missed = false;
    const isWanted = performance.now() < this.#wantedUntil;
    // One after the other, so that the numbers come in their order.
    this.#sending = this.#sending.then(async () => {
      for (const text of isWanted ? texts : [null]) {
        this.#number = (this.#number ?? this.#node.ids.next()) + 1;
        if (isWanted) await this.#signals.sendText(signalText(this.#node.slot, this.#number, text));
      }
      this.#noting ??= setTimeout(() => {
        this.#note();
      }, NOTE_MS).unref();
    });
  }

  #note(): void {
    this.#noting = null;
    // If it fails, the next change is noted.
    this.#noted = this.#connections.run(NOTE, [this.#node.slot, this.#number]).then(
      () => undefined,
      () => undefined,
    );
  }
}
