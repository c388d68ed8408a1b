/** Converts the terms of delivery between the contract's shape and their columns. */
import type { DeliveryTerms, NotifyEvent } from '../port.js';

/** The columns of a message for its terms. */
export interface TermsRow {
  readonly ret: DeliveryTerms['ret'];
  readonly envelope_id: string | null;
  readonly release_at: number | null;
  readonly deliver_by: number | null;
  /** R or N, and T for a trace: RFC 2852 4. */
  readonly deliver_by_mode: string | null;
  readonly priority: number;
  readonly require_tls: number;
  readonly body: DeliveryTerms['body'];
  readonly smtputf8: number;
}

export const TERMS_COLUMNS = [
  'ret',
  'envelope_id',
  'release_at',
  'deliver_by',
  'deliver_by_mode',
  'priority',
  'require_tls',
  'body',
  'smtputf8',
] as const satisfies readonly (keyof TermsRow)[];

/** Whether nothing was asked for: then the defaults of the columns tell it. */
export function areDefault(terms: Partial<DeliveryTerms> = {}): boolean {
  return (
    (terms.ret ?? null) === null &&
    (terms.envelopeId ?? null) === null &&
    (terms.releaseAt ?? null) === null &&
    (terms.deliverBy ?? null) === null &&
    (terms.priority ?? 0) === 0 &&
    terms.requireTls !== true &&
    (terms.body ?? null) === null &&
    terms.smtputf8 !== true
  );
}

/** In the order of {@link TERMS_COLUMNS}. */
export function termsColumns(terms: Partial<DeliveryTerms> = {}): (string | number | null)[] {
  const { deliverBy = null } = terms;
  const mode = deliverBy === null ? null : deliverBy.otherwise === 'return' ? 'R' : 'N';
  return [
    terms.ret ?? null,
    terms.envelopeId ?? null,
    terms.releaseAt ?? null,
    deliverBy?.time ?? null,
    mode === null ? null : `${mode}${deliverBy?.trace === true ? 'T' : ''}`,
    terms.priority ?? 0,
    terms.requireTls === true ? 1 : 0,
    terms.body ?? null,
    terms.smtputf8 === true ? 1 : 0,
  ];
}

export function termsOf(row: TermsRow): DeliveryTerms {
  return {
    ret: row.ret,
    envelopeId: row.envelope_id,
    releaseAt: row.release_at,
    deliverBy:
      row.deliver_by === null
        ? null
        : {
            time: row.deliver_by,
            otherwise: row.deliver_by_mode?.startsWith('R') === true ? 'return' : 'notify',
            trace: row.deliver_by_mode?.endsWith('T') === true,
          },
    priority: row.priority,
    requireTls: row.require_tls === 1,
    body: row.body,
    smtputf8: row.smtputf8 === 1,
  };
}

const NEVER = 'NEVER';

/** As NOTIFY= says it (RFC 3461 4.1). */
export function notifyColumn(notify: readonly NotifyEvent[] | null = null): string | null {
  if (notify === null) return null;
  return notify.length === 0 ? NEVER : notify.join(',');
}

export function notifyOf(column: string | null): NotifyEvent[] | null {
  if (column === null) return null;
  return column === NEVER ? [] : (column.split(',') as NotifyEvent[]);
}
