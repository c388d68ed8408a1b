import type { ExtensionQuestion, MailParameters, RcptParameters } from './extensions/index.js';
import type { Mailbox } from './grammar/mailbox.js';
import type { Reply } from './replies/reply.js';
import type { Credentials } from './sasl/credentials.js';
import type { ScramKeys } from './sasl/mechanism.js';

/** How the client greeted: EHLO and LMTP's LHLO turn extensions on, HELO does not. */
export interface Hello {
  readonly verb: 'EHLO' | 'HELO' | 'LHLO';
  /** As the client wrote it: a claim, not a fact. */
  readonly name: string;
}

/** A command line as it came. */
export interface CommandLine {
  /** The first word, in capitals. */
  readonly verb: string;
  /** The rest, without the space before it. With AUTH the mechanism alone: what follows is secret. */
  readonly argument: string;
}

/**
 * An event that asks: the machine waits for {@link Verdict} and reads nothing on, so that replies keep
 * their order however long it takes.
 */
export type Question =
  /** A client is there. Asked once, before anything else. */
  | { readonly type: 'connect' }
  /**
   * A command line has come, known or not, right or wrong. Asked only if the profile `asksCommands`. Accepted: the
   * machine carries it out. Accepted with a reply, or refused: that is the answer, and nothing else happens.
   */
  | { readonly type: 'command'; readonly command: CommandLine }
  | { readonly type: 'hello'; readonly hello: Hello }
  | SaslQuestion
  /** A command of an extension: its file in `extensions/` has the type. */
  | ExtensionQuestion
  | { readonly type: 'mail'; readonly reversePath: Mailbox | null; readonly parameters: MailParameters }
  | { readonly type: 'rcpt'; readonly forwardPath: Mailbox; readonly parameters: RcptParameters }
  /** The content is about to come. Accepted: `content` events follow, then `end` or `abort`. */
  | { readonly type: 'data' }
  /** The content has come whole. To accept is to answer for the message (RFC 5321 6.1). */
  | { readonly type: 'end'; readonly size: number };

/** The questions of a SASL exchange. */
export type SaslQuestion =
  /** The keys of a user, for an exchange that proves with them. Asked before `auth`, and answered by `keys`. */
  | { readonly type: 'lookup'; readonly mechanism: string; readonly user: string }
  /** Asks for the principal that the credentials prove. Null if the exchange itself found that they prove none. */
  | { readonly type: 'auth'; readonly mechanism: string; readonly credentials: Credentials | null };

/** An event that needs no answer. */
export type Notice =
  /** A view of the input: valid until the next `receive`, unless its memory is known to be kept. */
  | { readonly type: 'content'; readonly octets: Uint8Array }
  /** The content will not come to its end: whatever was made of it must go. */
  | { readonly type: 'abort'; readonly reason: AbortReason }
  /** A transaction that had begun is gone: RSET, a new hello, the end of the connection. */
  | { readonly type: 'reset' }
  /** Switch to TLS now: write what `output` holds, give every octet from here on to TLS, then call `secured`. */
  | { readonly type: 'secure' }
  /** A command or a message was refused with this reply. */
  | { readonly type: 'refused'; readonly command: string; readonly reply: Reply }
  /** Nothing more will be said: write what `output` holds and close. */
  | { readonly type: 'close'; readonly reason: CloseReason };

/** Why content will not come to its end. */
export type AbortReason =
  /** The content itself is refused; it goes on to its end unread. */
  | 'refused'
  /** The client gave it up between two chunks: RSET, or a new hello. */
  | 'reset'
  /** The peer is gone, or too slow, or the server stops. */
  | 'disconnected';

export type CloseReason = 'quit' | 'refused' | 'errors' | 'protocol' | 'timeout' | 'shutdown' | 'peer';

/** The machine has nothing to tell: it needs octets, or a verdict, or it is done. */
export type Wait =
  { readonly type: 'needOctets' } | { readonly type: 'needVerdict' } | { readonly type: 'closed' };

export type Event = Question | Notice | Wait;

/** The answer to a {@link Question}. */
export type Verdict<Principal> =
  /** Yes; a 2yz reply stands in for the machine's own where the protocol leaves its text free. */
  | { readonly type: 'accept'; readonly reply?: Reply }
  /** To `lookup`: what the server keeps of the user's password; null where it knows no such user. */
  | { readonly type: 'keys'; readonly keys: ScramKeys | null }
  /**
   * In LMTP, to `end`: a yes or a no to each recipient, in the order in which they were accepted (RFC 2033 4.2).
   * Any other verdict holds for all of them.
   */
  | { readonly type: 'perRecipient'; readonly replies: readonly Reply[] }
  /** Yes, to `auth`, and for whom. */
  | { readonly type: 'authenticate'; readonly principal: Principal }
  /**
   * No. A 421 closes the connection (RFC 5321 3.8). Any other refusal of `connect` leaves it open, and only QUIT is
   * executed (RFC 5321 3.1). A positive reply is not a refusal: the client gets 451.
   */
  | { readonly type: 'refuse'; readonly reply: Reply };

export const NEED_OCTETS: Event = { type: 'needOctets' };
export const NEED_VERDICT: Event = { type: 'needVerdict' };
export const CLOSED: Event = { type: 'closed' };
export const RESET: Event = { type: 'reset' };
export const REFUSED_CONTENT: Event = { type: 'abort', reason: 'refused' };

export const ACCEPT: { readonly type: 'accept' } = Object.freeze({ type: 'accept' });

export function refuse(reply: Reply): { readonly type: 'refuse'; readonly reply: Reply } {
  return { type: 'refuse', reply };
}
