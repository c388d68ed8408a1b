/**
 * A commit as it travels to the worker: flat arrays. A clone writes the names of an object's properties out for
 * each object anew, and reads them again, which costs more than the values of a short message do.
 */
import type { NewMessage } from '../port.js';
import type { Fulfilment } from '../queue.js';
import type { Column, CommitMessage, Piece, Request } from './operations.js';
import { notifyColumn, TERMS_COLUMNS, termsColumns } from './terms.js';

/** The end of a message, as the draft knows it. */
export interface NewCommit {
  readonly id: number;
  readonly message: NewMessage;
  /** Octets of the whole content. */
  readonly size: number;
  /** How many chunks came before. */
  readonly sequence: number;
  /** The last octets, null where nothing is left to write. They have their buffer to themselves. */
  readonly content: Uint8Array<ArrayBuffer> | null;
}

export type PackedCommit = readonly [
  call: number,
  id: number,
  sequence: number,
  domainId: number,
  receivedAt: number,
  status: string,
  priority: number,
  due: number | null,
  columns: readonly Column[],
  recipients: readonly Column[],
  tags: readonly string[],
  fulfils: Fulfilment | null,
  piece: PackedPiece | null,
];

/** Whether the buffer goes back is known once nothing more goes into it: so this may be written over. */
export type PackedPiece = [buffer: ArrayBuffer, start: number, length: number, returns: boolean];

export function packCommit(call: number, commit: NewCommit, piece: PackedPiece | null): PackedCommit {
  const { id, sequence, message } = commit;
  const { status, recipients, terms, fulfils } = message;
  const people: Column[] = [];
  for (const { forwardPath, notify, originalRecipient = null } of recipients) {
    people.push(forwardPath, notifyColumn(notify), originalRecipient);
  }
  return [
    call,
    id,
    sequence,
    message.domainId,
    message.receivedAt,
    status,
    terms?.priority ?? 0,
    status === 'queued' ? (terms?.releaseAt ?? message.receivedAt) : null,
    columnsOf(commit),
    people,
    message.tags,
    fulfils === undefined ? null : plainFulfilment(fulfils),
    piece,
  ];
}

/** In the order of {@link MESSAGE_COLUMNS}. */
function columnsOf({ id, size, message }: NewCommit): Column[] {
  return [
    id,
    message.domainId,
    message.status,
    size,
    message.receivedAt,
    message.reversePath,
    message.from,
    message.subject,
    message.tags.length === 0 ? null : JSON.stringify(message.tags),
    message.listUnsubscribe,
    message.messageId,
    message.tls,
    message.clientAddress,
    ...termsColumns(message.terms),
  ];
}

export const MESSAGE_COLUMNS = [
  'id',
  'domain_id',
  'status',
  'size',
  'received_at',
  'reverse_path',
  'header_from',
  'subject',
  'tags',
  'list_unsubscribe',
  'header_message_id',
  'tls',
  'client_address',
  ...TERMS_COLUMNS,
] as const;

export function unpackCommit(packed: PackedCommit): Request<CommitMessage> {
  const [call, id, sequence, domainId, receivedAt, status, priority, due] = packed;
  const [, , , , , , , , columns, recipients, tags, fulfils, piece] = packed;
  return {
    call,
    operation: {
      kind: 'commit',
      id,
      sequence,
      domainId,
      receivedAt,
      status,
      priority,
      due,
      columns,
      recipients,
      tags,
      fulfils,
      piece: piece === null ? null : unpackPiece(piece),
    },
  };
}

function unpackPiece([buffer, start, length, returns]: PackedPiece): Piece {
  return { buffer, start, length, returns };
}

/** Only what the contract names travels: anything else on an object might not. */
export function plainFulfilment({ id, recipients }: Fulfilment): Fulfilment {
  return { id, recipients: recipients.map(({ position, report }) => ({ position, report })) };
}
