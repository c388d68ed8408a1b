import { Fault, type Parsed } from '../../base/fault.js';
import { normalizeDomain } from '../../message/domain.js';
import type { Secret } from '../../base/secret.js';
import {
  DELIVER_FORM,
  type OpenTransport,
  readTransportUrl,
  type TransportEnvironment,
} from '../transports/schemes.js';
import type { Transport } from '../transports/transport.js';

/** The URL of a transport from the configuration. */
export interface DeliverUrl {
  readonly url: Secret;
  /** The same URL without its secrets. */
  readonly shown: string;
}

/** A rule that chooses the transports for some messages. */
interface RouteRule {
  /** Name of the sending domain; null matches any. */
  readonly domain: string | null;
  /** A tag that the message has; null matches any message. */
  readonly tag: string | null;
  /** The transports in the order in which they are tried. */
  readonly deliver: readonly DeliverUrl[];
}

interface RouteTable {
  /** The transports for messages that no rule fits. If empty, such messages are held. */
  readonly deliver: readonly DeliverUrl[];
  /** The first rule that fits counts. */
  readonly routes: readonly RouteRule[];
}

/** Thrown if routes cannot be opened. Each problem names the key, and the values that are allowed. */
export class RouteError extends Error {
  override readonly name = 'RouteError';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

interface Route extends Pick<RouteRule, 'domain' | 'tag'> {
  readonly ways: readonly Transport[];
}

/**
 * Returns the first rule that fits a message; undefined if no rule fits.
 *
 * @param domain name of the sending domain, normalized as those of the rules are
 */
export function fittingRule<Rule extends Pick<RouteRule, 'domain' | 'tag'>>(
  rules: readonly Rule[],
  domain: string,
  tags: readonly string[],
): Rule | undefined {
  return rules.find(
    (rule) =>
      (rule.domain === null || rule.domain === domain) && (rule.tag === null || tags.includes(rule.tag)),
  );
}

/** Chooses the transports for a message. One URL is one transport, however many routes name it. */
export class Routes {
  private constructor(
    private readonly routes: readonly Route[],
    private readonly transports: readonly Transport[],
  ) {}

  /**
   * Opens all transports of a table.
   *
   * @throws RouteError with every problem at once
   */
  static async open(table: RouteTable, environment: TransportEnvironment): Promise<Routes> {
    const opener = new Opener(environment);
    const fallback = await opener.open(table.deliver, 'deliver');
    const routes: Route[] = [];
    for (const [index, { domain, tag, deliver }] of table.routes.entries()) {
      const key = `delivery.routes[${index}]`;
      const ways = await opener.open(deliver, `${key}.deliver`);
      const name = domain === null ? null : normalizeDomain(domain);
      if (domain !== null && name === null) {
        opener.problems.push(`${key}.domain = ${JSON.stringify(domain)}: that is not the name of a domain`);
      }
      routes.push({ domain: name, tag, ways });
    }
    const transports = [...opener.transports.values()];
    if (opener.problems.length > 0) {
      await Promise.all(transports.map((transport) => transport.close()));
      throw new RouteError(opener.problems);
    }
    return new Routes([...routes, { domain: null, tag: null, ways: fallback }], transports);
  }

  /** True if no message is delivered anywhere. */
  get isEmpty(): boolean {
    return this.transports.length === 0;
  }

  /** True if a transport delivers to the servers of the recipients: their domains are its destinations. */
  get areDirect(): boolean {
    const [one, another] = ['a@one.example', 'a@another.example'];
    return this.transports.some((way) => way.destination(one) !== way.destination(another));
  }

  /** Names of the transports, for people. */
  get names(): string[] {
    return this.transports.map(({ name }) => name);
  }

  /** Returns the transports for a message, in the order in which they are tried; none if it is to be held. */
  transportsOf(domain: string, tags: readonly string[]): readonly Transport[] {
    return fittingRule(this.routes, domain, tags)?.ways ?? [];
  }

  /** Ends all connections. May be called repeatedly. */
  async close(): Promise<void> {
    await Promise.all(this.transports.map((transport) => transport.close()));
  }
}

class Opener {
  readonly transports = new Map<string, Transport>();
  readonly problems: string[] = [];

  constructor(private readonly environment: TransportEnvironment) {}

  /** @param key the configuration key of the URLs */
  async open(urls: readonly DeliverUrl[], key: string): Promise<Transport[]> {
    const ways: Transport[] = [];
    for (const [index, { url, shown }] of urls.entries()) {
      const way = await this.#transport(url.expose());
      if (way instanceof Fault) {
        this.problems.push(
          `${key}[${index}] = ${JSON.stringify(shown)}: ${way.reason}; allowed is ${DELIVER_FORM}`,
        );
      } else ways.push(way);
    }
    return ways;
  }

  async #transport(url: string): Promise<Parsed<Transport>> {
    const known = this.transports.get(url);
    if (known !== undefined) return known;
    const open: Parsed<OpenTransport> = await readTransportUrl(url);
    if (open instanceof Fault) return open;
    try {
      const transport = open(this.environment);
      this.transports.set(url, transport);
      return transport;
    } catch (error) {
      return new Fault(error instanceof Error ? error.message : String(error));
    }
  }
}
