import type { Resolver } from 'node:dns/promises';
import { get } from 'node:https';
import { parsePolicy, resolvePolicy } from 'mailauth/lib/mta-sts.js';
import { Recent } from '../../../base/bounded-map.js';
import { addressesOf } from './resolve.js';

/** The MTA-STS policy of a domain: its rules for TLS to its mail servers (RFC 8461 3.2). */
export interface StsPolicy {
  readonly mode: 'enforce' | 'testing' | 'none';
  /** Returns whether the policy names this mail server. */
  allows(host: string): boolean;
}

export interface PolicyOptions {
  readonly resolver: Resolver;
  /** Whether policies may be fetched from addresses that are not on the public Internet. */
  readonly allowsPrivate: boolean;
  /** The port of HTTPS. The protocol's own is 443. */
  readonly port: number;
  /** PEM; undefined for the system's authorities. */
  readonly ca: Buffer | undefined;
  readonly now: () => number;
}

interface Known {
  readonly id: string;
  readonly policy: StsPolicy;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Limits for a fetch. RFC 8461 3.3: at most a minute; a policy is short. */
const FETCH_MS = 15_000;
const POLICY_OCTETS = 64 * 1024;
/** Milliseconds until a policy that could not be fetched is asked for again. */
const FAILED_MS = 5 * 60_000;
/** Largest number of policies that are remembered. */
const KNOWN = 10_000;

const NO_POLICY: StsPolicy = { mode: 'none', allows: () => true };

/** The MTA-STS policies of recipients' domains, remembered for as long as the policies themselves say. */
export class Policies {
  readonly #known = new Recent<string, Known>(KNOWN);

  constructor(private readonly options: PolicyOptions) {}

  /**
   * Returns the policy of a domain, with the mode `none` if the domain has no policy. If the policy cannot be fetched,
   * a remembered one that has not expired stays in force (RFC 8461 5.1). Never rejects.
   */
  async of(domain: string): Promise<StsPolicy> {
    const now = this.options.now();
    const kept = this.#known.get(domain);
    const known = kept !== undefined && kept.until > now ? kept : undefined;
    const id = await this.#idOf(domain);
    if (id === null || known?.id === id) return known?.policy ?? NO_POLICY;
    try {
      const { mode, maxAge, mx } = readPolicy(await this.#fetch(domain));
      const policy: StsPolicy = { mode, allows: (host) => mx.some((pattern) => matches(host, pattern)) };
      return this.#remember(domain, { id, policy, until: now + maxAge * 1000 });
    } catch {
      return known?.policy ?? this.#remember(domain, { id, policy: NO_POLICY, until: now + FAILED_MS });
    }
  }

  #remember(domain: string, known: Known): StsPolicy {
    this.#known.set(domain, known);
    return known.policy;
  }

  async #idOf(domain: string): Promise<string | null> {
    const { resolver } = this.options;
    try {
      const id = await resolvePolicy(domain, {
        resolver: (name) => resolver.resolveTxt(name),
      });
      return id === false ? null : id;
    } catch {
      return null;
    }
  }

  /** Fetches a policy. RFC 8461 3.3: by HTTPS with a valid certificate, no redirects, plain text. */
  async #fetch(domain: string): Promise<string> {
    const { resolver, allowsPrivate, port, ca } = this.options;
    const host = `mta-sts.${domain}`;
    const [address] = await addressesOf({ name: host, address: null }, resolver, allowsPrivate);
    return new Promise((resolve, reject) => {
      const request = get({
        host: address,
        port,
        servername: host,
        path: '/.well-known/mta-sts.txt',
        headers: { host, accept: 'text/plain' },
        signal: AbortSignal.timeout(FETCH_MS),
        agent: false,
        ...(ca === undefined ? {} : { ca }),
      });
      request.once('error', reject);
      request.once('response', (response) => {
        const { statusCode, headers } = response;
        if (statusCode !== 200 || !/^text\/plain\s*(?:;|$)/i.test(headers['content-type'] ?? '')) {
          request.destroy(new Error(`not a policy: ${statusCode ?? ''} ${headers['content-type'] ?? ''}`));
          return;
        }
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
          if (text.length > POLICY_OCTETS) request.destroy(new Error('too long for a policy'));
        });
        response.once('error', reject);
        response.once('end', () => resolve(text));
      });
    });
  }
}

/** RFC 8461 4.1: a wildcard stands for one label, the leftmost. mailauth's own check lets it stand for several. */
function matches(host: string, pattern: string): boolean {
  return pattern === (pattern.startsWith('*.') ? host.replace(/^[^.]*/, '*') : host);
}

export interface ReadPolicy {
  readonly mode: StsPolicy['mode'];
  /** Seconds. */
  readonly maxAge: number;
  readonly mx: string[];
}

/** Parses a policy. */
export function readPolicy(text: string): ReadPolicy {
  const { mode, maxAge, mx = [] } = parsePolicy(firstFields(text));
  return { mode, maxAge: maxAge ?? 0, mx };
}

/** RFC 8461 3.2: if a field occurs more than once, all but the first are ignored; only `mx` may be repeated. */
function firstFields(text: string): string {
  const seen = new Set<string>();
  const lines = text.split(/\r?\n/).filter((line) => {
    const name = line.split(':', 1)[0]?.trim().toLowerCase() ?? '';
    if (name === 'mx' || !seen.has(name)) {
      seen.add(name);
      return true;
    }
    return false;
  });
  return lines.join('\n');
}
