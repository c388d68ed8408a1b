/** Removes the rows of groups that nobody asks about any more: see `group-intake.ts`. */
import { idOfTime } from '../intake/ids.js';
import type { DatabaseClock } from './clock.js';
import type { Connections } from './connections.js';

const LOOK_MS = 600_000;
const HOUR_MS = 3_600_000;
/**
 * A group that is fenced must never be stored. Its statement may wait in a server process that was stopped, so its row
 * stays for much longer than those of stored groups.
 */
const FENCED_MS = 30 * 24 * HOUR_MS;

const REMOVE = {
  name: 'fences_remove',
  text: 'DELETE FROM accept_group WHERE id < $1 AND (NOT fenced OR id < $2)',
};

export class Fences {
  readonly #connections: Connections;
  readonly #clock: DatabaseClock;
  readonly #timer: NodeJS.Timeout;
  #removing: Promise<unknown> = Promise.resolve();

  constructor(connections: Connections, clock: DatabaseClock) {
    this.#connections = connections;
    this.#clock = clock;
    this.#timer = setInterval(() => {
      // If it fails, the next look does it.
      this.#removing = this.removeOld(Date.now()).catch(() => undefined);
    }, LOOK_MS).unref();
  }

  /** @param now on the node's clock */
  async removeOld(now: number): Promise<number> {
    const time = this.#clock.toDatabase(now);
    const values = [idOfTime(time - HOUR_MS), idOfTime(time - FENCED_MS)];
    return (await this.#connections.run(REMOVE, values)).count;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#removing;
  }
}
