import { setMaxListeners } from 'node:events';
import type { ContentNeeds } from '../../../store/port.js';
import type { Pool } from './pool.js';
import { needsOf } from '../../needs.js';
import type { Delivery, Shipment } from '../transport.js';
import { envelopeFor, type Refusal } from './envelope.js';
import { SetupError, DestinationError } from './errors.js';
import type { ReplyResult } from './reply.js';
import type { Session } from './session.js';

/** SMTP has no place for the key. */
type Unkeyed = Omit<Shipment, 'idempotencyKey'>;

/** The connections to one destination. */
interface Destination {
  pool(): Pool<Session>;
  /**
   * Opens a connection to a server of the destination.
   *
   * @param tried hosts that were tried before, by the name that {@link Session.host} has; empty at first
   */
  open(signal: AbortSignal, tried: ReadonlySet<string>): Promise<Session>;
  /** Whether the destination has more than one server to try. */
  readonly hasMoreServers: boolean;
}

/**
 * Sends one shipment over connections of the pool. A server may close a connection between two messages. If that
 * happened, the message goes over a new connection, and the loss does not count as a failure of the message.
 *
 * If there are several servers, a recipient goes on to the next one as long as nothing is decided and the message was
 * not sent (RFC 5321 5.1): after 4yz to MAIL, RCPT or DATA, and after a connection that was lost before the final dot.
 * It does not go on after 5yz, nor after the final dot.
 */
export async function sendShipment(
  destination: Destination,
  asked: Shipment,
  now: number,
  signal: AbortSignal,
): Promise<Delivery[]> {
  // All shipments listen to one signal, so their number is not a sign of a leak.
  setMaxListeners(0, signal);
  const needs = await needsOf(asked);
  const { binary } = needs;
  let shipment = copyOf(asked, needs, asked.recipients);
  const deliveries = new Map<number, Delivery>();
  const tried = new Set<string>();
  for (let fresh = false; ;) {
    const pool = destination.pool();
    let session: Session;
    try {
      session = await pool.acquire(
        (stop) => destination.open(stop, tried),
        signal,
        ({ host }) => !fresh && !tried.has(host),
      );
    } catch (error) {
      if (tried.size === 0) {
        for (const { position } of shipment.recipients) deliveries.set(position, notSent(position, error));
      }
      return [...deliveries.values()];
    }
    try {
      const envelope = envelopeFor(shipment, session, now, binary);
      // Only the extensions of the first server can refuse a recipient; a server that is tried later cannot.
      if (tried.size === 0) {
        for (const { recipient, refusal } of envelope.refused) {
          deliveries.set(recipient.position, refused(recipient.position, refusal));
        }
      }
      if (envelope.recipients.length === 0) return [...deliveries.values()];
      const { answers, stale } = await session.deliver(envelope, shipment, binary);
      if (stale && !fresh && !signal.aborted) {
        fresh = true;
        pool.drop();
        continue;
      }
      for (const [position, { result: verdict }] of answers) {
        deliveries.set(position, delivery(position, verdict, session));
      }
      const open = shipment.recipients.filter(
        ({ position }) => answers.get(position)?.mayTryNextServer === true,
      );
      if (!destination.hasMoreServers || open.length === 0 || signal.aborted) return [...deliveries.values()];
      shipment = copyOf(asked, needs, open);
      tried.add(session.host);
      fresh = false;
    } finally {
      pool.release(session);
    }
  }
}

/**
 * Returns what a server gets to see of a shipment. Its properties are copied one by one, because a spread would compute
 * the key for repetitions, which is a hash.
 */
function copyOf(asked: Unkeyed, needs: ContentNeeds, recipients: Shipment['recipients']): Unkeyed {
  const { id, domain, reversePath, from, tags, messageId, receivedAt, terms, size, whole, isHeld } = asked;
  return {
    id,
    domain,
    reversePath,
    recipients,
    from,
    tags,
    messageId,
    receivedAt,
    terms,
    needs,
    size,
    whole,
    isHeld,
    content: () => asked.content(),
  };
}

function delivery(position: number, verdict: ReplyResult, { host, tls, extensions }: Session): Delivery {
  return {
    position,
    ...verdict,
    remoteHost: host,
    tls,
    ...(verdict.outcome === 'delivered'
      ? { notifies: extensions.has('DSN'), keepsTime: extensions.has('DELIVERBY') }
      : {}),
  };
}

function refused(position: number, { enhancedCode, reason }: Refusal): Delivery {
  return {
    position,
    outcome: 'bounced',
    reply: `${enhancedCode} ${reason}`,
    enhancedCode,
    remoteHost: null,
    tls: null,
  };
}

function notSent(position: number, error: unknown): Delivery {
  return { position, ...resultOfError(error), remoteHost: null, tls: null };
}

function resultOfError(error: unknown): ReplyResult {
  if (error instanceof DestinationError) return error.result;
  if (!(error instanceof SetupError)) {
    const reason = error instanceof Error ? error.message : String(error);
    return { outcome: 'deferred', reply: `not begun: ${reason}`, enhancedCode: null };
  }
  const { message: reply, enhancedCode } = error;
  return { outcome: 'deferred', reply, enhancedCode, transportFailed: true };
}
