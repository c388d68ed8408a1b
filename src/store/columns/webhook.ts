/** Rows of webhooks and of their events, which both databases return in almost the same form. */
import { DUE_AT_ONCE } from '../due-time.js';
import type { Attempt } from '../queue.js';
import type { EventName, Webhook, WebhookEvent } from '../webhooks.js';

export interface WebhookRow {
  readonly domain_id: number;
  readonly domain: string;
  readonly url: string;
  /** A database that has no type for JSON returns its text. */
  readonly events: string | readonly EventName[];
  readonly public_key: Uint8Array;
  readonly private_key: Uint8Array;
  readonly created_at: number;
  readonly off_since: number | null;
  readonly off_reason: string | null;
}

export type EventRow = Omit<WebhookEvent, 'positions' | 'attempt' | 'crashes' | 'hastened'> & {
  readonly positions: string;
  readonly attempt: string | null;
  readonly crashes: number;
  /** 0 or 1 of a database that has no type for truth. */
  readonly crashedAlone: boolean | number;
};

export function webhookOf(row: WebhookRow): Webhook {
  return {
    domainId: row.domain_id,
    domain: row.domain,
    url: row.url,
    events: typeof row.events === 'string' ? (JSON.parse(row.events) as EventName[]) : row.events,
    keys: { publicKey: row.public_key, privateKey: row.private_key },
    createdAt: row.created_at,
    off: row.off_since === null ? null : { since: row.off_since, reason: row.off_reason ?? '' },
  };
}

/** @param dueAt when it was due before its lease */
export function eventOf({ crashes, crashedAlone, ...row }: EventRow, dueAt: number): WebhookEvent {
  return {
    ...row,
    ...(dueAt === DUE_AT_ONCE ? { hastened: true } : {}),
    crashes: crashes === 0 ? null : { count: crashes, alone: Boolean(crashedAlone) },
    positions: JSON.parse(row.positions) as number[],
    attempt: row.attempt === null ? null : (JSON.parse(row.attempt) as Attempt),
  };
}
