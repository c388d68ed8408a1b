/**
 * What a copy of a store consists of, in the order in which it is written: a row comes after those that it refers to. The
 * names are those of the tables of both adapters. An adapter whose column has another form converts it.
 *
 * Left out is what a store makes anew from the rest (tags by name, the index of words), and what belongs to processes that
 * have ended, or is of a minute or so: leases, uploads, nodes, requests that hold an idempotency key, rates.
 */

/** `number`: a safe integer, a flag as 0 or 1. `octets`: a `Uint8Array`. Any column may be null. */
type ColumnType = 'number' | 'text' | 'octets';

interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

export interface Section {
  /** Name of the table. */
  readonly name: SectionName;
  /** The columns of the key come first: rows are in its order. */
  readonly columns: readonly Column[];
  /** Number of columns of the key. */
  readonly key: number;
}

/** Keys, then the other columns: `#` before a number, `*` before octets, nothing before a text. */
const COLUMNS = {
  domain: ['#id', 'name #created_at #removed_at #content_age #message_age #content_octets'],
  token: ['*digest', '#domain_id #expires_at #created_at #last_used_at'],
  block_entry: ['#domain_id address', 'verdict #since reason #expires_at'],
  dkim_key: ['#domain_id selector', 'algorithm *private_key #created_at #active'],
  webhook: ['#domain_id', 'url events *public_key *private_key #created_at #off_since off_reason'],
  idempotency_key: ['#domain_id key', 'owner #until response'],
  session: ['*digest', '#domain_id #created_at #last_seen_at #expires_at client_address user_agent'],
  setting: ['name', 'value'],
  message: [
    '#id',
    '#domain_id status #size #received_at reverse_path header_from subject tags list_unsubscribe header_message_id ' +
      'tls client_address #needs origin ret envelope_id #release_at #deliver_by deliver_by_mode #priority ' +
      '#require_tls body #smtputf8 #content_removed',
  ],
  recipient: [
    '#message_id #position',
    'forward_path status notify original_recipient #attempts #next_attempt_at #delay_reported',
  ],
  attempt: ['#message_id #position #number', '#at outcome remote_host reply tls'],
  owed_report: ['#message_id #position', 'kind #attempt #next_attempt_at'],
  queue: ['#message_id', '#domain_id #priority #due_at #crashes #crashed_alone'],
  webhook_event: [
    '#id',
    '#domain_id name #message_id positions attempt #at #attempts #due_at #crashes #crashed_alone',
  ],
  webhook_call: [
    '#id',
    '#event #domain_id name #message_id #at #duration #status outcome problem positions attempt',
  ],
  counter: ['#domain_id tag #unit #at #measure', '#count'],
  destination_counter: ['#domain_id #day destination #measure', '#count'],
  gauge: ['#domain_id name', '#value'],
  counted_name: ['#kind #domain_id #day name', ''],
  time_span: ['#hour', '#low #high'],
  late_message: ['#number', '#message_id #domain_id #above'],
  chunk: ['#message_id #sequence', '*octets'],
} as const;

export type SectionName = keyof typeof COLUMNS;

const TYPES: Readonly<Record<string, ColumnType>> = { '#': 'number', '*': 'octets' };

function columnsIn(text: string): Column[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => ({ name: word.replace(/^[#*]/, ''), type: TYPES[word.charAt(0)] ?? 'text' }));
}

export const SECTIONS: readonly Section[] = Object.entries(COLUMNS).map(([name, [key, rest]]) => {
  const columns = columnsIn(key);
  return { name: name as SectionName, key: columns.length, columns: [...columns, ...columnsIn(rest)] };
});

/** Rows of one page at most, and octets of content after which a page ends. */
export const PAGE_ROWS = 500;
export const PAGE_OCTETS = 4 * 1024 * 1024;
