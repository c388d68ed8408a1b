/**
 * The SMTP client, over `node:net` and `node:tls`. `connect` is what most programs need; the rest are its parts. Loads
 * Node's built-ins and nothing else.
 *
 * @packageDocumentation
 */
export { Client, type ClientMessage, type ClientOptions, type ClientResult, connect } from './client.js';
export { Secret } from '../base/secret.js';
export { type ClientCredentials, type Mechanism, MECHANISMS, TOKEN_MECHANISMS } from './auth.js';
export {
  Channel,
  type ChannelListener,
  type ChannelOptions,
  type TlsSessions,
  type TlsTerms,
  type Transcript,
} from './channel.js';
export { mailCommand, rcptCommand } from '../protocol/client/commands.js';
export { Connection, type ConnectionOptions } from './connection.js';
export { asData, dotStuffed } from './content.js';
export { DotStuffer } from '../protocol/client/dot-stuffer.js';
export {
  type ClientPhase,
  ConnectionError,
  type ConnectionFault,
  ReplyError,
  UnsupportedError,
} from './errors.js';
export {
  type Awaited,
  EXPECTED_REPLIES,
  type Meaning,
  meaningOf,
} from '../protocol/client/expected-replies.js';
export { CLIENT, type ClientTimeouts, DEFAULT_CLIENT_TIMEOUTS } from './limits.js';
export { type Mail, Mailer, type MailerOptions, type MailSource } from './mailer.js';
export { ReceivedReply } from '../protocol/client/received-reply.js';
export { Pool, type Pooled } from './pool.js';
export { Redactor } from './redactor.js';
export { Fault } from '../base/fault.js';
export { ReplyReader } from '../protocol/client/reply-reader.js';
export { MAX_LINE, MAX_LINES, MAX_REPLY } from '../protocol/client/limits.js';
export { type Extensions, extensionsOf } from '../protocol/client/announced.js';
export { type Opening, openSession, type Session, type SessionOptions } from './session.js';
export { Shared } from './shared.js';
export {
  type OutgoingContent,
  type OutgoingMessage,
  type RecipientResult,
  transact,
  type TransactionOptions,
  type TransactionResult,
} from './transaction.js';
