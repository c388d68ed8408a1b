import { setTimeout as pause } from 'node:timers/promises';
import { ApiError } from '../../api/errors.js';
import { DEFAULT_API } from '../../api/limits.js';
import { toApiError } from '../../api/plugins/errors.js';
import { Gate } from '../../api/reading/gate.js';
import { Resending } from '../../api/resending.js';
import type { Config } from '../../config/index.js';
import { fittingRule } from '../../delivery/queue/routes.js';
import { normalizeDomain } from '../../message/domain.js';
import type { MessageId, Store } from '../../store/port.js';
import { Submissions } from '../../submission/submissions.js';
import { CliError } from '../error.js';

/**
 * Milliseconds before a message is tried again if its domain sends too quickly. Rates are by the minute. After the last
 * one, the message alone is too much: it has more recipients than the domain may send to in a minute.
 */
const WAITS_MS = [1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000];

/** The copy of a message, and whether it is held; or why there is none. */
export type Resent = { readonly copy: MessageId; readonly isHeld: boolean } | { readonly problem: string };

/** Sends messages again. */
interface Resender {
  /**
   * Waits while the domain of the message sends too quickly.
   *
   * @param onWait called once if it waits, with the reason
   * @throws CliError or StoreError if the store fails
   */
  resend(id: MessageId, onWait: (reason: string) => Promise<void>): Promise<Resent>;
}

/**
 * Returns what sends messages again by the rules of the HTTP API. With a data folder, the rates are those of this process
 * alone.
 *
 * @param releases whether no copy is held
 */
export function openResending(config: Config, store: Store, releases: boolean): Resender {
  const { submission, deliver, delivery, hostname } = config;
  const rules = [
    ...delivery.routes.map(({ domain, ...rule }) => ({
      ...rule,
      domain: domain === null ? null : normalizeDomain(domain),
    })),
    { domain: null, tag: null, deliver },
  ];
  const submissions = new Submissions({
    store,
    hostname,
    rates: {
      messagesPerMinute: submission.maxMessagesPerMinute,
      recipientsPerMinute: submission.maxRecipientsPerMinute,
    },
  });
  let isHeld = false;
  // This command does not see the flags of `postern serve`. If the first message was not held, the server has a route.
  const resending = new Resending(
    store,
    submissions,
    new Gate(DEFAULT_API.readings),
    Date.now,
    ({ name }, { tags, status }) => {
      const isRouted = (fittingRule(rules, name, tags)?.deliver.length ?? 0) > 0;
      isHeld = !releases && !isRouted && status === 'held';
      return isHeld ? 'held' : 'queued';
    },
  );
  const client = { address: '127.0.0.1', tls: null, userAgent: 'postern resend', listener: null };
  return {
    async resend(id, onWait) {
      for (const wait of [...WAITS_MS, null]) {
        try {
          const copy = await resending.resend('all', id, client);
          return { copy, isHeld };
        } catch (error) {
          const refusal = toApiError(error);
          if (refusal.code !== 'sending_too_quickly' || wait === null) {
            return { problem: problemOf(refusal, error) };
          }
          if (wait === WAITS_MS[0]) await onWait('The domain may send no more in this minute; waiting.');
          await pause(wait);
        }
      }
      throw new Error('the last try returns');
    },
  };
}

function problemOf({ code, status, message }: ApiError, error: unknown): string {
  if (code === 'not_found') return 'there is no such message';
  if (status < 500) return message;
  if (error instanceof ApiError) throw new CliError(message, { cause: error });
  throw error;
}
