/**
 * The advisory locks of this program, in one list: each number is used for one purpose. Steps of the schema never change, so
 * `fold_counters` and `fold_tags` have the numbers of theirs written out.
 */
const OF_DATABASE = { foldCounters: 1, search: 3, copy: 4, partitions: 5, foldTags: 6 } as const;
const OF_INSTALLATION = { retention: 2, intake: 4 } as const;

/** "PSTN": the number that the locks of all installations begin with. */
const NAMESPACE = 0x5053544e;

/** The lock under which the schema is changed, by one node at a time. It has one number, so it is none of the others. */
export const SCHEMA_LOCK = NAMESPACE;

/** Returns the arguments of a lock that all installations in a database share. */
export function databaseLock(name: keyof typeof OF_DATABASE): string {
  return `${NAMESPACE}, ${OF_DATABASE[name]}`;
}

/** Returns the argument of a lock of one installation: other schemas of the database have locks of their own. */
export function installationLock(name: keyof typeof OF_INSTALLATION): string {
  return `(('message'::regclass::oid::int8 << 8) | ${OF_INSTALLATION[name]})`;
}
