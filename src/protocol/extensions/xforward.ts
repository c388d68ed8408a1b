import { IN_TRANSACTION } from '../commands/verb.js';
import type { Reply } from '../replies/reply.js';
import type { Extension } from './extension.js';
import { type Attribute, oneOf, parseAttributes, port } from './relay-attributes.js';

/** A trusted relay sends where the next message came from, for the log alone: Postfix's XFORWARD_README. */
export const xforward: Extension<object, object, object, XforwardCommand> = {
  keyword: 'XFORWARD',
  source: "Postfix's XFORWARD_README",
  announce: ({ relayTrust }) => (relayTrust === 'none' ? null : XFORWARD_NAMES.join(' ')),
  verbs: {
    XFORWARD: { parse: parseCommand, refusedIn: IN_TRANSACTION, forRelays: true, absent: true },
  },
};

/** A trusted relay sends the origin of the next message, for the log. Attributes that it sent before stay. */
export interface XforwardQuestion {
  readonly type: 'xforward';
  readonly origin: XforwardAttributes;
}

export interface XforwardCommand {
  readonly verb: 'XFORWARD';
  readonly question: XforwardQuestion;
}

/**
 * The attributes in XFORWARD of where a message came from. They are for the log only, since a relay passes on claims
 * of others.
 */
export interface XforwardAttributes {
  readonly name?: string | null;
  readonly address?: string | null;
  readonly port?: string | null;
  readonly protocol?: string | null;
  readonly helo?: string | null;
  /** The message's id on the machine that it came from. */
  readonly ident?: string | null;
  readonly source?: 'LOCAL' | 'REMOTE' | null;
}

// "must not contain control characters, non-ASCII characters, whitespace, or other characters that are
// special in message headers"
const word = (text: string): string | undefined => (/^[!#-',-~]+$/.test(text) ? text : undefined);

const XFORWARD: Readonly<Record<string, Attribute>> = {
  NAME: { name: 'name', read: word },
  ADDR: { name: 'address', read: word },
  PORT: { name: 'port', read: (text) => (port(text) === undefined ? undefined : text) },
  PROTO: { name: 'protocol', read: (text) => (text.length > 64 ? undefined : word(text)) },
  HELO: { name: 'helo', read: word },
  IDENT: { name: 'ident', read: word },
  SOURCE: { name: 'source', read: oneOf('LOCAL', 'REMOTE') },
};

/** The attributes that XFORWARD may have. */
const XFORWARD_NAMES: readonly string[] = Object.keys(XFORWARD);

function parseCommand(argument: string): XforwardCommand | Reply {
  const origin = parseXforward(argument);
  return 'code' in origin ? origin : { verb: 'XFORWARD', question: { type: 'xforward', origin } };
}

/** Reads the argument of XFORWARD. */
export function parseXforward(argument: string): XforwardAttributes | Reply {
  return parseAttributes('XFORWARD', argument, XFORWARD, XFORWARD_NAMES);
}
