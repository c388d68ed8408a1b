import type { Reply } from '../replies/reply.js';
import type { Extension } from './extension.js';
import { type Attribute, oneOf, parseAttributes, port } from './relay-attributes.js';

/** A trusted relay sends where the next message came from, for the log alone: Postfix's XFORWARD_README. */
export const xforward: Extension = {
  keyword: 'XFORWARD',
  source: "Postfix's XFORWARD_README",
  announce: ({ relayTrust }) => (relayTrust === 'none' ? null : XFORWARD_NAMES.join(' ')),
};

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

/** Reads the argument of XFORWARD. */
export function parseXforward(argument: string): XforwardAttributes | Reply {
  return parseAttributes('XFORWARD', argument, XFORWARD, XFORWARD_NAMES);
}
