import { Buffer } from 'node:buffer';

/** Octets as text, each as the character of the same number, by Node's own decoder of ISO 8859-1. */
export function latin1(octets: Uint8Array, start: number, end: number): string {
  const buffer =
    octets instanceof Buffer ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  return buffer.toString('latin1', start, end);
}

/** The octets of a text of such characters, in a Buffer: Node makes one of every other array that it is to write. */
export function latin1Octets(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
