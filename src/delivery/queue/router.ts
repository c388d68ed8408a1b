import type { LeasedRecipient } from '../../store/queue.js';
import type { Consignment, Parcel } from './consignment.js';
import type { Health } from './circuit-breaker.js';
import type { Lanes } from './lanes.js';
import type { Outcome } from './shipping.js';
import type { Delivery, Transport } from '../transports/transport.js';

/** The reason for a message that no transport is configured for. */
const NO_WAY =
  'No transport is configured for this message: no rule of delivery.routes fits, and deliver is not set';

/** The deliveries of the last transport that was tried, by position; null if none was. */
export type LastWay = ReadonlyMap<number, Delivery> | null;

/**
 * Puts recipients into the lanes of their destinations: by the first transport whose destination is not out of order.
 */
export class Router {
  readonly #numbers = new Map<Transport, number>();

  /**
   * @param patience if a destination asks for a shorter pause than this, in milliseconds, its recipients wait in the
   * lane
   */
  constructor(
    private readonly lanes: Lanes<Parcel>,
    private readonly patience: number,
  ) {}

  /** Returns true if recipients of a destination should not wait in its lane for now. */
  turnsAway(health: Health, now: number): boolean {
    return health.rests(now) && !(health.wantsPeace && health.until - now < this.patience);
  }

  /**
   * @param way index of the first transport that may still be tried
   * @returns the recipients for which no transport remains, each with the delivery of the last one
   */
  route(
    consignment: Consignment,
    recipients: readonly LeasedRecipient[],
    way: number,
    last: LastWay,
    now: number,
  ): Outcome[] {
    const transport = consignment.ways[way];
    if (transport === undefined) return recipients.map((recipient) => stranded(recipient, last));
    const outcomes: Outcome[] = [];
    for (const [destination, group] of byDestination(transport, recipients)) {
      const lane = this.lanes.lane(`${this.#numberOf(transport)} ${destination}`);
      const { health } = lane;
      if (consignment.lease.hastened === true) health.wake(now);
      if (this.turnsAway(health, now)) {
        const outage = outageOf(health, group, last, now);
        // A destination that asks for a pause has answered for the message: no other transport is tried.
        const next = health.wantsPeace ? consignment.ways.length : way + 1;
        outcomes.push(...this.route(consignment, group, next, outage, now));
      } else {
        const domain = consignment.lease.domain.id;
        this.lanes.push(lane, { consignment, recipients: group, destination, way, domain, since: now });
      }
    }
    return outcomes;
  }

  /** A number for each transport, because two may have one name, such as the same API with two tokens. */
  #numberOf(transport: Transport): number {
    const number = this.#numbers.get(transport) ?? this.#numbers.size;
    this.#numbers.set(transport, number);
    return number;
  }
}

/**
 * Returns deliveries for recipients whose destination is out of order. The answer of an earlier transport says more,
 * so it is kept.
 */
function outageOf(
  health: Health,
  recipients: readonly LeasedRecipient[],
  last: LastWay,
  now: number,
): ReadonlyMap<number, Delivery> {
  return new Map(
    recipients.map(({ position }) => [
      position,
      last?.get(position) ?? untried(position, health.reason ?? '', health.until - now),
    ]),
  );
}

function stranded(recipient: LeasedRecipient, last: LastWay): Outcome {
  const { position } = recipient;
  const nowhere = { ...untried(position, NO_WAY, 0), transportFailed: false };
  return { recipient, delivery: last?.get(position) ?? nowhere };
}

/**
 * Returns a deferral without a try.
 *
 * @param retryAfter milliseconds
 */
function untried(position: number, reason: string, retryAfter: number): Delivery {
  return {
    position,
    outcome: 'deferred',
    reply: reason,
    enhancedCode: null,
    remoteHost: null,
    tls: null,
    retryAfter: Math.max(0, retryAfter),
    transportFailed: true,
  };
}

function byDestination(
  transport: Transport,
  recipients: readonly LeasedRecipient[],
): Map<string, LeasedRecipient[]> {
  const groups = new Map<string, LeasedRecipient[]>();
  for (const recipient of recipients) {
    const destination = destinationOf(transport, recipient.forwardPath);
    const group = groups.get(destination);
    if (group === undefined) groups.set(destination, [recipient]);
    else group.push(recipient);
  }
  return groups;
}

function destinationOf(transport: Transport, forwardPath: string): string {
  try {
    return transport.destination(forwardPath);
  } catch {
    // If the mailbox or the transport is wrong, the error is reported when the message is sent.
    return forwardPath;
  }
}
