import type { Position } from '../../store/mail.js';
import type { Selection } from '../../store/search.js';
import type { ReadSelectionBody } from '../schemas/operations.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { filterOf, questionOf } from './filter.js';

/** The messages that a bulk change is for, and where to go on with it. */
interface ReadSelection {
  readonly selection: Selection;
  /** Undefined at the beginning. */
  readonly from: Position | undefined;
  /** Returns the cursor that goes on from a position; null at the end. */
  readonly cursorAt: (position: Position | null) => string | null;
}

/**
 * Reads which messages a bulk change is for.
 *
 * @param operation the cursor belongs to it
 * @throws ApiError if a time, the search or the cursor cannot be read
 */
export function readSelection(operation: string, body: ReadSelectionBody, now: number): ReadSelection {
  const { ids, filter = {}, cursor } = body;
  const question = [operation, ids ?? questionOf(filter)];
  return {
    selection: ids === undefined ? { filter: filterOf(filter, now) } : { ids },
    from: cursor === undefined ? undefined : decodeCursor(cursor, question),
    cursorAt: (position) => (position === null ? null : encodeCursor(position, question)),
  };
}
