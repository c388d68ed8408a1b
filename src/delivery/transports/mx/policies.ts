import { Recent } from '../../../base/bounded-map.js';
import { fetchPolicy, type FetchOptions } from './fetch-policy.js';
import { matches, policyIdOf, type PolicyMode, readPolicy } from './policy-text.js';

/** The MTA-STS policy of a domain: its rules for TLS to its mail servers (RFC 8461 3.2). */
export interface StsPolicy {
  readonly mode: PolicyMode;
  /** Returns whether the policy names this mail server. */
  allows(host: string): boolean;
}

interface PolicyOptions extends FetchOptions {
  readonly now: () => number;
}

interface Known {
  readonly id: string;
  readonly policy: StsPolicy;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

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
      const { mode, maxAge, mx } = readPolicy(await fetchPolicy(domain, this.options));
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
      const records = await resolver.resolveTxt(`_mta-sts.${domain}`);
      return policyIdOf(records.map((strings) => strings.join('')));
    } catch {
      return null;
    }
  }
}
