/**
 * Counts commands and replies, of all sessions of a profile together. Its methods are on the path of every command: they
 * must be quick, and must not throw.
 */
export interface Meter {
  /** @param verb in upper case; empty if the line begins with none that the server knows */
  command(verb: string): void;
  /** @param code the basic code of a reply that is sent */
  reply(code: number): void;
}
