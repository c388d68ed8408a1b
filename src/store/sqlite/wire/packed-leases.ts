/**
 * Leases as they travel to the main thread: the fields of all of them in one flat array, for the reason that `packed.ts`
 * gives, and their contents in one piece of octets.
 */
import { needsOf } from '../../columns/needs.js';
import { notifyOf, TERMS_COLUMNS, termsOf, type TermsRow } from '../../columns/terms.js';
import type { Domain } from '../../port.js';
import type { Lease, LeasedRecipient } from '../../queue.js';
import type { Column } from './column.js';

/** The columns of a leased message. */
export const LEASED_COLUMNS = [
  'id',
  'domain_id',
  'size',
  'reverse_path',
  'header_from',
  'tags',
  'header_message_id',
  'received_at',
  'needs',
  ...TERMS_COLUMNS,
] as const;

/** The values of {@link LEASED_COLUMNS}. */
export type LeasedColumns = [
  id: number,
  domainId: number,
  size: number,
  reversePath: string,
  from: string,
  tags: string | null,
  messageId: string | null,
  receivedAt: number,
  needs: number | null,
  ...terms: TermsColumns,
];

type TermsColumns = [
  ret: TermsRow['ret'],
  envelopeId: string | null,
  releaseAt: number | null,
  deliverBy: number | null,
  deliverByMode: string | null,
  priority: number,
  requireTls: number,
  body: TermsRow['body'],
  smtputf8: number,
];

/** The columns of a leased recipient. */
export type PackedRecipient = [
  position: number,
  forwardPath: string,
  notify: string | null,
  originalRecipient: string | null,
  attempts: number,
  delayReported: number,
];

/** The values of the lease itself, and of the message's domain. */
type PackedHead = [
  recipients: number,
  lease: number,
  until: number,
  hastened: number,
  crashes: number,
  alone: number,
  domainName: string,
  domainCreatedAt: number,
];

const HEAD = 8;
const RECIPIENT = 6;

/** One lease, without its content. */
export interface PackedLease {
  readonly id: number;
  readonly size: number;
  readonly fields: readonly Column[];
}

export interface PackedLeases {
  /** Of each lease: octets of its content in {@link octets}, or null, and then its fields. */
  readonly fields: readonly Column[];
  readonly octets: Uint8Array;
}

export function packLease(leased: {
  readonly lease: number;
  readonly until: number;
  readonly columns: LeasedColumns;
  readonly domain: Domain;
  readonly recipients: readonly PackedRecipient[];
  readonly hastened: boolean;
  readonly crashes: number;
  readonly alone: boolean;
}): PackedLease {
  const { lease, until, columns, domain, recipients, hastened, crashes, alone } = leased;
  const head: PackedHead = [
    recipients.length,
    lease,
    until,
    hastened ? 1 : 0,
    crashes,
    alone ? 1 : 0,
    domain.name,
    domain.createdAt,
  ];
  return { id: columns[0], size: columns[2], fields: [...head, ...columns, ...recipients.flat()] };
}

/** @param contentOf returns the content of a message; null if it does not travel with the lease */
export function packLeases(
  leases: readonly PackedLease[],
  contentOf: (id: number, size: number) => Uint8Array | null,
): PackedLeases {
  const fields: Column[] = [];
  const contents: Uint8Array[] = [];
  for (const { id, size, fields: own } of leases) {
    const content = contentOf(id, size);
    if (content !== null) contents.push(content);
    fields.push(content?.length ?? null, ...own);
  }
  return { fields, octets: Buffer.concat(contents) };
}

export function unpackLeases({ fields, octets }: PackedLeases): Lease[] {
  const leases: Lease[] = [];
  let at = 0;
  let used = 0;
  // One object for all messages of a domain: leases are many, and live for a while.
  const domains = new Map<number, Domain>();
  const several = (count: number): Column[] => fields.slice(at, (at += count));
  while (at < fields.length) {
    const length = fields[at++] as number | null;
    const head = several(HEAD) as PackedHead;
    const columns = several(LEASED_COLUMNS.length) as LeasedColumns;
    const recipients: LeasedRecipient[] = [];
    while (recipients.length < head[0]) recipients.push(recipientOf(several(RECIPIENT) as PackedRecipient));
    const content = length === null ? undefined : copyOf(octets.subarray(used, (used += length)));
    const [, domainId] = columns;
    let domain = domains.get(domainId);
    if (domain === undefined)
      domains.set(domainId, (domain = { id: domainId, name: head[6], createdAt: head[7] }));
    leases.push(leaseOf(head, columns, domain, recipients, content));
  }
  return leases;
}

/** Returns a copy, so that one lease does not keep the contents of all of them in memory. */
function copyOf(octets: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.from(octets);
  return new Uint8Array(buffer, byteOffset, length);
}

function recipientOf(packed: PackedRecipient): LeasedRecipient {
  const [position, forwardPath, notify, originalRecipient, attempts, delayReported] = packed;
  return {
    position,
    forwardPath,
    originalRecipient,
    attempts,
    notify: notifyOf(notify),
    delayReported: delayReported === 1,
  };
}

function leaseOf(
  [, lease, until, hastened, crashes, alone]: PackedHead,
  [id, , size, reversePath, from, tags, messageId, receivedAt, needs, ...terms]: LeasedColumns,
  domain: Domain,
  recipients: readonly LeasedRecipient[],
  content: Uint8Array | undefined,
): Lease {
  return {
    lease,
    id,
    domain,
    reversePath,
    from,
    tags: tags === null ? [] : (JSON.parse(tags) as string[]),
    messageId,
    size,
    receivedAt,
    terms: termsOf(termsRowOf(terms)),
    needs: needsOf(needs),
    recipients,
    until,
    ...(content === undefined ? {} : { content }),
    ...(hastened === 1 ? { hastened: true } : {}),
    ...(crashes === 0 ? {} : { crashes: { count: crashes, alone: alone === 1 } }),
  };
}

function termsRowOf(terms: TermsColumns): TermsRow {
  const [ret, envelope_id, release_at, deliver_by, deliver_by_mode, priority, require_tls, body, smtputf8] =
    terms;
  return {
    ret,
    envelope_id,
    release_at,
    deliver_by,
    deliver_by_mode,
    priority,
    require_tls,
    body,
    smtputf8,
  };
}
