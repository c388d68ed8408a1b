import { readFileSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import { Shared } from '../../../client/parts.js';
import { Pool } from '../smtp/pool.js';
import type { SmtpEnvironment } from '../smtp/environment.js';
import { SetupError, DestinationError } from '../smtp/errors.js';
import { DEFAULT_SMTP_CLIENT, type SmtpClientLimits } from '../smtp/limits.js';
import type { SessionOptions } from '../smtp/options.js';
import { Session } from '../smtp/session.js';
import { sendShipment } from '../smtp/ship.js';
import { formatHostPort } from '../smtp/url.js';
import type { Delivery, Shipment, Transport } from '../transport.js';
import { destinationOf } from './destination.js';
import { Policies, type StsPolicy } from './policies.js';
import { addressesOf, type MailHost, mailHosts } from './resolve.js';
import type { MxTarget } from './target.js';
import { isWaived } from './waiver.js';

/** If there are more pools than this, empty ones are removed. */
const POOLS = 256;

/** How long further mail servers of a domain are tried, in milliseconds. All mail for the domain waits meanwhile. */
const SEARCH_MS = 2 * 60_000;

/**
 * The time-out of a query to a name server, in milliseconds, and the number of tries; the second try has twice the
 * time.
 */
const DNS_TIMEOUT = 3000;
const DNS_TRIES = 2;

/**
 * Opens a transport that delivers to the mail servers of recipients' domains.
 *
 * @throws if the file of `ca` cannot be read
 */
export function openMx(target: MxTarget, environment: SmtpEnvironment): Transport {
  return new MxTransport(target, environment);
}

class MxTransport implements Transport {
  readonly name: string;
  readonly #target: MxTarget;
  readonly #limits: SmtpClientLimits;
  readonly #hostname: string;
  readonly #onCut: SmtpEnvironment['onCut'];
  readonly #now: () => number;
  readonly #ca: Buffer | undefined;
  readonly #resolver = new Resolver({ timeout: DNS_TIMEOUT, tries: DNS_TRIES });
  readonly #policies: Policies;
  /** By domain. */
  readonly #pools = new Map<string, Pool<Session>>();
  readonly #shared = new Shared();
  readonly #share: (limit: number) => number;
  #closed = false;

  constructor(target: MxTarget, { hostname, limits, onCut, share, now = Date.now }: SmtpEnvironment) {
    this.#share = share ?? ((limit) => limit);
    const { resolver, ca, port, connections, stsPort } = target;
    this.name = port === 25 ? 'mx://' : `mx://?port=${port}`;
    this.#target = target;
    this.#limits = { ...DEFAULT_SMTP_CLIENT, connections, ...limits };
    this.#hostname = hostname;
    this.#onCut = onCut;
    this.#now = now;
    this.#ca = ca === null ? undefined : readFileSync(ca);
    if (resolver !== null) this.#resolver.setServers([resolver]);
    this.#policies = new Policies({
      resolver: this.#resolver,
      allowsPrivate: this.#allowsPrivate,
      port: stsPort,
      ca: this.#ca,
      now,
    });
  }

  destination(forwardPath: string): string {
    return destinationOf(forwardPath);
  }

  async send(shipment: Shipment, signal: AbortSignal): Promise<readonly Delivery[]> {
    const [first] = shipment.recipients;
    const domain = destinationOf(first?.forwardPath ?? '');
    const search: Search = { domain, ignoresPolicy: false, refused: false };
    try {
      const deliveries = await this.#ship(search, shipment, signal);
      // The message is read for a waiver only now, since most domains keep their policy, or have no policy.
      if (!search.refused || signal.aborted || !(await isWaived(shipment))) return deliveries;
      return await this.#ship({ domain, ignoresPolicy: true, refused: false }, shipment, signal);
    } finally {
      this.#sweep();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#resolver.cancel();
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
  }

  get #allowsPrivate(): boolean {
    return this.#target.private === 'allow';
  }

  #ship(search: Search, shipment: Shipment, signal: AbortSignal): Promise<Delivery[]> {
    const destination = {
      pool: () => this.#poolOf(search),
      open: (stop: AbortSignal, tried: ReadonlySet<string>) => this.#open(search, tried, stop),
      hasMoreServers: true,
    };
    return sendShipment(destination, shipment, this.#now(), signal);
  }

  /**
   * Returns the pool of a domain. Connections without a policy have a pool of their own, so that messages to which the
   * policy applies do not use them.
   */
  #poolOf({ domain, ignoresPolicy }: Search): Pool<Session> {
    const key = ignoresPolicy ? `${domain} without policy` : domain;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const pool = new Pool<Session>(() => this.#share(this.#limits.connections), this.#limits.idle);
    this.#pools.set(key, pool);
    if (this.#closed) void pool.close();
    return pool;
  }

  #sweep(): void {
    if (this.#pools.size <= POOLS) return;
    for (const [domain, pool] of this.#pools) if (pool.empty) this.#pools.delete(domain);
  }

  /**
   * Connects to a mail server of the domain: the first in their order (RFC 5321 5.1) that accepts a session, without
   * those that were tried before.
   */
  async #open(search: Search, tried: ReadonlySet<string>, signal: AbortSignal): Promise<Session> {
    const { domain, ignoresPolicy } = search;
    const policyless = ignoresPolicy || this.#target.sts === 'off' || domain.startsWith('[') || domain === '';
    const policy = policyless ? null : await this.#policies.of(domain);
    const hosts = await mailHosts(domain, this.#resolver, this.#hostname);
    const deadline = performance.now() + SEARCH_MS;
    let problem: Error | undefined;
    for (const host of hosts.filter(({ name }) => !tried.has(name))) {
      if (problem !== undefined && performance.now() > deadline) break;
      try {
        return await this.#openHost(host, policy, signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof SetupError || error instanceof DestinationError))
          throw error;
        // Only if no other server was tried: what another server accepted must not be sent again because of a waiver.
        if (error instanceof PolicyNotFulfilled && tried.size === 0) search.refused = true;
        // Keeps the error of the most preferred server, unless that one is final and another server may work later.
        if (problem === undefined || (isFinal(problem) && !isFinal(error))) problem = error;
      }
    }
    if (problem === undefined) throw new Error(`${domain} has no further mail server`);
    throw problem;
  }

  async #openHost(host: MailHost, policy: StsPolicy | null, signal: AbortSignal): Promise<Session> {
    const { name } = host;
    const enforced = policy?.mode === 'enforce';
    const named = policy !== null && policy.mode !== 'none' && policy.allows(name);
    if (enforced && !named) {
      throw new PolicyNotFulfilled(`the MTA-STS policy does not allow ${name} as a mail server`);
    }
    let problem: unknown;
    for (const address of await addressesOf(host, this.#resolver, this.#allowsPrivate)) {
      try {
        return await this.#openAddress(name, address, enforced, named, signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof SetupError || error instanceof DestinationError))
          throw error;
        if (problem === undefined || error instanceof PolicyNotFulfilled) problem = error;
      }
    }
    throw problem;
  }

  async #openAddress(
    name: string,
    address: string,
    enforced: boolean,
    named: boolean,
    signal: AbortSignal,
  ): Promise<Session> {
    const { port } = this.#target;
    const options: SessionOptions = {
      host: name,
      port,
      address,
      displayName: `${name} (${formatHostPort(address, port)})`,
      hello: this.#hostname,
      lmtp: false,
      tls: enforced ? 'required' : 'optional',
      verify: enforced,
      ca: this.#ca,
      credentials: null,
      limits: this.#limits,
      // RFC 8689 4.2.1: a certificate proves little if the name itself came from DNS alone.
      trusted: named,
      shared: this.#shared,
      onCut: this.#onCut,
    };
    const open = (tls: SessionOptions['tls']): Promise<Session> => Session.open({ ...options, tls }, signal);
    try {
      return await open(options.tls);
    } catch (error) {
      if (!(error instanceof SetupError) || error.phase !== 'tls') throw error;
      if (enforced)
        throw new PolicyNotFulfilled(`the MTA-STS policy asks for verified TLS: ${error.message}`);
      return await open('off');
    }
  }
}

/** The search for a server of a domain. */
interface Search {
  readonly domain: string;
  /** Whether the sender waives what the domain's policy requires. */
  readonly ignoresPolicy: boolean;
  /** Whether a server was skipped because of the policy. */
  refused: boolean;
}

/** The policy is not fulfilled. RFC 8461 5: mail waits until it is fulfilled, or changes. */
class PolicyNotFulfilled extends DestinationError {
  constructor(reason: string) {
    super({ outcome: 'deferred', reply: `4.7.5 ${reason}`, enhancedCode: '4.7.5', general: true });
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof DestinationError && error.result.outcome === 'bounced';
}
