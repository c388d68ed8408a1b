/** Connects what happens in the server with the metrics. */
import type { Metrics } from '../../api/metrics/metrics.js';
import type { Config } from '../../config/index.js';
import type { RunnerObserver } from '../../delivery/queue/runner.js';
import type { WebhookObserver } from '../../delivery/webhooks/webhooks.js';
import { type Observer as ServerObserver, TooManyConnections } from '../../server/index.js';
import type { Domain } from '../../store/port.js';
import { version } from '../version.js';

/** Returns the metrics; null if nothing serves them. prom-client is loaded only if it is needed. */
export async function openMetrics({ http }: Config): Promise<Metrics | null> {
  if (http.listen === null && http.metrics === null) return null;
  const { Metrics } = await import('../../api/metrics/metrics.js');
  return new Metrics(await version());
}

/** Counts refusals and failed AUTH of SMTP. */
export function countSessions(metrics: Metrics): ServerObserver<Domain> {
  return {
    onRefused: (_session, command, { code, enhanced }) => {
      metrics.refused('smtp', enhanced === null ? String(code) : `${code} ${enhanced}`);
      // 454 says nothing about the credentials.
      if (command === 'AUTH' && (code === 535 || code === 421)) metrics.authFailed('smtp');
    },
    onRefusedArrival: (_address, error) => {
      metrics.connectionRefused(error instanceof TooManyConnections ? 'too-many' : 'other');
    },
  };
}

/** Counts attempts to deliver. */
export function countDelivery(metrics: Metrics): Pick<RunnerObserver, 'onOutcome' | 'onOutage'> {
  return {
    onOutcome: ({ receivedAt, terms }, _recipient, { attempt }) => {
      metrics.attempted(attempt, Math.max(receivedAt, terms.releaseAt ?? 0));
    },
    onOutage: () => metrics.outage(),
  };
}

/** Counts calls of webhooks. */
export function countWebhooks(metrics: Metrics): Pick<WebhookObserver, 'onCalled' | 'onSwitchedOff'> {
  return {
    onCalled: (call) => metrics.webhookCalled(call),
    onSwitchedOff: () => metrics.webhookSwitchedOff(),
  };
}
