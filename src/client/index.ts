/** The SMTP client, over `node:net` and `node:tls`. */
export { type ClientCredentials, type Mechanism, MECHANISMS, TOKEN_MECHANISMS } from './auth.js';
export {
  Channel,
  type ChannelListener,
  type ChannelOptions,
  type TlsSessions,
  type TlsTerms,
} from './channel.js';
export { mailCommand, rcptCommand } from './commands.js';
export { Connection, type ConnectionOptions } from './connection.js';
export { asData, dotStuffed, DotStuffer } from './content.js';
export {
  type ClientPhase,
  ConnectionError,
  type ConnectionFault,
  ReplyError,
  UnsupportedError,
} from './errors.js';
export { type Awaited, EXPECTED_REPLIES, type Meaning, meaningOf } from './expected-replies.js';
export { CLIENT, type ClientTimeouts, DEFAULT_CLIENT_TIMEOUTS } from './limits.js';
export { type Mail, Mailer, type MailerOptions, type MailSource } from './mailer.js';
export { ReceivedReply } from './received-reply.js';
export { Pool, type Pooled } from './pool.js';
export { Redactor } from './redactor.js';
export { MAX_LINE, MAX_LINES, MAX_REPLY, ReplyReader } from './reply-reader.js';
export {
  type Extensions,
  extensionsOf,
  type Opening,
  openSession,
  type Session,
  type SessionOptions,
} from './session.js';
export { Shared } from './shared.js';
export {
  type OutgoingContent,
  type OutgoingMessage,
  type RecipientResult,
  transact,
  type TransactionOptions,
  type TransactionResult,
} from './transaction.js';
