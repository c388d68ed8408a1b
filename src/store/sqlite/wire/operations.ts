/** The operations that the database's worker can do. */
import type { Completion } from '../../idempotency.js';
import type { Fulfilment } from '../../queue.js';
import type { Parts } from '../worker/parts.js';
import type { Column } from './column.js';

/** Octets on their way in: a part of a buffer. */
export interface Piece {
  readonly buffer: ArrayBuffer;
  readonly start: number;
  readonly length: number;
  /** Whether the buffer goes back to the main thread once this is written, to be filled again. */
  readonly returns: boolean;
}

/** One chunk of a message that is still coming in. `sequence` counts from 0 without gaps. */
export interface WriteChunk {
  readonly kind: 'chunk';
  readonly id: number;
  readonly sequence: number;
  readonly piece: Piece;
}

/** The end of a message: everything but the chunks that were written before. */
export interface CommitMessage {
  readonly kind: 'commit';
  readonly id: number;
  readonly domainId: number;
  readonly receivedAt: number;
  /** The status that every recipient begins with. */
  readonly status: string;
  readonly priority: number;
  /** When it is due; null for a message that is held. */
  readonly due: number | null;
  /** The message's row: {@link MESSAGE_COLUMNS}, followed by `TERMS_COLUMNS` if it has terms. */
  readonly columns: readonly Column[];
  /** {@link RECIPIENT_FIELDS} for each. */
  readonly recipients: readonly Column[];
  readonly tags: readonly string[];
  readonly fulfils: Fulfilment | null;
  readonly completes: Completion | null;
  /** How many chunks came before this one. */
  readonly sequence: number;
  /** The last chunk, null where nothing is left to write. */
  readonly piece: Piece | null;
}

/** Gives up a message of which chunks have been written. */
interface DiscardMessage {
  readonly kind: 'discard';
  readonly id: number;
}

/** A call of one of the parts, by name. */
interface PartCall {
  readonly part: keyof Parts;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** A call that reads. */
export interface ReadPart extends PartCall {
  readonly kind: 'read';
}

/** A call that changes the database. */
interface WritePart extends PartCall {
  readonly kind: 'write';
  /** It waits for no sync. */
  readonly passing: boolean;
}

/** Finishes everything that was asked before, then closes the database and ends the worker. */
export interface Close {
  readonly kind: 'close';
}

/** Operations that change the database: they run in order, many to a transaction. */
export type Write = WriteChunk | CommitMessage | DiscardMessage | WritePart;
/** Operations that travel as they are. */
export type Operation = WriteChunk | DiscardMessage | WritePart | ReadPart | Close;

export interface Request<O extends Write | Operation = Operation> {
  readonly call: number;
  readonly operation: O;
}
