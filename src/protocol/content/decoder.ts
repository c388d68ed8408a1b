import { CR, CRLF, DOT, LF, NOTHING, NUL, nulWithin } from '../../base/octets.js';

/**
 * The two searches that message content needs. They are the only per-octet work on a body, so a platform
 * may hand in faster ones; these need nothing but the language.
 */
export interface Scan {
  /**
   * Looks in `[from, to)` for the first octet that content cannot simply pass over: a bare CR, a bare LF, a
   * NUL, or, with `dots`, the dot behind a CRLF. Counts the line ends before it.
   *
   * `from` must not be the LF of a CRLF, and what stands before it does not matter: a dot there starts no
   * line. A CR at `to - 1` is not judged: its LF may come later.
   *
   * @returns the offset of that octet, or -1. {@link lines} then holds the count of CRLF passed.
   */
  stop(octets: Uint8Array, from: number, to: number, dots: boolean): number;

  /** CRLF seen by the last call of {@link stop}. */
  readonly lines: number;

  /** Offset of the dot of the first `CRLF "."` in `octets` from `from` on, or -1. Judges nothing else. */
  dotLine(octets: Uint8Array, from: number): number;
}

/** The searches over `indexOf`, which is native on a Uint8Array and on a Node Buffer alike. */
export class PortableScan implements Scan {
  lines = 0;

  stop(octets: Uint8Array, from: number, to: number, dots: boolean): number {
    const found = this.#line(octets, from, to, dots);
    const nul = nulWithin(octets, from, found < 0 ? to : found);
    if (nul < 0) return found;
    // Only the count of the lines before it is missing. A CR right before it would be bare, and have been found.
    this.#line(octets, from, nul, dots);
    return nul;
  }

  /** As {@link stop}, with no eye for NUL. */
  #line(octets: Uint8Array, from: number, to: number, dots: boolean): number {
    this.lines = 0;
    for (let at = from; ;) {
      const lf = octets.indexOf(LF, at);
      const end = lf < 0 || lf >= to ? to : lf;
      const cr = octets.indexOf(CR, at);
      if (cr >= 0 && cr < end - 1) return cr;
      if (end === to) return -1;
      // A piece's first octet has no predecessor: if the piece has no CR at all, -1 would match -1.
      if (lf === from || cr !== lf - 1) return lf;
      this.lines++;
      at = lf + 1;
      if (dots && at < to && octets[at] === DOT) return at;
    }
  }

  dotLine(octets: Uint8Array, from: number): number {
    for (let at = from; ;) {
      const lf = octets.indexOf(LF, at);
      if (lf < 0) return -1;
      at = lf + 1;
      if (octets[at] === DOT && lf > from && octets[lf - 1] === CR) return at;
    }
  }
}

/** How a bare CR or LF in content is treated. */
export type BareNewlines =
  /** The message is read to its true end, then refused. */
  | 'reject'
  /** Each becomes CRLF; a dot after it is content. */
  | 'normalize';

/** What {@link ContentDecoder.next} found. */
export type ContentStep =
  /** All octets given were used up. */
  | 'more'
  /** {@link ContentDecoder.slice} holds the next octets of the content. */
  | 'slice'
  /** A NUL, or a bare CR or LF under `reject`: see {@link ContentDecoder.fault}. Once; nothing follows but the end. */
  | 'fault'
  /** The true end, `CRLF.CRLF`. */
  | 'end';

/** An octet that content must not have, and its line, counted from 1. */
export interface ContentFault {
  readonly octet: 'CR' | 'LF' | 'NUL';
  readonly line: number;
}

/** Where the decoder stands between two octets. */
type Place =
  /** After CRLF, or before the first octet. */
  | 'lineStart'
  /** Inside a line. */
  | 'midLine'
  /** After a CR that may be half a CRLF. It has been passed on; under `normalize` it is withheld. */
  | 'cr'
  /** After `CRLF.`; the dot is withheld. */
  | 'dot'
  /** After `CRLF.CR`; both are withheld. */
  | 'dotCr';

const DEFAULT_SCAN = new PortableScan();

/** Slices of dot lines below this length are joined, in octets: above, an event costs less than a copy. */
const SHORT_SLICE = 512;
/** Octets of lines that are joined to one slice. */
const JOINED = 16_384;

/**
 * Reads the content that follows DATA (RFC 5321 4.5.2): takes the dots off, finds the end.
 *
 * Only `CRLF.CRLF` ends content. A line end is CRLF and nothing else (RFC 5321 2.3.8): to take a lone LF or
 * CR for one is what SMTP smuggling is made of, so each is a fault, or becomes a CRLF that starts no dot
 * line. A NUL is always a fault (RFC 5322 2.2 and 2.3, RFC 2045 2.8): a server that drops it reads other lines than
 * this one. Slices are views of the input; only short dot lines are copied, to join them.
 *
 *     content   ──CRLF──►  lineStart  ──"."──►  dot  ──CR──►  dotCr  ──LF──►  end
 *                              │                 │              │
 *                              └──── else ───────┴──── else ────┴──► midLine
 */
export class ContentDecoder {
  /** Valid after `slice`, until the next call. */
  slice: Uint8Array = NOTHING;
  /** Valid after `fault`. */
  fault: ContentFault = { octet: 'LF', line: 0 };
  /** Offset of the first octet that was not used. */
  position = 0;

  #place: Place = 'lineStart';
  #line = 1;
  /** True once the content is refused: only its end matters then. */
  #swallowing = false;
  /** Created for the first lines that are joined; most messages need no joining. */
  #joined: Uint8Array | undefined;

  constructor(
    private readonly bareNewlines: BareNewlines = 'reject',
    private readonly scan: Scan = DEFAULT_SCAN,
  ) {}

  /** Passes nothing on from here, and judges nothing: just looks for the true end. */
  swallow(): void {
    this.#swallowing = true;
  }

  /** Reads on in `octets` from `from`. Call again from {@link position} until `more` or `end`. */
  next(octets: Uint8Array, from: number): ContentStep {
    this.position = from;
    // A slice kept would keep the memory of the whole read.
    this.slice = NOTHING;
    while (this.position < octets.length) {
      const step =
        this.#place === 'midLine' || (this.#place === 'lineStart' && octets[this.position] !== DOT)
          ? this.#run(octets)
          : this.#octet(octets, octets[this.position] as number);
      if (step === 'slice' && this.slice.length < SHORT_SLICE) return this.#joinDotLines(octets);
      if (step !== 'more') return step;
    }
    return 'more';
  }

  /**
   * Copies the short lines after a short slice into that slice, without the dots of stuffed lines, if the first of them
   * is a stuffed line. Each slice is an event with a cost of its own, and a message of nothing but dot lines would
   * otherwise be millions of slices: 10 MiB of `..` kept the event loop busy for a second. A line that is long,
   * incomplete, faulty or the end of the content is left to the other methods.
   */
  #joinDotLines(octets: Uint8Array): ContentStep {
    if (this.#place !== 'lineStart' || !isStuffed(octets, this.position)) return 'slice';
    // Copied twice, since a buffer of the size of the rest would make many short joins quadratic.
    const out = (this.#joined ??= new Uint8Array(JOINED));
    out.set(this.slice);
    let length = this.slice.length;
    let start = this.position;
    while (length + SHORT_SLICE + 2 <= JOINED) {
      const from = isStuffed(octets, start) ? start + 1 : start;
      if (from === start && octets[start] === DOT) break;
      const end = copyLine(octets, from, out, length);
      if (end < 0) break;
      length += end - from;
      start = end;
      this.#line++;
    }
    this.position = start;
    if (length > this.slice.length) this.slice = out.slice(0, length);
    return 'slice';
  }

  /** The long stretches: up to the next dot line, the next bare octet, or the last octet given. */
  #run(octets: Uint8Array): ContentStep {
    const from = this.position;
    const stop = this.#swallowing
      ? this.scan.dotLine(octets, from)
      : this.scan.stop(octets, from, octets.length, true);
    if (!this.#swallowing) this.#line += this.scan.lines;
    if (stop >= 0 && octets[stop] === NUL) return this.#nul(octets, from, stop);
    if (stop >= 0 && octets[stop] !== DOT) return this.#bare(octets, from, stop);
    return this.#endRun(octets, from, stop < 0 ? octets.length : stop);
  }

  /** Passes a run on, and settles where it ended. */
  #endRun(octets: Uint8Array, from: number, to: number): ContentStep {
    this.position = to;
    const last = octets[to - 1];
    if (last === CR) {
      this.#place = 'cr';
      return this.#emit(octets, from, this.bareNewlines === 'normalize' ? to - 1 : to);
    }
    // An LF behind no CR is no line end: it becomes one (normalize), or nothing is judged any more.
    this.#place = last === LF && to - 2 >= from && octets[to - 2] === CR ? 'lineStart' : 'midLine';
    return this.#emit(octets, from, to);
  }

  /** A run with a NUL in it: first what came before. */
  #nul(octets: Uint8Array, from: number, at: number): ContentStep {
    return at === from ? this.#faultAt('NUL') : this.#endRun(octets, from, at);
  }

  /** A run with a bare CR or LF in it. */
  #bare(octets: Uint8Array, from: number, at: number): ContentStep {
    if (this.bareNewlines === 'reject') {
      if (octets[at] === LF && at === from) return this.#faultAt('LF');
      // First what came before, just as it would have gone if the bare octet had come in another piece.
      return this.#endRun(octets, from, octets[at] === CR ? at + 1 : at);
    }
    const dot = this.scan.dotLine(octets, at);
    const end = dot < 0 ? octets.length : dot;
    const nul = nulWithin(octets, at, end);
    const step = this.#endRun(octets, from, nul < 0 ? end : nul);
    // A copy, since octets are put in. Over the whole run at once: run by run it stays linear.
    this.slice = normalized(this.slice);
    this.#line += lineEnds(this.slice) - this.scan.lines;
    return step;
  }

  /** One octet, where its meaning hangs on what came before. */
  #octet(octets: Uint8Array, octet: number): ContentStep {
    switch (this.#place) {
      case 'cr':
        if (octet === LF) {
          this.position++;
          this.#line++;
          this.#place = 'lineStart';
          if (this.bareNewlines === 'normalize') return this.#emitted(CRLF);
          return this.#emit(octets, this.position - 1, this.position);
        }
        return this.#bareCr();
      case 'dot':
        if (octet === CR) {
          this.position++;
          this.#place = 'dotCr';
          return 'more';
        }
        // The dot was the sender's stuffing; it is dropped with no octet passed on.
        this.#place = 'midLine';
        return 'more';
      case 'dotCr':
        if (octet === LF) {
          this.position++;
          return 'end';
        }
        return this.#bareCr();
      default:
        // lineStart, before a dot.
        this.position++;
        this.#place = 'dot';
        return 'more';
    }
  }

  /** The CR before this octet turns out to be bare. */
  #bareCr(): ContentStep {
    this.#place = 'midLine';
    if (this.#swallowing) return 'more';
    return this.bareNewlines === 'reject' ? this.#faultAt('CR') : this.#insertedLineEnd();
  }

  #insertedLineEnd(): ContentStep {
    this.#line++;
    // Not lineStart: a dot behind a line end that the sender did not write is content.
    this.#place = 'midLine';
    return this.#emitted(CRLF);
  }

  #faultAt(octet: ContentFault['octet']): ContentStep {
    this.#swallowing = true;
    this.fault = { octet, line: this.#line };
    return 'fault';
  }

  #emit(octets: Uint8Array, from: number, to: number): ContentStep {
    return to > from ? this.#emitted(viewOf(octets, from, to)) : 'more';
  }

  #emitted(slice: Uint8Array): ContentStep {
    if (this.#swallowing) return 'more';
    this.slice = slice;
    return 'slice';
  }
}

/**
 * Returns a part of the octets. Most pieces are content as a whole: they are returned as they are, since to make a view takes
 * as long as to search 2 KiB.
 */
export function viewOf(octets: Uint8Array, from: number, to: number): Uint8Array {
  return from === 0 && to === octets.length ? octets : octets.subarray(from, to);
}

/** A copy in which each bare CR and each bare LF is a CRLF. */
export function normalized(octets: Uint8Array): Uint8Array {
  const out = new Uint8Array(octets.length * 2);
  let length = 0;
  for (let i = 0; i < octets.length; i++) {
    const octet = octets[i] as number;
    if (octet !== CR && octet !== LF) {
      out[length++] = octet;
      continue;
    }
    if (octet === CR && octets[i + 1] === LF) i++;
    out[length++] = CR;
    out[length++] = LF;
  }
  return out.subarray(0, length);
}

/** How many LF there are. */
export function lineEnds(octets: Uint8Array): number {
  let count = 0;
  for (let at = octets.indexOf(LF); at >= 0; at = octets.indexOf(LF, at + 1)) count++;
  return count;
}

/** Returns true if a line begins at `at` with a dot that can neither end the content nor precede a fault. */
function isStuffed(octets: Uint8Array, at: number): boolean {
  if (octets[at] !== DOT) return false;
  const after = octets[at + 1];
  return after !== undefined && after !== CR && after !== LF && after !== NUL;
}

/**
 * Copies a short line with its CRLF to `out` at `to`.
 *
 * @returns the offset after the CRLF, or -1 if the line is long, incomplete, or has a NUL or a bare CR or LF
 */
function copyLine(octets: Uint8Array, from: number, out: Uint8Array, to: number): number {
  const limit = Math.min(octets.length - 1, from + SHORT_SLICE);
  for (let at = from; at < limit; at++) {
    const octet = octets[at] as number;
    if (octet === NUL || octet === LF) return -1;
    out[to + at - from] = octet;
    if (octet !== CR) continue;
    if (octets[at + 1] !== LF) return -1;
    out[to + at + 1 - from] = LF;
    return at + 2;
  }
  return -1;
}
