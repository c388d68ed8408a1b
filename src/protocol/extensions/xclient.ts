import { IN_TRANSACTION } from '../commands/verb.js';
import { anyHelloName, isHelloName } from '../grammar/domain.js';
import type { Reply } from '../replies/reply.js';
import type { Extension, VerbContext } from './extension.js';
import {
  address,
  type Attribute,
  oneOf,
  parseAttributes,
  port,
  type RelayTrust,
} from './relay-attributes.js';

/**
 * A trusted relay sends the client that it speaks for. After XCLIENT the session is that client's: Postfix's
 * XCLIENT_README.
 */
export const xclient: Extension<object, object, object, XclientCommand> = {
  keyword: 'XCLIENT',
  source: "Postfix's XCLIENT_README",
  announce: ({ relayTrust }) => (relayTrust === 'none' ? null : xclientNames(relayTrust).join(' ')),
  verbs: {
    XCLIENT: { parse: parseCommand, refusedIn: IN_TRANSACTION, forRelays: true, absent: true },
  },
};

/**
 * A trusted relay says for whom it speaks. To accept is to begin anew as that client: the server takes the attributes
 * for the client's, and the answer is a greeting. Refused, nothing but QUIT is obeyed.
 */
export interface XclientQuestion {
  readonly type: 'xclient';
  readonly client: XclientAttributes;
}

export interface XclientCommand {
  readonly verb: 'XCLIENT';
  readonly question: XclientQuestion;
}

/**
 * The attributes of a client in XCLIENT. An attribute that was not sent is absent; null if the relay sent it as
 * unknown.
 */
export interface XclientAttributes {
  /** The client's host name, as the relay looked it up. */
  readonly name?: string | null;
  readonly address?: string | null;
  readonly port?: number | null;
  readonly protocol?: 'SMTP' | 'ESMTP' | null;
  /** The name in the client's hello. */
  readonly helo?: string | null;
  /** The user that the relay authenticated. This does not authenticate the session. */
  readonly login?: string | null;
  /** Where the client connected to. */
  readonly destinationAddress?: string | null;
  readonly destinationPort?: number | null;
}

const host = (text: string): string | undefined => (isHelloName(text) ? text : undefined);

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

/** The attributes that XCLIENT may have there. */
export function xclientNames(trust: RelayTrust): readonly string[] {
  return Object.keys(XCLIENT).filter((name) => trust === 'withLogin' || name !== 'LOGIN');
}

function parseCommand(argument: string, { listener }: VerbContext<object>): XclientCommand | Reply {
  const client = parseXclient(argument, listener.relayTrust);
  return 'code' in client ? client : { verb: 'XCLIENT', question: { type: 'xclient', client } };
}

/** Reads the argument of XCLIENT. */
export function parseXclient(argument: string, trust: RelayTrust): XclientAttributes | Reply {
  return parseAttributes('XCLIENT', argument, XCLIENT, xclientNames(trust));
}
