import { anyHelloName, isAddressLiteral, isHelloName } from '../grammar/domain.js';
import { decodeXtext } from '../grammar/xtext.js';
import type { Reply } from '../replies/reply.js';
import { reply } from '../replies/catalogue.js';

/**
 * XCLIENT and XFORWARD, as Postfix has them (its XCLIENT_README and XFORWARD_README): a relay that is trusted
 * says for whom it speaks. After XCLIENT the session is that client's; XFORWARD is for the log alone.
 */

/** What XCLIENT says of a client: an attribute that is not there was not said, null was said to be unknown. */
export interface XclientAttributes {
  /** The client's host name, as the relay looked it up. */
  readonly name?: string | null;
  readonly address?: string | null;
  readonly port?: number | null;
  readonly protocol?: 'SMTP' | 'ESMTP' | null;
  /** The name in the client's hello. */
  readonly helo?: string | null;
  /** Whom the relay authenticated. Nobody is authenticated here by that. */
  readonly login?: string | null;
  /** Where the client connected to. */
  readonly destinationAddress?: string | null;
  readonly destinationPort?: number | null;
}

/** What XFORWARD says of where a message came from. Any of it may be from anywhere: it is for the log. */
export interface XforwardAttributes {
  readonly name?: string | null;
  readonly address?: string | null;
  readonly port?: string | null;
  readonly protocol?: string | null;
  readonly helo?: string | null;
  readonly source?: 'LOCAL' | 'REMOTE' | null;
}

/** One attribute: the name that it is known by here, and its value; undefined where the text is none. */
interface Attribute {
  readonly name: string;
  readonly read: (text: string) => string | number | undefined;
}

const host = (text: string): string | undefined => (isHelloName(text) ? text : undefined);
const address = (text: string): string | undefined =>
  isAddressLiteral(`[${text}]`) ? text.replace(/^IPv6:/i, '') : undefined;
const port = (text: string): number | undefined =>
  /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) < 65_536 ? Number(text) : undefined;
// "must not contain control characters, non-ASCII characters, whitespace, or other characters that are
// special in message headers"
const word = (text: string): string | undefined => (/^[!#-',-~]+$/.test(text) ? text : undefined);
const oneOf =
  (...words: readonly string[]) =>
  (text: string): string | undefined =>
    words.find((one) => one === text.toUpperCase());

const XCLIENT: Readonly<Record<string, Attribute>> = {
  NAME: { name: 'name', read: host },
  ADDR: { name: 'address', read: address },
  PORT: { name: 'port', read: port },
  PROTO: { name: 'protocol', read: oneOf('SMTP', 'ESMTP') },
  HELO: { name: 'helo', read: (text) => anyHelloName(text) ?? undefined },
  LOGIN: { name: 'login', read: (text) => (/^[!-~]+$/.test(text) ? text : undefined) },
  DESTADDR: { name: 'destinationAddress', read: address },
  DESTPORT: { name: 'destinationPort', read: port },
};

const XFORWARD: Readonly<Record<string, Attribute>> = {
  NAME: { name: 'name', read: word },
  ADDR: { name: 'address', read: word },
  PORT: { name: 'port', read: (text) => (port(text) === undefined ? undefined : text) },
  PROTO: { name: 'protocol', read: (text) => (text.length > 64 ? undefined : word(text)) },
  HELO: { name: 'helo', read: word },
  SOURCE: { name: 'source', read: oneOf('LOCAL', 'REMOTE') },
};

/** Octets of a value: XCLIENT_README, note 1. */
const VALUE_OCTETS = 255;

/** How far a relay is trusted; LOGIN is taken only where somebody judges it. */
export type RelayTrust = 'none' | 'withoutLogin' | 'withLogin';

/** The attributes that XCLIENT may have there. */
export function xclientNames(trust: RelayTrust): readonly string[] {
  return Object.keys(XCLIENT).filter((name) => trust === 'withLogin' || name !== 'LOGIN');
}

/** The attributes that XFORWARD may have. */
export const XFORWARD_NAMES: readonly string[] = Object.keys(XFORWARD);

/** Reads the argument of XCLIENT. */
export function parseXclient(argument: string, trust: RelayTrust): XclientAttributes | Reply {
  return parse('XCLIENT', argument, XCLIENT, xclientNames(trust));
}

/** Reads the argument of XFORWARD. */
export function parseXforward(argument: string): XforwardAttributes | Reply {
  return parse('XFORWARD', argument, XFORWARD, XFORWARD_NAMES);
}

//   xclient-command = XCLIENT 1*( SP attribute-name"="attribute-value )
//   attribute-value = xtext
function parse(
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
