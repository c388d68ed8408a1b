/** Settlements as they travel to the worker: one flat array, for the reason that `packed.ts` gives. */
import type { AttemptOutcome, ReportKind, Settlement } from '../../queue.js';
import type { Column } from './column.js';

/** The values of a settlement, in the order in which they are packed. */
type Fields = [
  position: number,
  at: number,
  outcome: AttemptOutcome,
  remoteHost: string | null,
  reply: string,
  tls: string | null,
  nextAttemptAt: number | null,
  report: ReportKind | null,
  block: number,
];

const FIELDS = 9;

export function packSettlements(settlements: readonly Settlement[]): Column[] {
  const fields: Column[] = [];
  for (const { position, attempt, nextAttemptAt, report, block } of settlements) {
    const { at, outcome, remoteHost, reply, tls } = attempt;
    const packed: Fields = [
      position,
      at,
      outcome,
      remoteHost,
      reply,
      tls,
      nextAttemptAt,
      report,
      block ? 1 : 0,
    ];
    fields.push(...packed);
  }
  return fields;
}

export function unpackSettlements(fields: readonly Column[]): Settlement[] {
  const settlements: Settlement[] = [];
  for (let start = 0; start < fields.length; start += FIELDS) {
    const packed = fields.slice(start, start + FIELDS) as Fields;
    const [position, at, outcome, remoteHost, reply, tls, nextAttemptAt, report, block] = packed;
    const attempt = { at, outcome, remoteHost, reply, tls };
    settlements.push({ position, attempt, nextAttemptAt, report, block: block === 1 });
  }
  return settlements;
}
