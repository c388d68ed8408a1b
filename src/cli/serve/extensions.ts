import type { Config } from '../../config/index.js';
import type { OptionalExtensions } from '../../protocol/index.js';

/** The extensions that the configuration names, with what it allows of each. */
export function extensionsOf({ smtp }: Pick<Config, 'smtp'>): Partial<OptionalExtensions> {
  const { extensions, maxHold, minDeliverBy, priorityPolicy } = smtp;
  const named = new Set(extensions);
  return {
    // What is announced has whole seconds: never more than is given, never less than is asked.
    deliverBy: named.has('DELIVERBY') && { minimum: Math.ceil(minDeliverBy / 1000) },
    futureRelease: named.has('FUTURERELEASE') && {
      maxInterval: Math.floor(maxHold / 1000),
      now: Date.now,
    },
    mtPriority: named.has('MT-PRIORITY') && (priorityPolicy === null ? {} : { policy: priorityPolicy }),
    requireTls: named.has('REQUIRETLS'),
  };
}
