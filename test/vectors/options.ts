import {
  DEFAULT_LIMITS,
  type Limits,
  type Link,
  OAUTHBEARER,
  type OptionalExtensions,
  type ProfileOptions,
  type Syntax,
  XOAUTH2,
} from '../../src/protocol/index.js';
import type { Vector } from './format.js';

/** How a case wants its listener. */
export interface Setting {
  readonly profile: Partial<ProfileOptions>;
  /** The link it must start on; undefined where either will do. */
  readonly link: Link | undefined;
  /** The client speaks before it is greeted. */
  readonly early: boolean;
}

/** The setting of each optional extension if a case names it. The time is always the New Year of 2026. */
const EXTENSIONS: Readonly<Record<string, Partial<OptionalExtensions>>> = {
  none: {},
  DSN: { dsn: true },
  DELIVERBY: { deliverBy: { minimum: 60 } },
  FUTURERELEASE: { futureRelease: { maxInterval: 86_400, now: () => Date.UTC(2026, 0, 1) } },
  'MT-PRIORITY': { mtPriority: { policy: 'MIXER' } },
  REQUIRETLS: { requireTls: true },
};

/**
 * The options of a case:
 *
 *     protocol lmtp             instead of smtp
 *     starttls off              not offered (it is, by default)
 *     tls required              nothing before TLS
 *     auth required | off       no MAIL before AUTH; AUTH not on offer
 *     auth bearer               OAUTHBEARER and XOAUTH2 on offer
 *     bare-newlines normalize   instead of reject
 *     space-before-path reject  instead of accept
 *     syntax strict | lenient   instead of tolerant
 *     chunking off, binarymime off   not offered (both are, by default)
 *     link plain | tls          the link the case starts on; both, where absent
 *     early refuse | allow      the client speaks before the greeting
 *     limit.NAME N              a limit of src/protocol/limits.ts
 *     extensions NAME ...       which of EXTENSIONS are offered, or none; DSN, where absent
 */
export function settingOf({ options }: Vector): Setting {
  const limits: Partial<Record<keyof Limits, number>> = {};
  for (const [key, value] of options) {
    const name = key.startsWith('limit.') ? key.slice('limit.'.length) : null;
    if (name === null) continue;
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new Error(`no limit is called ${name}`);
    limits[name as keyof Limits] = Number(value);
  }
  const link = options.get('link');
  return {
    profile: {
      protocol: options.get('protocol') === 'lmtp' ? 'lmtp' : 'smtp',
      starttls: options.get('starttls') !== 'off',
      tlsRequired: options.get('tls') === 'required',
      authRequired: options.get('auth') === 'required',
      ...(options.get('auth') === 'off' ? { mechanisms: [] } : {}),
      ...(options.get('auth') === 'bearer' ? { mechanisms: [OAUTHBEARER, XOAUTH2] } : {}),
      bareNewlines: options.get('bare-newlines') === 'normalize' ? 'normalize' : 'reject',
      spaceBeforePath: options.get('space-before-path') === 'reject' ? 'reject' : 'accept',
      syntax: syntaxOf(options.get('syntax')),
      extensions: {
        chunking: options.get('chunking') !== 'off',
        // Without CHUNKING it is not offered, and a server refuses to be told otherwise.
        ...(options.get('chunking') === 'off' ? {} : { binaryMime: options.get('binarymime') !== 'off' }),
        ...extensionsOf(options.get('extensions') ?? 'DSN'),
      },
      refuseEarlyTalkers: options.get('early') !== 'allow',
      limits,
    },
    link: link === 'plain' || link === 'tls' ? link : undefined,
    early: options.has('early'),
  };
}

function extensionsOf(names: string): Partial<OptionalExtensions> {
  return names.split(' ').reduce<Partial<OptionalExtensions>>(
    (extensions, name) => {
      if (!Object.hasOwn(EXTENSIONS, name)) throw new Error(`no extension is called ${name}`);
      return { ...extensions, ...EXTENSIONS[name] };
    },
    { dsn: false },
  );
}

function syntaxOf(name: string | undefined): Syntax {
  return name === 'strict' || name === 'lenient' ? name : 'tolerant';
}
