/** Finds the header section of a content that comes chunk by chunk. */
import { STORE } from './limits.js';

/** Gathers the header section: its end may lie between two chunks. */
export class HeaderSection {
  #octets = Buffer.alloc(0);

  /** Takes the next chunk. Returns the section once it is whole, or has {@link STORE.headerSection} octets; else null. */
  add(chunk: Uint8Array): Uint8Array | null {
    const most = STORE.headerSection.initial;
    const from = Math.max(0, this.#octets.length - 3);
    const octets = Buffer.concat([this.#octets, chunk.subarray(0, most + 4 - this.#octets.length)]);
    this.#octets = octets;
    if (octets[0] === 0x0d && octets[1] === 0x0a) return octets.subarray(0, 0);
    const end = octets.indexOf('\r\n\r\n', from);
    if (end >= 0) return octets.subarray(0, Math.min(end + 2, most));
    return octets.length > most ? octets.subarray(0, most) : null;
  }

  /** Returns the section of a content that has no more chunks. */
  end(): Uint8Array {
    return this.#octets.subarray(0, STORE.headerSection.initial);
  }
}
