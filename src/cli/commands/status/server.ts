import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { STATUSES } from '../../../store/port.js';
import { COMMANDS } from '../../limits.js';
import type { Numbers, ServerState } from './state.js';

/** Thrown if a URL does not answer, or something other than this program does. The message has no URL in it. */
export class NoServer extends Error {
  override readonly name = 'NoServer';
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * Asks a running server for its state.
 *
 * @param url without a slash at its end
 * @param verify whether the certificate of `https:` must be valid
 * @throws NoServer
 */
export async function serverState(url: string, verify: boolean): Promise<ServerState> {
  const { reasons, ready } = readinessIn(await get(`${url}/readyz`, verify));
  const metrics = await get(`${url}/metrics`, verify);
  const numbers = metrics.status === 200 ? numbersIn(metrics.text) : null;
  const nodes = metrics.status === 200 ? nodesIn(metrics.text) : null;
  return { ready, reasons, source: url, numbers, nodes };
}

function readinessIn({ status, text }: Answer): {
  readonly ready: boolean;
  readonly reasons: readonly string[];
} {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = null;
  }
  const { status: word, reasons } = (body ?? {}) as { readonly status?: unknown; readonly reasons?: unknown };
  const known = (status === 200 && word === 'ready') || (status === 503 && word === 'not ready');
  if (!known || !Array.isArray(reasons)) throw new NoServer(`another program answers there, with ${status}`);
  return { ready: status === 200, reasons: reasons.map(String) };
}

/** Reads the numbers out of metrics in the text format of Prometheus; null if they are not those of this program. */
function numbersIn(text: string): Numbers | null {
  const metrics = new Metrics(text);
  const started = metrics.sum('process_start_time_seconds');
  if (!metrics.has('postern_messages') || started === 0) return null;
  const attempts = (outcome: string): number => metrics.sum('postern_delivery_attempts_total', { outcome });
  return {
    messages: Object.fromEntries(
      STATUSES.map((status) => [status, metrics.sum('postern_messages', { status })]),
    ) as Record<(typeof STATUSES)[number], number>,
    contentOctets: metrics.sum('postern_store_content_bytes'),
    oldestSeconds: Math.round(metrics.sum('postern_queue_oldest_seconds')),
    transactionSeconds: Math.round(metrics.sum('postern_store_oldest_transaction_seconds')),
    diskFree: metrics.has('postern_disk_free_bytes') ? metrics.sum('postern_disk_free_bytes') : null,
    since: new Date(Math.round(started) * 1000).toISOString(),
    accepted: metrics.sum('postern_accepted_total'),
    delivered: attempts('delivered'),
    deferred: attempts('deferred'),
    bounced: attempts('bounced'),
  };
}

/** Returns the number of servers by state; null if the metrics do not have it. */
function nodesIn(text: string): ServerState['nodes'] {
  const metrics = new Metrics(text);
  if (!metrics.has('postern_nodes')) return null;
  const count = (state: string): number => metrics.sum('postern_nodes', { state });
  return { running: count('running'), draining: count('draining'), silent: count('silent') };
}

/** Samples of metrics, by name and labels. */
class Metrics {
  readonly #samples: { readonly name: string; readonly labels: string; readonly value: number }[] = [];

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [, name, labels = '', value] = /^([a-z_]+)(?:\{([^}]*)\})? (\S+)$/.exec(line) ?? [];
      if (name !== undefined) this.#samples.push({ name, labels, value: Number(value) });
    }
  }

  has(metric: string): boolean {
    return this.#samples.some(({ name }) => name === metric);
  }

  /** Returns the sum of the samples that have these labels. */
  sum(metric: string, labels: Readonly<Record<string, string>> = {}): number {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return this.#samples
      .filter(
        ({ name, labels: own }) => name === metric && wanted.every((each) => own.split(',').includes(each)),
      )
      .reduce((sum, { value }) => sum + value, 0);
  }
}

function get(url: string, verify: boolean): Promise<Answer> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(new NoServer(error.message === '' ? String(error) : error.message, { cause: error }));
    const sent = request(
      url,
      { agent: false, rejectUnauthorized: verify, signal: AbortSignal.timeout(COMMANDS.statusTime.initial) },
      (response) => {
        let octets = 0;
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => {
          octets += piece.length;
          if (octets > COMMANDS.statusAnswer.initial) sent.destroy(new Error('its answer is too long'));
          else pieces.push(piece);
        });
        response.on('error', fail);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') }),
        );
      },
    );
    sent.on('error', fail);
    sent.end();
  });
}
