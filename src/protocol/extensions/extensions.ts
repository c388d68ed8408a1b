import { formatDateTime } from '../grammar/date-time.js';
import type { Limits } from '../limits.js';
import type { Link } from '../link.js';
import { offeredOn, type SaslMechanism } from '../sasl/mechanism.js';
import { type RelayTrust, xclientNames, XFORWARD_NAMES } from './xclient.js';

/** What of a listener's profile shows in EHLO. */
interface Offer {
  readonly starttls: boolean;
  readonly authNeedsTls: boolean;
  readonly mechanisms: ReadonlyMap<string, SaslMechanism>;
  readonly relayTrust: RelayTrust;
  readonly limits: Limits;
  readonly extensions: OptionalExtensions;
}

/**
 * The extensions that a listener can do without: who takes its messages must keep what came with them, and
 * see to it.
 */
export interface OptionalExtensions {
  /** RFC 3461: RET, ENVID, NOTIFY and ORCPT. Default: true. */
  readonly dsn: boolean;
  /** RFC 3030: content by BDAT. Default: true. */
  readonly chunking: boolean;
  /**
   * RFC 3030: content without lines. There is none without CHUNKING. Who passes the message on must do so by
   * BDAT, or code it anew. Default: true.
   */
  readonly binaryMime: boolean;
  /** RFC 2852: BY. `minimum`: seconds that a message must be given before it may be returned. Default: false. */
  readonly deliverBy: false | { readonly minimum: number };
  /**
   * RFC 4865: HOLDFOR and HOLDUNTIL, up to `maxInterval` seconds from now. The core has no clock, so it is
   * lent the time of day, in milliseconds since the epoch: `now: Date.now`. Default: false.
   */
  readonly futureRelease: false | { readonly maxInterval: number; readonly now: () => number };
  /** RFC 6710: MT-PRIORITY. `policy`: the registered name of how priorities are assigned. Default: false. */
  readonly mtPriority: false | { readonly policy?: string };
  /** RFC 8689: REQUIRETLS, on TLS links. Default: false. */
  readonly requireTls: boolean;
}

export const DEFAULT_EXTENSIONS: OptionalExtensions = {
  dsn: true,
  chunking: true,
  binaryMime: true,
  deliverBy: false,
  futureRelease: false,
  mtPriority: false,
  requireTls: false,
};

/** One line of the EHLO reply. */
export interface Extension {
  readonly keyword: string;
  /** Where the keyword and its syntax are defined. */
  readonly source: string;
  /** Whether it is on offer here; always, where absent. */
  readonly when?: (profile: Offer, link: Link) => boolean;
  /** What stands behind the keyword, empty for nothing; false where the extension is not on offer. */
  readonly parameters?: (profile: Offer, link: Link) => string | false;
}

/** What EHLO announces, in this order (RFC 5321 4.1.1.1). */
export const EXTENSIONS: readonly Extension[] = [
  { keyword: 'PIPELINING', source: 'RFC 2920' },
  { keyword: 'SIZE', source: 'RFC 1870', parameters: (profile) => String(profile.limits.messageSize) },
  { keyword: '8BITMIME', source: 'RFC 6152' },
  { keyword: 'CHUNKING', source: 'RFC 3030', when: ({ extensions }) => extensions.chunking },
  {
    keyword: 'BINARYMIME',
    source: 'RFC 3030',
    when: ({ extensions }) => extensions.chunking && extensions.binaryMime,
  },
  { keyword: 'SMTPUTF8', source: 'RFC 6531' },
  { keyword: 'ENHANCEDSTATUSCODES', source: 'RFC 2034' },
  { keyword: 'DSN', source: 'RFC 3461', when: ({ extensions }) => extensions.dsn },
  {
    keyword: 'DELIVERBY',
    source: 'RFC 2852',
    parameters: ({ extensions: { deliverBy } }) => deliverBy !== false && String(deliverBy.minimum),
  },
  {
    keyword: 'FUTURERELEASE',
    source: 'RFC 4865',
    parameters: ({ extensions: { futureRelease } }) => futureRelease !== false && horizon(futureRelease),
  },
  {
    keyword: 'MT-PRIORITY',
    source: 'RFC 6710',
    parameters: ({ extensions: { mtPriority } }) => mtPriority !== false && (mtPriority.policy ?? ''),
  },
  {
    keyword: 'REQUIRETLS',
    source: 'RFC 8689',
    // RFC 8689 2: within TLS only.
    when: ({ extensions }, link) => extensions.requireTls && link !== 'plain',
  },
  {
    keyword: 'LIMITS',
    source: 'RFC 9422',
    parameters: ({ limits }) =>
      [`RCPTMAX=${announced(limits.recipients)}`]
        .concat(limits.messages === 0 ? [] : `MAILMAX=${announced(limits.messages)}`)
        .join(' '),
  },
  {
    keyword: 'STARTTLS',
    source: 'RFC 3207',
    // RFC 3207 4.2: not under TLS.
    when: (profile, link) => profile.starttls && link === 'plain',
  },
  {
    keyword: 'AUTH',
    source: 'RFC 4954',
    // RFC 4954 4: not announced where it would be answered with 538.
    when: (profile, link) =>
      offeredOn(profile.mechanisms, link).length > 0 && !(profile.authNeedsTls && link === 'plain'),
    parameters: (profile, link) => offeredOn(profile.mechanisms, link).join(' '),
  },
  {
    keyword: 'XCLIENT',
    source: "Postfix's XCLIENT_README",
    when: (profile) => profile.relayTrust !== 'none',
    parameters: (profile) => xclientNames(profile.relayTrust).join(' '),
  },
  {
    keyword: 'XFORWARD',
    source: "Postfix's XFORWARD_README",
    when: (profile) => profile.relayTrust !== 'none',
    parameters: () => XFORWARD_NAMES.join(' '),
  },
];

/** What is on offer to this profile's clients on such a link. */
export function offer(profile: Offer, link: Link): readonly Extension[] {
  return EXTENSIONS.filter(
    ({ when, parameters }) =>
      (when === undefined || when(profile, link)) && parameters?.(profile, link) !== false,
  );
}

/** The keyword lines of what is on offer. */
export function announce(profile: Offer, link: Link, offered: readonly Extension[]): string[] {
  return offered.map(({ keyword, parameters }) =>
    `${keyword} ${parameters?.(profile, link) ?? ''}`.trimEnd(),
  );
}

// RFC 4865 3: max-future-release-interval SP max-future-release-date-time
function horizon({ maxInterval, now }: Exclude<OptionalExtensions['futureRelease'], false>): string {
  return `${maxInterval} ${formatDateTime(now() + maxInterval * 1000)}`;
}

/** RFC 9422 4.1 and 4.2: six digits at the most. A limit beyond them is met by whoever keeps to these. */
function announced(limit: number): number {
  return Math.min(limit, 999_999);
}
