/**
 * What the main thread and the database's worker say to each other.
 *
 * Requests travel in posts of many, each with a number; outcomes come back in posts of many, in any order.
 * Buffers are transferred, so whoever posts one must not touch it again.
 */
import type { Domain, MessageDetail, MessageSummary, NewMessage, Status } from '../port.js';
import type { Failure } from './errors.js';
import type { Parts } from './parts.js';

/** Octets on their way in: the first `length` of the buffer, which may be longer than that. */
export interface Piece {
  readonly buffer: ArrayBuffer;
  readonly length: number;
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
  readonly message: NewMessage;
  /** Octets of the whole content. */
  readonly size: number;
  /** How many chunks came before this one. */
  readonly sequence: number;
  /** The last chunk, null where nothing is left to write. */
  readonly piece: Piece | null;
}

/** Gives up a message of which chunks have been written. */
export interface DiscardMessage {
  readonly kind: 'discard';
  readonly id: number;
}

export interface AddDomain {
  readonly kind: 'addDomain';
  readonly name: string;
  readonly digest: Uint8Array;
  readonly now: number;
}

export interface RemoveDomain {
  readonly kind: 'removeDomain';
  readonly name: string;
  readonly now: number;
}

export interface RotateToken {
  readonly kind: 'rotateToken';
  readonly name: string;
  readonly digest: Uint8Array;
  readonly oldUntil: number;
  readonly now: number;
}

export interface FindDomain {
  readonly kind: 'domainByToken';
  readonly digest: Uint8Array;
  readonly now: number;
}

export interface ListDomains {
  readonly kind: 'domains';
}

export interface HasDomains {
  readonly kind: 'isEmpty';
}

/** One page of a listing. All conditions must hold; null means any. */
export interface ListMessages {
  readonly kind: 'messages';
  readonly domain: string | null;
  readonly tag: string | null;
  readonly status: Status | null;
  readonly before: number;
  readonly limit: number;
}

/** A page may be short, even empty, with more to come: the worker looks at so many rows at a time. */
export interface MessagePage {
  readonly messages: MessageSummary[];
  /** What to give as `before` for the next page; null at the end. */
  readonly next: number | null;
}

export interface ReadMessage {
  readonly kind: 'message';
  readonly id: number;
}

export interface ReadChunk {
  readonly kind: 'content';
  readonly id: number;
  readonly sequence: number;
}

/** A call of one of the parts, by name. */
interface PartCall {
  readonly part: keyof Parts;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** A call that reads. */
export interface AskPart extends PartCall {
  readonly kind: 'ask';
}

/** A call that changes the database. */
export interface TellPart extends PartCall {
  readonly kind: 'tell';
  /** It waits for no sync. */
  readonly passing: boolean;
}

/** Gives a number that differs once another process has changed the database. */
export interface ReadVersion {
  readonly kind: 'version';
}

/** Finishes everything that was asked before, then closes the database and ends the worker. */
export interface Close {
  readonly kind: 'close';
}

/** Operations that change the database: they run in order, many to a transaction. */
export type Write =
  WriteChunk | CommitMessage | DiscardMessage | AddDomain | RemoveDomain | RotateToken | TellPart;
export type Read =
  FindDomain | ListDomains | HasDomains | ListMessages | ReadMessage | ReadChunk | AskPart | ReadVersion;
export type Operation = Write | Read | Close;

/** What each kind of operation resolves to. */
export interface Results {
  chunk: undefined;
  commit: undefined;
  discard: undefined;
  addDomain: Domain | null;
  removeDomain: boolean;
  rotateToken: boolean;
  domainByToken: Domain | null;
  domains: Domain[];
  isEmpty: boolean;
  messages: MessagePage;
  message: MessageDetail | null;
  content: Uint8Array | null;
  /** Whatever the method returns: `WorkerLink.ask` knows. */
  ask: unknown;
  tell: unknown;
  version: number;
  close: undefined;
}

export interface Request<O extends Operation = Operation> {
  readonly call: number;
  readonly operation: O;
}

export type Outcome =
  | { readonly call: number; readonly ok: true; readonly value: Results[keyof Results] }
  | { readonly call: number; readonly ok: false; readonly failure: Failure };

/** The worker's posts: first `ready` or `refused`, once; then outcomes. */
export type WorkerPost =
  | { readonly kind: 'ready'; readonly greatestId: number }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | {
      readonly kind: 'outcomes';
      readonly outcomes: readonly Outcome[];
      /** Buffers of written pieces, sent back to be filled again. */
      readonly spent: readonly ArrayBuffer[];
    };

/** What a worker is started with. */
export interface WorkerOptions {
  readonly directory: string;
  readonly exclusive: boolean;
  /** False where this thread takes the place of one that died: whoever held leases holds them still. */
  readonly first: boolean;
  /** Pieces whose buffer has this length are sent back. */
  readonly chunkOctets: number;
}
