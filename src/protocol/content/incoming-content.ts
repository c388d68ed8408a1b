import { ChunkDecoder } from './chunk-decoder.js';
import {
  type BareNewlines,
  ContentDecoder,
  type ContentFault,
  type ContentStep,
  type Scan,
} from './decoder.js';
import type { ChunkSize } from '../grammar/chunk-size.js';
import type { BodyType } from '../extensions/eight-bit-mime.js';
import type { Limits } from '../limits.js';
import { NOTHING } from '../../base/octets.js';
import type { Reply } from '../replies/reply.js';
import { reply } from '../replies/catalogue.js';

/** What {@link IncomingContent.next} found. */
export type IncomingStep =
  /** All octets given were used up. */
  | 'more'
  /** {@link IncomingContent.slice} holds the next octets of the content: the last, where a refusal stands now. */
  | 'content'
  /** The content is refused: see {@link IncomingContent.refusal}. Returned once. */
  | 'refused'
  /** The true end, or that of a chunk. */
  | 'end';

export interface IncomingContentOptions {
  readonly bareNewlines: BareNewlines;
  readonly scan: Scan;
  readonly limits: Limits;
}

/** Separates content from the framing on the line, and finds its end. */
interface Decoder {
  readonly slice: Uint8Array;
  readonly fault: ContentFault;
  readonly position: number;
  next(octets: Uint8Array, from: number): ContentStep;
  swallow(): void;
}

function refusalOf({ octet, line }: ContentFault): Reply {
  return octet === 'NUL' ? reply('nulInContent', { line }) : reply('bareNewlineInContent', { octet, line });
}

/** The content of one message on its way in: what has come of it, and whether it is refused already. */
export class IncomingContent {
  /** Valid after `content`, until the next call. */
  slice: Uint8Array = NOTHING;

  readonly #decoder: Decoder;
  readonly #limit: number;
  #size = 0;
  #refusal: Reply | null = null;

  constructor(
    { bareNewlines, scan, limits }: IncomingContentOptions,
    decoder: Decoder = new ContentDecoder(bareNewlines, scan),
  ) {
    this.#decoder = decoder;
    this.#limit = limits.messageSize;
  }

  /** Content that is refused before it begins. */
  static refused(options: IncomingContentOptions, refusal: Reply): IncomingContent {
    const reception = new IncomingContent(options);
    reception.refuse(refusal);
    return reception;
  }

  /** Offset of the first octet that {@link next} did not use. */
  get position(): number {
    return this.#decoder.position;
  }

  /** Octets of the content that were passed on. */
  get size(): number {
    return this.#size;
  }

  /** The reply that the true end will get; null while the content is good. The first refusal stays. */
  get refusal(): Reply | null {
    return this.#refusal;
  }

  /** Octets that may still come. */
  protected get room(): number {
    return this.#limit - this.#size;
  }

  protected refuseSize(): void {
    this.refuse(reply('sizeExceeded', { limit: this.#limit }));
  }

  /** Passes nothing on from here: only the end matters. */
  refuse(refusal: Reply): void {
    this.#refusal ??= refusal;
    this.#decoder.swallow();
  }

  /** Reads on in `octets` from `from`. Call again from {@link position} until `more` or `end`. */
  next(octets: Uint8Array, from: number): IncomingStep {
    this.slice = NOTHING;
    const step = this.#decoder.next(octets, from);
    switch (step) {
      case 'slice':
        return this.#take(this.#decoder.slice);
      case 'fault':
        this.refuse(refusalOf(this.#decoder.fault));
        return 'refused';
      default:
        return step;
    }
  }

  /** Up to the limit, however the octets were cut. */
  #take(slice: Uint8Array): IncomingStep {
    const { room } = this;
    this.#size += Math.min(slice.length, room);
    if (slice.length <= room) {
      this.slice = slice;
      return 'content';
    }
    this.refuseSize();
    if (room === 0) return 'refused';
    this.slice = slice.subarray(0, room);
    return 'content';
  }
}

/** The content of one message that comes in chunks (RFC 3030 2). */
export class ChunkedContent extends IncomingContent {
  /** The chunk that came last, or is coming, is the last of the message. */
  last = false;
  /** The client has received the refusal: commands that it pipelined after it are not counted as further errors. */
  refusalHeard = false;
  readonly #chunks: ChunkDecoder;

  /** @param body what MAIL declared: BINARYMIME has no lines to be judged (RFC 3030 3). */
  constructor(options: IncomingContentOptions, body: BodyType | undefined) {
    const chunks = new ChunkDecoder(body === 'BINARYMIME' ? null : options.bareNewlines, options.scan);
    super(options, chunks);
    this.#chunks = chunks;
  }

  /** A chunk comes. One that would be too much is not read to the limit first: its size was declared. */
  begin(chunk: ChunkSize): void {
    this.last = chunk.last;
    this.#chunks.begin(chunk);
    if (chunk.size > this.room) this.refuseSize();
  }
}
