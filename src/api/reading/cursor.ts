import { createHash } from 'node:crypto';
import type { Position } from '../../store/mail.js';
import { ApiError } from '../errors.js';

/** Octets of the position, and of the check after it. */
const POSITION_OCTETS = 8;
const CHECK_OCTETS = 6;

/**
 * Writes a position as a cursor: opaque to clients, and bound to the question that it belongs to.
 *
 * The check is there to refuse cursors that are mistyped or belong to another question. It protects no secret: the
 * store holds every position to the scope of the request.
 *
 * @param question all that selects and orders the list, in any form that is the same for the same question
 */
export function encodeCursor(position: Position, question: unknown): string {
  const octets = Buffer.alloc(POSITION_OCTETS + CHECK_OCTETS);
  octets.writeBigUInt64BE(BigInt(position));
  check(position, question).copy(octets, POSITION_OCTETS);
  return octets.toString('base64url');
}

/** @throws ApiError if it is not a cursor of this question */
export function decodeCursor(cursor: string, question: unknown): Position {
  const octets = Buffer.from(cursor, 'base64url');
  if (octets.length === POSITION_OCTETS + CHECK_OCTETS && octets.toString('base64url') === cursor) {
    const position = Number(octets.readBigUInt64BE());
    const isPosition = Number.isSafeInteger(position) && position > 0;
    if (isPosition && check(position, question).equals(octets.subarray(POSITION_OCTETS))) return position;
  }
  throw new ApiError('invalid_cursor', { fields: { cursor: ['is not a cursor of this list'] } });
}

function check(position: Position, question: unknown): Buffer {
  const digest = createHash('sha256')
    .update(`postern cursor ${position} ${JSON.stringify(question)}`)
    .digest();
  return digest.subarray(0, CHECK_OCTETS);
}
