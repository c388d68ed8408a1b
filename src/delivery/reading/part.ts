/** Runs in a worker thread: takes one part out of a message. */
import { partOctets } from '../../message/mime/content.js';
import { readMessage } from '../../message/mime/read.js';
import type { JobResult } from '../workers/sink.js';
import { numberedParts } from './content.js';

export interface PartFacts {
  /** Its number, as the description of the content has it. */
  readonly number: number;
}

/** Null if there is no such part, or if it consists of other parts. */
export type TakenPart = { readonly type: string; readonly name: string | null } | null;

/** Octets of a piece. */
const PIECE = 256 * 1024;

/**
 * Returns the octets of a part, without their transfer encoding.
 *
 * @throws Unreadable
 */
export function takePart({ number }: PartFacts, message: Buffer): JobResult<TakenPart> {
  const { root, attachments } = readMessage(message);
  const part = numberedParts(root)[number]?.part;
  if (part === undefined || part.parts.length > 0) return { value: null, pieces: [] };
  const octets = partOctets(message, part);
  const pieces: Uint8Array[] = [];
  // Copies: each piece moves to another thread as a whole buffer.
  for (let at = 0; at < octets.length; at += PIECE)
    pieces.push(new Uint8Array(octets.subarray(at, at + PIECE)));
  const name = attachments.find((attachment) => attachment.part === part)?.name ?? part.fileName;
  return { value: { type: part.type, name }, pieces };
}
