/**
 * The ESMTP extensions. A new one is a file in this folder and a line in the list.
 */
import type { Verb } from '../commands/verb.js';
import type { Reply } from '../replies/reply.js';
import type { Link } from '../link.js';
import { auth } from './auth.js';
import { binaryMime } from './binary-mime.js';
import { chunking } from './chunking.js';
import { deliverBy } from './deliver-by.js';
import { dsn } from './dsn.js';
import { eightBitMime } from './eight-bit-mime.js';
import { enhancedStatusCodes } from './enhanced-status-codes.js';
import type { Extension, Listener, ParseParameter, VerbContext } from './extension.js';
import { futureRelease } from './future-release.js';
import { limits } from './limits.js';
import { mtPriority } from './mt-priority.js';
import { pipelining } from './pipelining.js';
import { requireTls } from './require-tls.js';
import { size } from './size.js';
import { smtpUtf8 } from './smtp-utf8.js';
import { startTls } from './starttls.js';
import { xclient } from './xclient.js';
import { xforward } from './xforward.js';

/** In the order in which EHLO announces them (RFC 5321 4.1.1.1) and their checks run. */
const LIST = [
  pipelining,
  size,
  eightBitMime,
  chunking,
  binaryMime,
  smtpUtf8,
  enhancedStatusCodes,
  dsn,
  deliverBy,
  futureRelease,
  mtPriority,
  requireTls,
  limits,
  startTls,
  auth,
  xclient,
  xforward,
] as const;

type Listed = (typeof LIST)[number];

/** The intersection of the parameter types of a union of functions. */
type Together<Functions> = [Functions] extends [(all: infer All) => void]
  ? { readonly [Name in keyof All]: All[Name] }
  : never;
type OptionsOf<E> =
  E extends Extension<infer Options, infer _Mail, infer _Rcpt, infer _Command>
    ? (all: Options) => void
    : never;
type MailOf<E> =
  E extends Extension<infer _Options, infer Mail, infer _Rcpt, infer _Command> ? (all: Mail) => void : never;
type RcptOf<E> =
  E extends Extension<infer _Options, infer _Mail, infer Rcpt, infer _Command> ? (all: Rcpt) => void : never;
type CommandOf<E> =
  E extends Extension<infer _Options, infer _Mail, infer _Rcpt, infer Command> ? Command : never;

/** The extensions that a listener can turn on or off, with their options. */
export type OptionalExtensions = Together<OptionsOf<Listed>>;

/** The parameters of MAIL, parsed; those that were not given are absent. */
export type MailParameters = Together<MailOf<Listed>>;

/** The parameters of RCPT, parsed; those that were not given are absent. */
export type RcptParameters = Together<RcptOf<Listed>>;

/** The commands that extensions add. */
export type ExtensionCommand = CommandOf<Listed>;

/** The questions that commands of extensions ask. */
export type ExtensionQuestion = Extract<ExtensionCommand, { readonly question: unknown }>['question'];

export type AnyExtension = Extension<OptionalExtensions, MailParameters, RcptParameters, ExtensionCommand>;

export const EXTENSIONS: readonly AnyExtension[] = LIST;

export const DEFAULT_EXTENSIONS = Object.assign(
  {},
  ...EXTENSIONS.map(({ options }) => options),
) as OptionalExtensions;

/** One parameter: the command that takes it, and how its value is parsed. */
export interface ParameterRow {
  readonly command: 'MAIL' | 'RCPT';
  /** The keyword of its extension in EHLO. If that is not offered, the parameter is unknown. */
  readonly extension: string;
  readonly parse: ParseParameter<MailParameters & RcptParameters>;
}

/** All parameters of MAIL and RCPT, by keyword. */
export const PARAMETERS: Readonly<Record<string, ParameterRow>> = Object.fromEntries(
  EXTENSIONS.flatMap(({ keyword, mail = {}, rcpt = {} }) => [
    ...rowsOf('MAIL', keyword, mail),
    ...rowsOf('RCPT', keyword, rcpt),
  ]),
);

function rowsOf(
  command: 'MAIL' | 'RCPT',
  extension: string,
  parsers: Readonly<Record<string, ParameterRow['parse']>>,
): [string, ParameterRow][] {
  return Object.entries(parsers).map(([name, parse]) => [name, { command, extension, parse }]);
}

/** All verbs that extensions add, by name. */
export const EXTENSION_VERBS: Readonly<
  Record<string, Verb<VerbContext<OptionalExtensions>, ExtensionCommand>>
> = Object.fromEntries(EXTENSIONS.flatMap(({ verbs = {} }) => Object.entries(verbs)));

/** Returns the extensions that are offered to the listener's clients on such a link. */
export function offer(listener: Listener<OptionalExtensions>, link: Link): readonly AnyExtension[] {
  return EXTENSIONS.filter(({ announce }) => announce?.(listener, link) !== null);
}

/** Returns the lines of the EHLO reply for the extensions that are offered. */
export function announce(
  listener: Listener<OptionalExtensions>,
  link: Link,
  offered: readonly AnyExtension[],
): string[] {
  return offered.map(({ keyword, announce }) => `${keyword} ${announce?.(listener, link) ?? ''}`.trimEnd());
}

// The functions are collected once: few extensions have one, and each command runs all that there are.
const ADDRESS_CHECKS = EXTENSIONS.flatMap(({ checkUtf8Address }) => checkUtf8Address ?? []);
const MAIL_CHECKS = EXTENSIONS.flatMap(({ checkMail }) => checkMail ?? []);
const MAIL_PERMITS = EXTENSIONS.flatMap(({ permitMail }) => permitMail ?? []);
const DATA_CHECKS = EXTENSIONS.flatMap(({ checkData }) => checkData ?? []);

/** Returns the first refusal by an extension of an address that is not ASCII, or null. */
export function checkUtf8Address(command: 'MAIL' | 'RCPT', mail: MailParameters): Reply | null {
  return first(ADDRESS_CHECKS, (check) => check(command, mail));
}

/** Returns the first refusal of a MAIL with these parameters by an extension, or null. */
export function checkMail(
  mail: MailParameters,
  listener: Listener<OptionalExtensions>,
  authenticated: boolean,
): Reply | null {
  return (
    first(MAIL_CHECKS, (check) => check(mail, listener)) ??
    first(MAIL_PERMITS, (permit) => permit(mail, listener, authenticated))
  );
}

/** Returns the first refusal of DATA after a MAIL with these parameters by an extension, or null. */
export function checkData(mail: MailParameters): Reply | null {
  return first(DATA_CHECKS, (check) => check(mail));
}

function first<Check>(checks: readonly Check[], run: (check: Check) => Reply | null): Reply | null {
  for (const check of checks) {
    const refusal = run(check);
    if (refusal !== null) return refusal;
  }
  return null;
}
