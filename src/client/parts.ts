/**
 * The client with the parts that it is made of: for the gateway, which delivers with them, and for the load generator.
 * The declarations of the package `postern` leave the parts out.
 */
export * from './index.js';
export { Channel, type ChannelListener } from './channel.js';
export type { ChannelOptions } from './channel-options.js';
export { bdatCommand, mailCommand, rcptCommand } from '../protocol/client/commands.js';
export { Connection, type ConnectionOptions } from './connection.js';
export { asData, dotStuffed } from './content.js';
export { DotStuffer } from '../protocol/client/dot-stuffer.js';
export {
  type Awaited,
  EXPECTED_REPLIES,
  type Meaning,
  meaningOf,
} from '../protocol/client/expected-replies.js';
export { CLIENT } from './limits.js';
export { Redactor } from './redactor.js';
export { Fault } from '../base/fault.js';
export { ReplyReader } from '../protocol/client/reply-reader.js';
export { MAX_LINE, MAX_LINES, MAX_REPLY } from '../protocol/client/limits.js';
export { extensionsOf } from '../protocol/client/announced.js';
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
