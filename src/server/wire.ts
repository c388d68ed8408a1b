import { Buffer } from 'node:buffer';

const wrapped = new WeakMap<Uint8Array, Buffer>();
/** Longer ones are not constant: answers to EHLO, and those of a pipelined group in one piece. */
const LONGEST_CONSTANT = 64;

/**
 * The same octets as a Buffer, over the same memory. Node makes one of every other array that is written, each
 * time; nearly all replies are constant, and have theirs from the first time on.
 */
export function bufferOf(octets: Uint8Array): Uint8Array {
  if (octets.length > LONGEST_CONSTANT) return octets;
  const known = wrapped.get(octets);
  if (known !== undefined) return known;
  const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  wrapped.set(octets, buffer);
  return buffer;
}
