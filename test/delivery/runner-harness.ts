import { onTestFinished, vi } from 'vitest';
import { Runner, type RunnerOptions } from '../../src/delivery/queue/runner.js';
import type { Delivery, Shipment, Transport } from '../../src/delivery/transports/transport.js';
import type { Domain } from '../../src/store/port.js';
import type { LeasedRecipient } from '../../src/store/queue.js';
import { ModelQueue } from './model-queue.js';

export const NOON = Date.UTC(2026, 0, 1, 12);
export const CAPS = { workers: 8, perDestination: 4, perDomain: 6 };
export const RETRY = {
  base: 60_000,
  max: 2 * 3_600_000,
  expireAfter: 48 * 3_600_000,
  delayAfter: 4 * 3_600_000,
};

export const A: Domain = { id: 1, name: 'a.example', createdAt: 0 };
export const B: Domain = { id: 2, name: 'b.example', createdAt: 0 };

/** The answer of a test transport for one recipient. */
export type Answer = Partial<Delivery> & Pick<Delivery, 'outcome'>;

/** Decides for one recipient. A promise takes its time; a rejection breaks the contract of transports. */
export type Behaviour = (recipient: LeasedRecipient, shipment: Shipment) => Answer | Promise<Answer>;

export const DELIVERED: Answer = { outcome: 'delivered', reply: '250 2.0.0 Ok' };
export const DEFERRED: Answer = { outcome: 'deferred', reply: '451 4.3.0 Later' };
export const BOUNCED: Answer = { outcome: 'bounced', reply: '550 5.1.1 Who?' };
export const UNREACHABLE: Answer = { outcome: 'deferred', reply: 'no route to host', transportFailed: true };

/**
 * A transport that answers as the test orders, and records its shipments. Destinations are the domains of recipients.
 */
export class ScriptedTransport implements Transport {
  readonly shipments: Shipment[] = [];
  active = 0;
  most = 0;
  /** The most shipments under way at one time, by destination and by sending domain. */
  readonly mostOf = new Map<string, number>();
  readonly #activeOf = new Map<string, number>();

  constructor(
    readonly name: string,
    public behave: Behaviour,
  ) {}

  /** Mailboxes in the order in which they were tried. */
  get tried(): string[] {
    return this.shipments.flatMap(({ recipients }) => recipients.map(({ forwardPath }) => forwardPath));
  }

  destination(forwardPath: string): string {
    return forwardPath.slice(forwardPath.lastIndexOf('@') + 1);
  }

  async send(shipment: Shipment): Promise<readonly Delivery[]> {
    this.shipments.push(shipment);
    const counted = [
      this.destination(shipment.recipients[0]?.forwardPath ?? ''),
      `from ${shipment.domain.name}`,
    ];
    this.most = Math.max(this.most, ++this.active);
    for (const name of counted) this.#count(name, 1);
    try {
      return await Promise.all(
        shipment.recipients.map(async (recipient) => ({
          position: recipient.position,
          reply: '',
          enhancedCode: null,
          remoteHost: 'far.example',
          tls: null,
          ...(await this.behave(recipient, shipment)),
        })),
      );
    } finally {
      this.active--;
      for (const name of counted) this.#count(name, -1);
    }
  }

  async close(): Promise<void> {}

  #count(name: string, change: number): void {
    const active = (this.#activeOf.get(name) ?? 0) + change;
    this.#activeOf.set(name, active);
    this.mostOf.set(name, Math.max(this.mostOf.get(name) ?? 0, active));
  }
}

/** Sets a fake clock at noon, which moves only when a test moves it. */
export function useFakeClock(): void {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
    now: NOON,
  });
  onTestFinished(() => void vi.useRealTimers());
}

/** Moves the clock forward, and runs everything that becomes due. */
export async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

/** Returns an answer after so many milliseconds. */
export function later(milliseconds: number, answer: Answer): Promise<Answer> {
  return new Promise((resolve) => setTimeout(() => resolve(answer), milliseconds));
}

/**
 * A queue, a runner over it, and the notifications of the runner. The runner starts at once and stops after the test.
 */
export class RunnerHarness {
  readonly notifications: string[] = [];
  readonly runner: Runner;

  constructor(
    readonly ways: readonly Transport[],
    readonly queue = new ModelQueue(),
    options: Partial<RunnerOptions> = {},
  ) {
    this.runner = new Runner({
      queue,
      outgoingOf: ({ size }) => ({
        size,
        async *content() {
          yield Buffer.from('Subject: x\r\n\r\nHello\r\n');
        },
      }),
      transportsOf: () => ways,
      caps: CAPS,
      retry: RETRY,
      random: () => 0,
      observer: {
        onOutcome: ({ id }, { position }, { attempt }, quiet) => {
          if (!quiet) this.notifications.push(`${id}/${position} ${attempt.outcome}: ${attempt.reply}`);
        },
        onOutage: ({ destination }, reason) =>
          this.notifications.push(`${destination} is out of order: ${reason}`),
        onRecovery: ({ destination }) => this.notifications.push(`${destination} works again`),
        onUnreadable: ({ id }, error) =>
          this.notifications.push(
            `${id} cannot be read: ${error instanceof Error ? error.message : 'thrown'}`,
          ),
        onFault: (what, error) =>
          this.notifications.push(`${what}: ${error instanceof Error ? error.message : 'thrown'}`),
      },
      ...options,
    });
    this.runner.start();
    onTestFinished(async () => {
      const stopped = this.runner.stop(0);
      if (vi.isFakeTimers()) await pass(1);
      await stopped;
    });
  }

  /** Counts the recipients by status. */
  get statuses(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { status } of this.queue.recipients) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }
}

/** Adds so many messages of a domain, each to one recipient at `host`. */
export function flood(queue: ModelQueue, domain: Domain, count: number, host: string): void {
  for (let n = 0; n < count; n++) {
    queue.add({ domain, to: [`${domain.name}-${n}@${host}`], receivedAt: Date.now() });
  }
}
