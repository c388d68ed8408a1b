import { setMaxListeners } from 'node:events';
import type { Delivery, Shipment } from '../transport.js';
import { isLines } from './content.js';
import { envelopeFor, type Refusal } from './envelope.js';
import { Fault, NoWay } from './fault.js';
import type { Pool } from './pool.js';
import type { Verdict } from './reply.js';
import type { Session } from './session.js';

/** A way to one far side. */
export interface Way {
  pool(): Pool;
  open(signal: AbortSignal): Promise<Session>;
}

/**
 * Sends one shipment over a connection of the pool. One that turns out to be closed, as the far side may do
 * between two messages, is not held against the message: it goes over a new one.
 */
export async function ship(
  way: Way,
  shipment: Shipment,
  now: number,
  signal: AbortSignal,
): Promise<Delivery[]> {
  // One signal stops them all.
  setMaxListeners(0, signal);
  const unfit = await refusalOfContent(shipment);
  if (unfit !== null) return shipment.recipients.map(({ position }) => refused(position, unfit));
  for (let fresh = false; ; fresh = true) {
    const pool = way.pool();
    let session: Session;
    try {
      session = await pool.acquire((stop) => way.open(stop), signal, fresh);
    } catch (error) {
      const verdict = notSent(error);
      return shipment.recipients.map(({ position }) => ({
        position,
        ...verdict,
        remoteHost: null,
        tls: null,
      }));
    }
    try {
      const envelope = envelopeFor(shipment, session, now);
      const bounced = envelope.refused.map(({ recipient, refusal }) => refused(recipient.position, refusal));
      if (envelope.recipients.length === 0) return bounced;
      const { verdicts, stale } = await session.deliver(envelope, shipment);
      if (stale && !fresh && !signal.aborted) continue;
      const abilities = {
        notifies: session.extensions.has('DSN'),
        keepsTime: session.extensions.has('DELIVERBY'),
      };
      const facts = { remoteHost: session.host, tls: session.tls };
      const told = [...verdicts].map(([position, verdict]) => ({
        position,
        ...verdict,
        ...facts,
        ...(verdict.outcome === 'delivered' ? abilities : {}),
      }));
      return [...bounced, ...told];
    } finally {
      pool.release(session);
    }
  }
}

/**
 * RFC 3030 3: content without lines goes by BDAT alone, which is not spoken here. But much of what is declared
 * as such has lines all the same.
 */
async function refusalOfContent(shipment: Shipment): Promise<Refusal | null> {
  const { needs, terms } = shipment;
  if (needs !== null ? !needs.binary : terms.body !== 'BINARYMIME') return null;
  if (needs === null && (await isLines(shipment.content()))) return null;
  return {
    enhancedCode: '5.6.1',
    reason: 'the message is BINARYMIME and has no proper lines: it would have to be converted',
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

function notSent(error: unknown): Verdict {
  if (error instanceof NoWay) return error.verdict;
  if (!(error instanceof Fault)) {
    const reason = error instanceof Error ? error.message : String(error);
    return { outcome: 'deferred', reply: `not begun: ${reason}`, enhancedCode: null };
  }
  const { message: reply, enhancedCode } = error;
  return { outcome: 'deferred', reply, enhancedCode, transportFailed: true };
}
