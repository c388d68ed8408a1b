/** The contract of the memory of failed sign-ins. Part of `port.ts`. */

/** The most failures that one call returns: after so many, one more makes no difference. */
export const MOST_FAILURES = 100;

/**
 * Counts failed sign-ins of client networks over all servers that share the store, so that a client that guesses passwords
 * is slowed down the same, whichever server it asks. Each server counts those that come to itself.
 */
export interface AuthFailures {
  /**
   * Notes that a client of a network has failed to sign in at this server.
   *
   * @param network at most 100 characters
   * @param memory how long the failure counts, in milliseconds
   * @returns how often clients of the network have failed at other servers since this one noted one of them before, or
   * within the memory if it never did; at most {@link MOST_FAILURES}. 0 if the store cannot say it: it never rejects
   */
  note(network: string, memory: number): number | Promise<number>;
}
