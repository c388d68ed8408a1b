import type { Link } from './phases.js';
import type { Profile } from './profile.js';

/** One line of the EHLO reply. */
interface Extension {
  readonly keyword: string;
  /** Where the keyword and its syntax are defined. */
  readonly source: string;
  /** Whether it is on offer here; always, where absent. */
  readonly when?: (profile: Profile, link: Link) => boolean;
  readonly parameters?: (profile: Profile) => string;
}

/** What EHLO announces, in this order (RFC 5321 4.1.1.1). */
export const EXTENSIONS: readonly Extension[] = [
  { keyword: 'PIPELINING', source: 'RFC 2920' },
  { keyword: 'SIZE', source: 'RFC 1870', parameters: (profile) => String(profile.limits.messageSize) },
  { keyword: '8BITMIME', source: 'RFC 6152' },
  { keyword: 'SMTPUTF8', source: 'RFC 6531' },
  { keyword: 'ENHANCEDSTATUSCODES', source: 'RFC 2034' },
  {
    keyword: 'LIMITS',
    source: 'RFC 9422',
    parameters: (profile) => `RCPTMAX=${profile.limits.recipients}`,
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
    when: (profile, link) => profile.mechanisms.size > 0 && !(profile.tlsRequired && link === 'plain'),
    parameters: (profile) => [...profile.mechanisms.keys()].join(' '),
  },
];

/** The keyword lines for this profile and link. */
export function announce(profile: Profile, link: Link): string[] {
  return EXTENSIONS.filter(({ when }) => when === undefined || when(profile, link)).map(
    ({ keyword, parameters }) => (parameters === undefined ? keyword : `${keyword} ${parameters(profile)}`),
  );
}
