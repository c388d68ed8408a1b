import { isAddressLiteral } from '../grammar/domain.js';
import { decodeXtext } from '../grammar/xtext.js';
import { reply } from '../replies/catalogue.js';
import type { Reply } from '../replies/reply.js';

// The attributes that a trusted relay sends with XCLIENT and XFORWARD, as Postfix has them.

/** How far a relay is trusted. LOGIN is accepted only if the handler decides on it. */
export type RelayTrust = 'none' | 'withoutLogin' | 'withLogin';

/**
 * One attribute: the name of its field, and a function that returns its value, or undefined if the text is malformed.
 */
export interface Attribute {
  readonly name: string;
  readonly read: (text: string) => string | number | undefined;
}

export const address = (text: string): string | undefined =>
  isAddressLiteral(`[${text}]`) ? text.replace(/^IPv6:/i, '') : undefined;
export const port = (text: string): number | undefined =>
  /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) < 65_536 ? Number(text) : undefined;
export const oneOf =
  (...words: readonly string[]) =>
  (text: string): string | undefined =>
    words.find((one) => one === text.toUpperCase());

/** Octets of a value: XCLIENT_README, note 1. */
const VALUE_OCTETS = 255;

//   xclient-command = XCLIENT 1*( SP attribute-name"="attribute-value )
//   attribute-value = xtext
/** Parses the argument of XCLIENT or XFORWARD. */
export function parseAttributes(
  verb: string,
  argument: string,
  attributes: Readonly<Record<string, Attribute>>,
  allowed: readonly string[],
): Readonly<Record<string, never>> | Reply {
  if (argument === '') return reply('syntax', { syntax: `${verb} name=value ...` });
  const said: Record<string, string | number | null> = {};
  for (const pair of argument.split(/ +/)) {
    const [parameter = '', written = ''] = pair.split(/=(.*)/s, 2);
    const key = parameter.toUpperCase();
    const attribute = allowed.includes(key) ? attributes[key] : undefined;
    if (attribute === undefined)
      return reply('badParameter', { parameter, reason: `${verb} has no such name` });
    const value = valueOf(written, attribute);
    if (value === undefined) return reply('badParameter', { parameter, reason: 'its value is malformed' });
    said[attribute.name] = value;
  }
  return said as Readonly<Record<string, never>>;
}

function valueOf(written: string, { read }: Attribute): string | number | null | undefined {
  if (/^\[(?:UNAVAILABLE|TEMPUNAVAIL)\]$/i.test(written)) return null;
  const text = decodeXtext(written);
  return text === null || text.length > VALUE_OCTETS ? undefined : read(text);
}
