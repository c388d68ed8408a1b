import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Attempt } from '../../store/queue.js';
import type { WebhookCall } from '../../store/webhooks.js';
import { Tally } from './tally.js';

/** How messages and sign-ins come in. */
type Way = 'smtp' | 'api';

/** Bounds of times that are a moment, and of times that may be days; in seconds. */
const QUICK = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LONG = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 172_800];
/** How often the lag of the event loop is sampled, in milliseconds. */
const LAG_MS = 20;

/**
 * Everything that is counted. Labels have few values: never an address, a domain or a token. The composition connects
 * the methods with what happens; none of them throws.
 */
export class Metrics {
  readonly registry = new Registry();
  /** Counts commands and replies of SMTP. */
  readonly meter: { command(verb: string): void; reply(code: number): void };
  readonly #accepted;
  readonly #acceptedOctets;
  readonly #acceptTime;
  readonly #refused;
  readonly #authFailures;
  readonly #refusedConnections;
  readonly #commitTime;
  readonly #commitWrites;
  readonly #attempts;
  readonly #age;
  readonly #outages;
  readonly #calls;
  readonly #callTime;
  readonly #switchedOff;
  readonly #requests;
  readonly #requestTime;
  readonly #droppedStreams;
  readonly #droppedLines;

  /** @param version that of the program */
  constructor(version: string) {
    const registers = [this.registry];
    const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
      new Counter({ name: `postern_${name}`, help, labelNames, registers });
    const histogram = <Label extends string>(
      name: string,
      help: string,
      buckets: readonly number[],
      labelNames: readonly Label[] = [],
    ) => new Histogram({ name: `postern_${name}`, help, buckets: [...buckets], labelNames, registers });
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: LAG_MS });
    new Gauge({
      name: 'postern_build_info',
      help: 'Always 1; the label has the version',
      labelNames: ['version'],
      registers,
    }).set({ version }, 1);

    const commands = new Tally(this.registry, 'postern_smtp_commands_total', 'SMTP commands', 'verb');
    const replies = new Tally(this.registry, 'postern_smtp_replies_total', 'SMTP replies', 'code');
    this.meter = {
      command: (verb) => commands.add(verb === '' ? 'unknown' : verb),
      reply: (code) => replies.add(code),
    };
    this.#refusedConnections = counter(
      'connections_refused_total',
      'SMTP clients turned away before a greeting',
      ['reason'],
    );
    this.#authFailures = counter('auth_failures_total', 'Failed AUTH, sign-ins and tokens', ['way']);
    this.#accepted = counter('accepted_total', 'Messages accepted', ['way']);
    this.#acceptedOctets = counter('accepted_bytes_total', 'Octets of accepted messages', ['way']);
    this.#acceptTime = histogram(
      'accept_duration_seconds',
      'From the end of the content until the message is on stable storage',
      QUICK,
      ['way'],
    );
    this.#refused = counter(
      'refused_total',
      'Commands, messages and recipients refused: by reply code of SMTP, by error code of the API',
      ['way', 'reason'],
    );
    this.#commitTime = histogram(
      'store_commit_duration_seconds',
      'Time of one transaction that writes',
      QUICK,
    );
    this.#commitWrites = histogram('store_commit_writes', 'Writes that shared one transaction', [
      ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    ]);
    this.#attempts = counter(
      'delivery_attempts_total',
      'Attempts to deliver to one recipient: 2xx, 4xx and 5xx are replies, unreached is a server that was not reached',
      ['outcome', 'class'],
    );
    this.#age = histogram(
      'delivery_age_seconds',
      'From acceptance, or release, to delivery, of one recipient',
      LONG,
    );
    this.#outages = counter('delivery_outages_total', 'Destinations that stopped working');
    this.#calls = counter('webhook_calls_total', 'Calls of webhooks', ['outcome', 'class']);
    this.#callTime = histogram('webhook_call_duration_seconds', 'Time of one call of a webhook', QUICK);
    this.#switchedOff = counter(
      'webhooks_switched_off_total',
      'Webhooks switched off since they failed too often',
    );
    this.#requests = counter('http_requests_total', 'HTTP requests answered', ['method', 'route', 'code']);
    this.#requestTime = histogram('http_request_duration_seconds', 'Time to answer an HTTP request', QUICK, [
      'route',
    ]);
    this.#droppedStreams = counter(
      'event_streams_dropped_total',
      'Event streams ended since they were not read',
    );
    this.#droppedLines = counter(
      'log_lines_dropped_total',
      'Lines that were lost since the log could not be written',
    );
  }

  /** @param duration milliseconds */
  accepted(way: Way, { size, duration }: { readonly size: number; readonly duration: number }): void {
    this.#accepted.inc({ way });
    this.#acceptedOctets.inc({ way }, size);
    this.#acceptTime.observe({ way }, duration / 1000);
  }

  /** @param reason one of a bounded number of codes */
  refused(way: Way, reason: string): void {
    this.#refused.inc({ way, reason });
  }

  authFailed(way: Way): void {
    this.#authFailures.inc({ way });
  }

  connectionRefused(reason: 'too-many' | 'other'): void {
    this.#refusedConnections.inc({ reason });
  }

  /** @param duration milliseconds */
  committed({ writes, duration }: { readonly writes: number; readonly duration: number }): void {
    this.#commitTime.observe(duration / 1000);
    this.#commitWrites.observe(writes);
  }

  /** @param since when the message was accepted or released, in milliseconds since the epoch */
  attempted({ outcome, reply, remoteHost, at }: Attempt, since: number): void {
    this.#attempts.inc({ outcome, class: classOf(reply, remoteHost) });
    if (outcome === 'delivered') this.#age.observe(Math.max(0, at - since) / 1000);
  }

  outage(): void {
    this.#outages.inc();
  }

  webhookCalled({ outcome, status, duration }: Pick<WebhookCall, 'outcome' | 'status' | 'duration'>): void {
    this.#calls.inc({ outcome, class: status === null ? 'none' : `${Math.floor(status / 100)}xx` });
    this.#callTime.observe(duration / 1000);
  }

  webhookSwitchedOff(): void {
    this.#switchedOff.inc();
  }

  /**
   * @param route the pattern of the route
   * @param duration milliseconds; null for answers that last as long as their client wants
   */
  answered(method: string, route: string, code: number, duration: number | null): void {
    this.#requests.inc({ method, route, code: String(code) });
    if (duration !== null) this.#requestTime.observe({ route }, duration / 1000);
  }

  streamDropped(): void {
    this.#droppedStreams.inc();
  }

  logLineDropped(): void {
    this.#droppedLines.inc();
  }
}

function classOf(reply: string, remoteHost: string | null): string {
  const [, digit] = /^([245])\d\d(?:[ -]|$)/.exec(reply) ?? [];
  if (digit !== undefined) return `${digit}xx`;
  return remoteHost === null ? 'unreached' : 'other';
}
