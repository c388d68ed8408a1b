import type { Awaited, Meaning } from './expected-replies.js';
import type { ReceivedReply } from './received-reply.js';

/** What the client's machine says next. */
export type ClientEvent =
  /** A reply that was due. After `more`, the same command goes on: content after DATA, a response after AUTH. */
  | {
      readonly type: 'reply';
      readonly to: Awaited;
      readonly meaning: Meaning;
      readonly reply: ReceivedReply;
    }
  /** STARTTLS was accepted: give every octet from here on to TLS, then call `secured`. */
  | { readonly type: 'secure' }
  /** Nothing more is sent or read: write what `output` holds and close. */
  | {
      readonly type: 'close';
      readonly reason: ClientCloseReason;
      /** The reason in words, for a log. */
      readonly detail: string;
    }
  /** Replies are due: pass on what the server sends. */
  | { readonly type: 'needOctets' }
  /** No reply is due: send a command. */
  | { readonly type: 'needCommand' }
  | { readonly type: 'closed' };

export type ClientCloseReason =
  /** QUIT was answered. */
  | 'quit'
  /** The server closed the connection, or said that it does (421). */
  | 'server'
  /** The server sent octets that are no SMTP, or that no command asked for. */
  | 'protocol';

export const NEED_REPLY: ClientEvent = { type: 'needOctets' };
export const NEED_COMMAND: ClientEvent = { type: 'needCommand' };
export const ENDED: ClientEvent = { type: 'closed' };
export const SECURE: ClientEvent = { type: 'secure' };
