import type { NodeState } from '../../../store/nodes.js';
import type { Status } from '../../../store/port.js';

/** What `postern status` says: names, types and order of its JSON are fixed. */
export interface ServerState {
  readonly ready: boolean;
  /** Why it is not ready, in words. */
  readonly reasons: readonly string[];
  /** The URL of the server that said so, or the data folder that was read. */
  readonly source: string;
  /** Null if the server does not show its numbers to this client. */
  readonly numbers: Numbers | null;
  /** Servers that share the store, by state; null if the source does not show them. */
  readonly nodes: Readonly<Record<NodeState['state'], number>> | null;
}

export interface Numbers {
  /** Stored messages by status. */
  readonly messages: Readonly<Record<Status, number>>;
  /** Octets of stored content. */
  readonly contentOctets: number;
  /** How long ago the oldest message that waits came in, in seconds; 0 if no message waits. */
  readonly oldestSeconds: number;
  /** How long the oldest transaction in the database has been open, in seconds; 0 with a data folder. */
  readonly transactionSeconds: number;
  /** Free octets of the device of the data folder; null if that is not known. */
  readonly diskFree: number | null;
  /** What happened since a time: the start of the server, or, from a data folder, the hour that was a day ago. */
  readonly since: string;
  readonly accepted: number;
  /** Attempts to deliver to one recipient, by outcome. */
  readonly delivered: number;
  readonly deferred: number;
  readonly bounced: number;
}
