import type { LeasedRecipient } from '../../store/queue.js';
import type { LeasedMessage, DeliveryJob } from './leased-message.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { DestinationQueues } from './destination-queues.js';
import type { Outcome } from './shipping.js';
import type { Delivery, Transport } from '../transports/transport.js';

/** The reason for a message that no transport is configured for. */
const NO_TRANSPORT =
  'No transport is configured for this message: no rule of delivery.routes fits, and deliver is not set';

/** The deliveries of the last transport that was tried, by position; null if none was. */
export type LastDeliveries = ReadonlyMap<number, Delivery> | null;

/**
 * Puts recipients into the queues of their destinations: by the first transport whose destination is not out of order.
 */
export class Router {
  readonly #numbers = new Map<Transport, number>();

  /**
   * @param shortPause if a destination asks for a shorter pause than this, in milliseconds, its recipients wait in the
   * queue
   */
  constructor(
    private readonly queues: DestinationQueues<DeliveryJob>,
    private readonly shortPause: number,
  ) {}

  /** Returns true if recipients of a destination should not wait in its queue for now. */
  isPaused(breaker: CircuitBreaker, now: number): boolean {
    return breaker.isOpen(now) && !(breaker.requestedPause && breaker.until - now < this.shortPause);
  }

  /**
   * @param way index of the first transport that may still be tried
   * @returns the recipients for which no transport remains, each with the delivery of the last one
   */
  route(
    message: LeasedMessage,
    recipients: readonly LeasedRecipient[],
    way: number,
    last: LastDeliveries,
    now: number,
  ): Outcome[] {
    const transport = message.transports[way];
    if (transport === undefined) return recipients.map((recipient) => withoutTransport(recipient, last));
    const outcomes: Outcome[] = [];
    for (const [destination, group] of byDestination(transport, recipients)) {
      const queue = this.queues.queueOf(`${this.#numberOf(transport)} ${destination}`);
      const { breaker } = queue;
      if (message.lease.hastened === true) breaker.allowProbe(now);
      if (this.isPaused(breaker, now)) {
        const outage = outageOf(breaker, group, last, now);
        // A destination that asks for a pause has answered for the message: no other transport is tried.
        const next = breaker.requestedPause ? message.transports.length : way + 1;
        outcomes.push(...this.route(message, group, next, outage, now));
      } else {
        const domain = message.lease.domain.id;
        this.queues.push(queue, { message, recipients: group, destination, way, domain, since: now });
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
  breaker: CircuitBreaker,
  recipients: readonly LeasedRecipient[],
  last: LastDeliveries,
  now: number,
): ReadonlyMap<number, Delivery> {
  return new Map(
    recipients.map(({ position }) => [
      position,
      last?.get(position) ?? untried(position, breaker.reason ?? '', breaker.until - now),
    ]),
  );
}

function withoutTransport(recipient: LeasedRecipient, last: LastDeliveries): Outcome {
  const { position } = recipient;
  const nowhere = { ...untried(position, NO_TRANSPORT, 0), transportFailed: false };
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
