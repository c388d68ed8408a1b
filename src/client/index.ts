/** The client's half of SMTP over `node:net` and `node:tls`. */
export { type ClientCredentials, type Mechanism, MECHANISMS } from './auth.js';
export {
  Channel,
  type ChannelListener,
  type ChannelOptions,
  type TlsSessions,
  type TlsTerms,
} from './channel.js';
export { mailCommand, rcptCommand } from './commands.js';
export { dotStuffed } from './content.js';
export { ConnectionError, type ConnectionFault, ReplyError, UnsupportedError } from './errors.js';
export { type Mail, Mailer, type MailerOptions, type MailSource } from './mailer.js';
export { ReceivedReply } from './received-reply.js';
export { MAX_LINE, MAX_REPLY, ReplyReader } from './reply-reader.js';
export { type Opening, openSession, type Session, type SessionOptions } from './session.js';
export { Shared } from './shared.js';
