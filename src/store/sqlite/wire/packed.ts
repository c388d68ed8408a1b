/**
 * Commits as they travel to the worker: the fields of all of them in one flat array. A clone writes out the names of an
 * object's properties for each object anew, and the head of each array, and reads them again, which costs more than the
 * values of a short message do.
 */
import type { NewMessage } from '../../port.js';
import type { BufferPool } from '../../intake/buffers.js';
import type { NewCommit } from '../../intake/draft.js';
import type { Completion } from '../../idempotency.js';
import type { Fulfilment } from '../../queue.js';
import type { Column } from './column.js';
import type { CommitMessage, Piece, Request } from './operations.js';
import { needsColumn } from '../../columns/needs.js';
import { originColumn } from '../../columns/origin.js';
import { areDefault, notifyColumn, TERMS_COLUMNS, termsColumns } from '../../columns/terms.js';

/** The commits of one post. */
export interface PackedCommits {
  /** The values that {@link packCommit} put there, commit by commit. */
  readonly fields: readonly Column[];
  /** The buffers of the contents. */
  readonly buffers: readonly ArrayBuffer[];
}

/** Where a content stands. */
export interface PackedPiece {
  /** Its place in {@link PackedCommits.buffers}. */
  readonly buffer: number;
  readonly start: number;
  readonly length: number;
}

/** The columns of a message's row; if its terms are not the default ones, {@link TERMS_COLUMNS} follow. */
export const MESSAGE_COLUMNS = [
  'id',
  'domain_id',
  'status',
  'received_at',
  'tags',
  'size',
  'reverse_path',
  'header_from',
  'subject',
  'list_unsubscribe',
  'header_message_id',
  'tls',
  'client_address',
  'needs',
  'origin',
] as const;

/** The first of {@link MESSAGE_COLUMNS}. */
type FirstColumns = [id: number, domainId: number, status: string, receivedAt: number, tags: string | null];

const RELEASE_AT = TERMS_COLUMNS.indexOf('release_at');
const PRIORITY = TERMS_COLUMNS.indexOf('priority');

/** Of each recipient: forward path, notify, original recipient. */
export const RECIPIENT_FIELDS = 3;

/** Adds a commit after those that `fields` has. */
export function packCommit(
  fields: Column[],
  call: number,
  { id, size, sequence, message }: NewCommit,
  piece: PackedPiece | null,
): void {
  const { recipients, tags, terms } = message;
  fields.push(call, sequence, consequencesColumn(message));
  if (piece === null) fields.push(null);
  else fields.push(piece.buffer, piece.start, piece.length);
  fields.push(recipients.length);
  for (const { forwardPath, notify, originalRecipient = null } of recipients) {
    fields.push(forwardPath, notifyColumn(notify), originalRecipient);
  }
  const usual = areDefault(terms);
  fields.push(
    MESSAGE_COLUMNS.length + (usual ? 0 : TERMS_COLUMNS.length),
    id,
    message.domainId,
    message.status,
    message.receivedAt,
    tags.length === 0 ? null : JSON.stringify(tags),
    size,
    message.reversePath,
    message.from,
    message.subject,
    message.listUnsubscribe,
    message.messageId,
    message.tls,
    message.clientAddress,
    needsColumn(message.needs),
    originColumn(message.origin),
  );
  if (!usual) fields.push(...termsColumns(terms));
}

export function unpackCommits({ fields, buffers }: PackedCommits): Request<CommitMessage>[] {
  const commits: Request<CommitMessage>[] = [];
  let at = 0;
  const next = (): Column => fields[at++] ?? null;
  const several = (count: number): Column[] => fields.slice(at, (at += count));
  /** Of each buffer, the last content in it so far: with that one it goes back. */
  const last = new Map<ArrayBuffer, { -readonly [Name in keyof Piece]: Piece[Name] }>();
  while (at < fields.length) {
    const call = next() as number;
    const sequence = next() as number;
    const consequences = next() as string | null;
    const buffer = buffers[(next() as number | null) ?? -1];
    let piece: Piece | null = null;
    if (buffer !== undefined) {
      const before = last.get(buffer);
      if (before !== undefined) before.returns = false;
      piece = { buffer, start: next() as number, length: next() as number, returns: true };
      last.set(buffer, piece);
    }
    const recipients = several(RECIPIENT_FIELDS * (next() as number));
    const columns = several(next() as number);
    commits.push({ call, operation: commitOf(sequence, columns, recipients, consequences, piece) });
  }
  return commits;
}

function commitOf(
  sequence: number,
  columns: readonly Column[],
  recipients: readonly Column[],
  consequences: string | null,
  piece: Piece | null,
): CommitMessage {
  const [id, domainId, status, receivedAt, tags] = columns as FirstColumns;
  const releaseAt = columns[MESSAGE_COLUMNS.length + RELEASE_AT] as number | null | undefined;
  const priority = columns[MESSAGE_COLUMNS.length + PRIORITY] as number | undefined;
  return {
    kind: 'commit',
    id,
    sequence,
    domainId,
    receivedAt,
    status,
    priority: priority ?? 0,
    due: status === 'queued' ? (releaseAt ?? receivedAt) : null,
    columns,
    recipients,
    tags: tags === null ? [] : (JSON.parse(tags) as string[]),
    ...(consequences === null ? NO_CONSEQUENCES : (JSON.parse(consequences) as Consequences)),
    piece,
  };
}

/** The values that are written in the transaction of the message beside it. */
type Consequences = Pick<CommitMessage, 'fulfils' | 'completes'>;

const NO_CONSEQUENCES: Consequences = { fulfils: null, completes: null };

function consequencesColumn({ fulfils, completes }: NewMessage): string | null {
  if (fulfils === undefined && completes === undefined) return null;
  const consequences: Consequences = {
    fulfils: fulfils === undefined ? null : plainFulfilment(fulfils),
    completes: completes === undefined ? null : plainCompletion(completes),
  };
  return JSON.stringify(consequences);
}

export function plainCompletion({ domainId, key, owner, response, expiresAt }: Completion): Completion {
  return { domainId, key, owner, response, expiresAt };
}

/** Only what the contract names travels: anything else on an object might not. */
export function plainFulfilment({ id, recipients }: Fulfilment): Fulfilment {
  return { id, recipients: recipients.map(({ position, report }) => ({ position, report })) };
}

/** Of content larger than this part of a chunk the buffer itself is sent: cheaper than to copy it. */
const SHARED_PART = 4;

/** A buffer for several contents. */
interface Shared {
  readonly octets: Uint8Array<ArrayBuffer>;
  /** Its place among the buffers of the post. */
  readonly buffer: number;
  used: number;
}

/**
 * Gathers commits, and the content of those that are small in one buffer: to hand a buffer over costs both
 * threads some microseconds, however small it is, and to copy a short message a tenth of one.
 */
export class Batch {
  readonly #pool: BufferPool;
  #calls: number[] = [];
  #fields: Column[] = [];
  #buffers: ArrayBuffer[] = [];
  #shared: Shared | null = null;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  get length(): number {
    return this.#calls.length;
  }

  /** Takes the commit's content over. */
  add(call: number, commit: NewCommit): void {
    const { content } = commit;
    this.#calls.push(call);
    packCommit(this.#fields, call, commit, content === null ? null : this.#place(content));
  }

  /** All that was added since the last time, and the numbers of its calls. Its buffers change hands. */
  take(): { readonly calls: readonly number[]; readonly commits: PackedCommits } {
    const taken = { calls: this.#calls, commits: { fields: this.#fields, buffers: this.#buffers } };
    this.#calls = [];
    this.#fields = [];
    this.#buffers = [];
    this.#shared = null;
    return taken;
  }

  #place(content: Uint8Array<ArrayBuffer>): PackedPiece {
    const { buffer, length } = content;
    if (length > this.#pool.largest / SHARED_PART) {
      return { buffer: this.#buffers.push(buffer) - 1, start: 0, length };
    }
    const shared = this.#sharedWithRoomFor(length);
    const start = shared.used;
    shared.octets.set(content, start);
    shared.used += length;
    this.#pool.give([buffer]);
    return { buffer: shared.buffer, start, length };
  }

  #sharedWithRoomFor(length: number): Shared {
    const { largest } = this.#pool;
    if (this.#shared !== null && this.#shared.used + length <= largest) return this.#shared;
    const octets = this.#pool.take(largest);
    this.#shared = { octets, buffer: this.#buffers.push(octets.buffer) - 1, used: 0 };
    return this.#shared;
  }
}
