import type { ChunkSize } from '../grammar/chunk-size.js';
import type { ConstantReply } from '../replies/catalogue.js';
import { reply } from '../replies/catalogue.js';
import type { Reply } from '../replies/reply.js';

/** The phases in which a verb may be out of order. */
type Refusing = 'greeted' | 'ready' | 'mail' | 'rcpt' | 'chunked';

/**
 * A verb, and all that is peculiar to it. The verbs of RFC 5321 are rows of `verbs.ts`; a verb that an extension adds
 * stands in the file of the extension.
 */
export interface Verb<Context, Command> {
  /**
   * Returns the command; or the reply that refuses it, if its argument is malformed or if it is not permitted here.
   *
   * @param argument without white space around it, unless `exact`.
   */
  readonly parse: (argument: string, context: Context) => Command | Reply;
  /** Phases in which it may not come, and the reply that it gets there. In all others it may. */
  readonly refusedIn?: Readonly<Partial<Record<Refusing, ConstantReply | 'notInTransaction'>>>;
  /** The one protocol that has it (RFC 2033 4.1). If absent, both have it. */
  readonly of?: 'smtp' | 'lmtp';
  /** It may come before TLS even if TLS is required (RFC 3207 4). */
  readonly beforeTls?: true;
  /** It may not come before AUTH if AUTH is required (RFC 4954 6). */
  readonly needsAuth?: true;
  /** It belongs to EHLO's extensions: after HELO it is out of order. */
  readonly extension?: true;
  /** It is taken after HELO all the same, unless the listener is strict: some devices send it there. */
  readonly afterHelo?: true;
  /** It is for relays that are trusted; they alone hear of it. */
  readonly forRelays?: true;
  /** It must be the last of a pipelined group (RFC 2920 3.1): a client waits for its reply. */
  readonly endsGroup?: true;
  /** Its argument may hold controls and 8-bit octets, for its own parser to judge. Else they get 500. */
  readonly raw?: true;
  /** Its argument comes with whatever spaces are in front of it beyond one, for its own parser to judge. */
  readonly exact?: true;
  /** Which limit its line has. Default: commandLine. */
  readonly line?: 'authLine';
  /** Offered to some clients only, or to none, so HELP does not list it. */
  readonly absent?: true;
  /**
   * Returns the size of the content that follows the line, even if the command is refused; null if the size cannot be
   * parsed. Without this function, no content follows.
   */
  readonly declares?: (argument: string) => ChunkSize | null;
}

/** `refusedIn` of a verb that may come at any time but within a transaction. */
export const IN_TRANSACTION = {
  mail: 'notInTransaction',
  rcpt: 'notInTransaction',
  chunked: 'notInTransaction',
} as const;

/** `refusedIn` of a verb that may come between transactions only. */
export const OUTSIDE_TRANSACTION = { greeted: 'helloFirst', ...IN_TRANSACTION } as const;

/** Returns the refusal of a verb that takes no argument and got one. */
export function noArgument(verb: string): Reply {
  return reply('syntax', { syntax: `${verb}, with no argument` });
}
