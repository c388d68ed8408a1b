/** Which of several hosts to connect to: the one that takes writes, found soon even if others do not answer. */
import type { StoreError } from '../port.js';
import type { Host } from './address.js';
import { operationError } from './errors.js';

/** How long the hosts asked so far may take before the next one is asked, too, in milliseconds. */
const NEXT_MS = 250;

export class Hosts {
  /** The one that was found last is the first. */
  #order: readonly Host[];

  constructor(hosts: readonly Host[]) {
    this.#order = hosts;
  }

  /**
   * Asks one host after the other, without waiting long for one that does not answer. The first that can be opened is it.
   *
   * @param open opens a connection to a host
   * @param drop closes one that came too late
   * @throws what `worst` returns of the errors of all hosts, which are in the order in which they came
   */
  async find<T>(
    open: (host: Host) => Promise<T>,
    drop: (late: T) => void,
    worst: (errors: readonly StoreError[]) => StoreError,
  ): Promise<T> {
    const hosts = this.#order;
    const errors: StoreError[] = [];
    return new Promise((resolve, reject) => {
      let asked = 0;
      let isOver = false;
      let timer: NodeJS.Timeout | undefined;
      const askNext = (): void => {
        clearTimeout(timer);
        const host = hosts[asked];
        if (host === undefined) return;
        asked++;
        timer = setTimeout(askNext, NEXT_MS);
        open(host).then(
          (opened) => {
            if (isOver) {
              drop(opened);
              return;
            }
            isOver = true;
            clearTimeout(timer);
            this.#order = [host, ...this.#order.filter((other) => other !== host)];
            resolve(opened);
          },
          (error: unknown) => {
            errors.push(operationError(error, host.host));
            if (isOver) return;
            askNext();
            if (errors.length < hosts.length) return;
            clearTimeout(timer);
            reject(worst(errors));
          },
        );
      };
      askNext();
    });
  }
}
