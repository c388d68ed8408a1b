import { Buffer } from 'node:buffer';
import { PortableScan, type Scan } from '../../protocol/index.js';
import { SCAN_MODULE } from './scan-module.js';

const CR = 0x0d;
const CRLF_DOT = Buffer.from('\r\n.', 'latin1');

/** The core's content searches, with Node's native multi-octet search if the core lacks one. */
export class NodeScan extends PortableScan {
  override dotLine(octets: Uint8Array, from: number): number {
    const at = bufferOver(octets).indexOf(CRLF_DOT, from);
    return at < 0 ? -1 : at + 2;
  }
}

/** The part of the WebAssembly interface that is used here: Node's own types leave it to those of the web. */
declare const WebAssembly:
  | {
      readonly Module: new (octets: Uint8Array) => object;
      readonly Instance: new (module: object) => { readonly exports: object };
    }
  | undefined;

/** What scan.wat exports. */
interface ScanModule {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly stop: (at: number, end: number, dots: number) => number;
}

/** Where scan.wat has its window. */
const WINDOW = 16;
/**
 * Octets that a search copies into it first, if the search before was a short one; from then on eight times as many as
 * before. A piece may be cut into many dot lines, and each is a search: what it copies stays in proportion to what is passed.
 */
const FIRST_WINDOW = 512;
const LONGEST_WINDOW = 65_536;
/** Octets below which the call and the copy cost more than they save. */
const SHORTEST = 64;
/** Octets that are searched natively first where the dot line before was a near one: so may the next be. */
const NEAR = 128;

/** The searches in WebAssembly, sixteen octets at a time, over a copy: a module sees its own memory only. */
export class SimdScan extends NodeScan {
  readonly #search: ScanModule['stop'];
  readonly #window: Buffer;
  /** Line ends before what the module found. */
  readonly #lines: Int32Array;
  /** The search before found something that soon. */
  #near = false;
  /**
   * Octets that the next search copies first: twice those that the search before passed. Content in pieces of 1,460 octets
   * takes half of the instructions that two windows took (bench/instructions.mjs).
   */
  #firstWindow = FIRST_WINDOW;

  constructor({ memory, stop }: ScanModule) {
    super();
    this.#search = stop;
    this.#window = Buffer.from(memory.buffer);
    this.#lines = new Int32Array(memory.buffer, 0, 1);
  }

  override stop(octets: Uint8Array, from: number, to: number, dots: boolean): number {
    if (to - from < SHORTEST) return super.stop(octets, from, to, dots);
    if (this.#near) {
      const found = super.stop(octets, from, Math.min(from + NEAR, to), dots);
      if (found >= 0) return found;
      this.#near = false;
    }
    const found = this.#inWindows(octets, from, to, dots);
    const passed = (found < 0 ? to : found) - from;
    this.#near = found >= 0 && passed < NEAR;
    this.#firstWindow = Math.max(FIRST_WINDOW, Math.min(2 * passed, LONGEST_WINDOW));
    return found;
  }

  #inWindows(octets: Uint8Array, from: number, to: number, dots: boolean): number {
    const piece = bufferOver(octets);
    const window = this.#window;
    this.lines = 0;
    let length = this.#firstWindow;
    for (let at = from; at < to; at += length, length = Math.min(length * 8, LONGEST_WINDOW)) {
      length = Math.min(length, to - at);
      // With the octet before it; at the begin of the search that is 0.
      if (at === from) window[WINDOW - 1] = 0;
      // To copy a part, Node makes a view of it first, which takes as long as to copy 2 KiB.
      if (length === octets.length) window.set(octets, WINDOW);
      else piece.copy(window, at === from ? WINDOW : WINDOW - 1, at === from ? at : at - 1, at + length);
      const found = this.#search(WINDOW - 1, WINDOW + length, dots ? 1 : 0);
      this.lines += this.#lines[0] as number;
      if (found < WINDOW + length) return at + found - WINDOW - (window[found - 1] === CR ? 1 : 0);
    }
    return -1;
  }
}

/**
 * The fastest searches that this process can have: without WebAssembly (`--jitless`) or its SIMD they are
 * the native ones. The same for all listeners, since what they keep from one call to the next is a guess at what is faster.
 */
export function fastestScan(): Scan {
  return (fastest ??= simdScan() ?? new NodeScan());
}

let fastest: Scan | undefined;

function simdScan(): Scan | null {
  if (typeof WebAssembly === 'undefined') return null;
  try {
    const module = new WebAssembly.Module(Buffer.from(SCAN_MODULE, 'base64'));
    return new SimdScan(new WebAssembly.Instance(module).exports as ScanModule);
  } catch {
    // No SIMD, no room for its memory: what it does, the others do as well.
    return null;
  }
}

function bufferOver(octets: Uint8Array): Buffer {
  return Buffer.isBuffer(octets) ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}
