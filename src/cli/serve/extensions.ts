import type { Config } from '../../config/index.js';
import type { OptionalExtensions } from '../../protocol/index.js';

/** Returns the extensions that the configuration names, with the limits of each. */
export function extensionsOf({ smtp }: Pick<Config, 'smtp'>): Partial<OptionalExtensions> {
  const { extensions, maxHold, minDeliverBy, priorityPolicy } = smtp;
  const named = new Set(extensions);
  return {
    // EHLO announces whole seconds: never more than the limit that the server allows, never less than it asks for.
    deliverBy: named.has('DELIVERBY') && { minimum: Math.ceil(minDeliverBy / 1000) },
    futureRelease: named.has('FUTURERELEASE') && {
      maxInterval: Math.floor(maxHold / 1000),
      now: Date.now,
    },
    mtPriority: named.has('MT-PRIORITY') && (priorityPolicy === null ? {} : { policy: priorityPolicy }),
    requireTls: named.has('REQUIRETLS'),
  };
}
