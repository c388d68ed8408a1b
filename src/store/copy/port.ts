/**
 * The contract of a copy: what an adapter gives so that all of a store can be read and written section by section. It is
 * apart from `../port.ts`, since nothing else may see a store at this level.
 */
import type { Section } from './sections.js';

/** A number is a safe integer; text has no NUL. */
export type Value = string | number | Uint8Array | null;
/** The values of a section's columns. */
export type Row = readonly Value[];
/** The values of the columns of a key. */
export type Key = readonly (string | number | Uint8Array)[];

/** The last numbers that were given to what keeps its number for ever, such as a webhook's events. */
export interface LastNumbers {
  readonly webhookEvent: number;
  readonly webhookCall: number;
}

/** Identifies a store when an interrupted copy goes on. */
export interface Identity {
  /** Where the store is, for people: without user and password. */
  readonly place: string;
  /** Number of messages, and the greatest id of one; 0 if it has no message. */
  readonly messages: number;
  readonly greatest: number;
}

/** How far a copy has come. */
export interface Progress {
  readonly from: Identity;
  /** The section under way; null if all rows are written and only the comparison is missing. */
  readonly section: string | null;
  /** The last row of it that is written; null if none is. */
  readonly after: Key | null;
}

/** A store that no server uses, nor can use until {@link close}. */
export interface Readable {
  readonly place: string;
  /** Number of rows; null if it cannot be had in reasonable time. */
  count(section: Section): Promise<number | null>;
  /**
   * Returns rows after a key, or the first ones, in the order of the key: at most `PAGE_ROWS`, and no more once they have
   * `PAGE_OCTETS` of octets. None are left if it returns none.
   */
  read(section: Section, after: Key | null): Promise<Row[]>;
  lastNumbers(): Promise<LastNumbers>;
  close(): Promise<void>;
}

/**
 * A store to copy from. The leases of processes that have died were ended when it was opened. All reads see it
 * as it was then, whatever other commands change meanwhile.
 */
export interface Source extends Readable {
  identity(): Promise<Identity>;
}

/** A store to copy to. Until {@link finish}, servers and commands refuse to open it. */
export interface Target extends Readable {
  /**
   * Returns how far an earlier copy came that was interrupted; null if there was none.
   *
   * @throws StoreError `failed` if the store has anything that no copy has written
   */
  progress(): Promise<Progress | null>;
  /** Writes rows together with the progress: both are there, or neither is. */
  write(section: Section, rows: readonly Row[], progress: Progress): Promise<void>;
  /** All rows are written: notes it, and the numbers after which the store goes on. */
  complete(progress: Progress, last: LastNumbers): Promise<void>;
  /** The copy is right: it is on stable storage when this resolves, and servers may open it. */
  finish(): Promise<void>;
}
