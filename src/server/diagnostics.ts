import { channel } from 'node:diagnostics_channel';
import type { Reply } from '../protocol/index.js';
import type { Observer, Session } from './handler.js';

/**
 * The channels of `node:diagnostics_channel` on which every server of the process publishes. A channel without a
 * subscriber costs a look at one property.
 */
const CHANNELS = {
  /** `{ session }`. */
  greeted: channel('postern:greeted'),
  /** `{ session, reply }`. */
  accepted: channel('postern:accepted'),
  /** `{ session, command, reply }`. */
  refused: channel('postern:refused'),
  /** `{ session, error }`. */
  error: channel('postern:error'),
  /** `{ remoteAddress, error }`. */
  turnedAway: channel('postern:turned-away'),
  /** `{ session, reason }`. */
  closed: channel('postern:closed'),
};

/** Publishes what happens. A subscriber that throws does not end the process: Node emits its error as uncaught. */
export const DIAGNOSTICS: Observer = {
  onGreeted(session: Session): void {
    if (CHANNELS.greeted.hasSubscribers) CHANNELS.greeted.publish({ session });
  },
  onAccepted(session: Session, reply: Reply): void {
    if (CHANNELS.accepted.hasSubscribers) CHANNELS.accepted.publish({ session, reply });
  },
  onRefused(session: Session, command: string, reply: Reply): void {
    if (CHANNELS.refused.hasSubscribers) CHANNELS.refused.publish({ session, command, reply });
  },
  onError(session: Session, error: Error): void {
    if (CHANNELS.error.hasSubscribers) CHANNELS.error.publish({ session, error });
  },
  onRefusedArrival(remoteAddress: string, error: Error): void {
    if (CHANNELS.turnedAway.hasSubscribers) CHANNELS.turnedAway.publish({ remoteAddress, error });
  },
  onClose(session: Session, reason: string): void {
    if (CHANNELS.closed.hasSubscribers) CHANNELS.closed.publish({ session, reason });
  },
};
