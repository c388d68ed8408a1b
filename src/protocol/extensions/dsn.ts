import { ENVID_OCTETS, ORCPT_OCTETS } from '../limits.js';
import { Fault, type Parsed } from '../../base/fault.js';
import { decodeUtf8, utf8Length } from '../../base/octets.js';
import { hasInvisible } from '../grammar/domain.js';
import { parseMailbox } from '../grammar/mailbox.js';
import { decodeXtext } from '../grammar/xtext.js';
import type { Extension } from './extension.js';

/** How much of the message a notification brings back. */
export type Ret = 'FULL' | 'HDRS';

/** The events that a sender can be notified of. */
export type NotifyOn = 'SUCCESS' | 'FAILURE' | 'DELAY';

/** The address that the message was first sent to, as its sender wrote it. */
export interface OriginalRecipient {
  /** The kind of address: `rfc822`, `utf-8` (RFC 6533), or another of IANA's list; in lower case. */
  readonly type: string;
  /** Decoded. */
  readonly address: string;
}

export interface DsnOptions {
  /** RFC 3461: RET, ENVID, NOTIFY and ORCPT. Default: true. */
  readonly dsn: boolean;
}

export interface DsnMail {
  /** The part of the message that a notification of its failure returns: RFC 3461 4.3. */
  readonly ret?: Ret;
  /** The sender's identifier for this message, decoded, for notifications: RFC 3461 4.4. */
  readonly envid?: string;
}

export interface DsnRcpt {
  /** The events that the sender is notified of; empty for NEVER: RFC 3461 4.1. */
  readonly notify?: readonly NotifyOn[];
  /** RFC 3461 4.2. */
  readonly orcpt?: OriginalRecipient;
}

export const dsn: Extension<DsnOptions, DsnMail, DsnRcpt> = {
  keyword: 'DSN',
  source: 'RFC 3461',
  options: { dsn: true },
  announce: ({ extensions }) => (extensions.dsn ? '' : null),
  mail: { RET: parseRet, ENVID: parseEnvid },
  rcpt: { NOTIFY: parseNotify, ORCPT: (value, { smtputf8 }) => parseOrcpt(value, smtputf8) },
};

/** RFC 3461 4.4: before it is coded, a value is printable US-ASCII, spaces included. */
const PRINTABLE = /^[ -~]+$/;

// RFC 3461 4.3
//   ret-value = "FULL" / "HDRS"
function parseRet(value: string | null): Parsed<{ readonly ret: Ret }> {
  const ret = value?.toUpperCase();
  return ret === 'FULL' || ret === 'HDRS' ? { ret } : new Fault('expected FULL or HDRS');
}

// RFC 3461 4.4
//   envid-parameter = "ENVID=" xtext
function parseEnvid(value: string | null): Parsed<{ readonly envid: string }> {
  const envid = value === null ? null : decodeXtext(value);
  if (value === null || envid === null || envid === '') return new Fault('expected xtext');
  if (value.length > ENVID_OCTETS) return new Fault(`longer than ${ENVID_OCTETS} octets`);
  return PRINTABLE.test(envid) ? { envid } : new Fault('it stands for something that cannot be printed');
}

// RFC 3461 4.1
//   notify-esmtp-value  = "NEVER" / 1#notify-list-element
//   notify-list-element = "SUCCESS" / "FAILURE" / "DELAY"
/** NEVER is an empty list. */
function parseNotify(value: string | null): Parsed<{ readonly notify: readonly NotifyOn[] }> {
  const words = value?.toUpperCase().split(',') ?? [];
  if (words.length === 1 && words[0] === 'NEVER') return { notify: [] };
  if (words.includes('NEVER')) return new Fault('NEVER stands alone');
  const known = words.every((word) => NOTIFY_ON.some((event) => event === word));
  if (words.length === 0 || !known)
    return new Fault('expected NEVER, or a list of SUCCESS, FAILURE and DELAY');
  return { notify: NOTIFY_ON.filter((event) => words.includes(event)) };
}

const NOTIFY_ON: readonly NotifyOn[] = ['SUCCESS', 'FAILURE', 'DELAY'];

// RFC 3461 4.2
//   orcpt-parameter            = "ORCPT=" original-recipient-address
//   original-recipient-address = addr-type ";" xtext
//   addr-type                  = atom
// RFC 6533 3
//   utf-8-type-addr            = "utf-8;" utf-8-enc-addr
/** @param smtputf8 the transaction has SMTPUTF8 */
function parseOrcpt(value: string | null, smtputf8: boolean): Parsed<{ readonly orcpt: OriginalRecipient }> {
  const match = ORCPT.exec(value ?? '');
  if (match === null) return new Fault('expected type;address');
  const [whole, type = '', coded = ''] = match;
  if (utf8Length(whole) > ORCPT_OCTETS) return new Fault(`longer than ${ORCPT_OCTETS} octets`);
  const address = type.toLowerCase() === 'utf-8' ? utf8Address(coded, smtputf8) : codedAddress(coded);
  return address instanceof Fault ? address : { orcpt: { type: type.toLowerCase(), address } };
}

/** RFC 5322 3.2.3: an atom. RFC 5321 4.1.2 leaves no parameter's value an "=". */
const ORCPT = /^([A-Za-z0-9!#$%&'*+\-/?^_`{|}~]+);(.+)$/;

/**
 * An address of any type but `utf-8`. By RFC 3461 4.2 it is ASCII; Postfix 3.7 writes one beyond ASCII as UTF-8 in
 * xtext, with the type rfc822, and bounces the message if that is refused. Octets that are not UTF-8 are taken for
 * ISO 8859-1: the address is only shown in notifications.
 */
function codedAddress(coded: string): Parsed<string> {
  const octets = decodeXtext(coded);
  if (octets === null) return new Fault('expected xtext after the type');
  const address = PRINTABLE.test(octets) ? octets : (decodeUtf8(octets) ?? octets);
  const unseen = hasInvisible(address.replace(/ /g, ''));
  return unseen ? new Fault('it stands for something that cannot be printed') : address;
}

// RFC 6533 3
//   utf-8-enc-addr      = utf-8-addr-xtext / utf-8-addr-unitext / utf-8-address
//   utf-8-address       = Mailbox
//   utf-8-addr-xtext    = 1*(QCHAR / EmbeddedUnicodeChar)
//   utf-8-addr-unitext  = 1*(QUCHAR / EmbeddedUnicodeChar)
//   QCHAR               = %x21-2a / %x2c-3c / %x3e-5b / %x5d-7e
//   QUCHAR              = QCHAR / UTF8-2 / UTF8-3 / UTF8-4
//   EmbeddedUnicodeChar = %x5C.78 "{" HEXPOINT "}"
//   HEXPOINT            = as few digits as will do, two at least; of ASCII only what is no QCHAR
// The controls among them are left out: no mailbox has one.
const QUCHAR = String.raw`[!-*,-<>-[\]-~]|[^\0-\x7f]`;
const HEXPOINT = '20|2B|3D|5C|[89A-F][0-9A-F]|[1-9A-F][0-9A-F]{2,4}|10[0-9A-F]{4}';
const UTF_8_ADDRESS = new RegExp(String.raw`^(?:${QUCHAR}|\\x\{(?:${HEXPOINT})\})+$`, 'iu');

function utf8Address(coded: string, smtputf8: boolean): Parsed<string> {
  if (!UTF_8_ADDRESS.test(coded)) return new Fault('expected an address coded as RFC 6533 3 says');
  // RFC 6533 3: only utf-8-addr-xtext goes where SMTPUTF8 does not.
  if (!smtputf8 && /[^\0-\x7f]/.test(coded)) return new Fault('it is not ASCII: send SMTPUTF8 with MAIL');
  const address = coded.replace(/\\x\{([^}]+)\}/gi, (_, hex: string) =>
    String.fromCodePoint(parseInt(hex, 16)),
  );
  return parseMailbox(address) instanceof Fault ? new Fault('its address is none') : address;
}
