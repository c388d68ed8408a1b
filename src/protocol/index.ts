/**
 * The SMTP core: octets in; events and octets out. `ServerSession` is the server's half of a session, `ClientSession`
 * the client's. Neither knows sockets, timers or clocks, and this entry loads nothing: no package, and no module of Node.
 *
 * @packageDocumentation
 */
export {
  ContentDecoder,
  type BareNewlines,
  type ContentFault,
  type ContentStep,
  PortableScan,
  type Scan,
} from './content/decoder.js';
export type { ChunkSize } from './grammar/chunk-size.js';
export {
  ACCEPT,
  refuse,
  type AbortReason,
  type CloseReason,
  type CommandLine,
  type Event,
  type Hello,
  type Notice,
  type Question,
  type SaslQuestion,
  type Verdict,
  type Wait,
} from './events.js';
export type { MailParameters, OptionalExtensions, RcptParameters } from './extensions/index.js';
export { isDomain } from './grammar/domain.js';
export type { NotifyOn, OriginalRecipient, Ret } from './extensions/dsn.js';
export { type Mailbox, parseMailbox } from './grammar/mailbox.js';
export type { BodyType } from './extensions/eight-bit-mime.js';
export type { ByParameter } from './extensions/deliver-by.js';
export { DEFAULT_LIMITS, type Limits } from './limits.js';
export type { Link } from './link.js';
export type { Authenticated, Identity, PhaseKind, Transaction } from './state/phases.js';
export type { Meter } from './meter.js';
export {
  Profile,
  type ProfileOptions,
  type SpaceBeforePath,
  type Syntax,
  type UnknownParameters,
} from './profile.js';
export { Reply } from './replies/reply.js';
export { oauthBearer, OAUTHBEARER, type TokenHelp, xoauth2, XOAUTH2 } from './sasl/bearer.js';
export type {
  AnyCredentials,
  Credentials,
  ExternalCredentials,
  PasswordCredentials,
  ScramCredentials,
  TokenCredentials,
} from './sasl/credentials.js';
export { EXTERNAL } from './sasl/external.js';
export { LOGIN } from './sasl/login.js';
export type { SaslChallenge, SaslExchange, SaslMechanism, SaslStep, ScramKeys } from './sasl/mechanism.js';
export { PLAIN } from './sasl/plain.js';
export { scram, type ScramCrypto } from './sasl/scram.js';
export { Secret } from '../base/secret.js';
export type { RelayTrust } from './extensions/relay-attributes.js';
export type { StartTlsQuestion } from './extensions/starttls.js';
export type { XclientAttributes, XclientQuestion } from './extensions/xclient.js';
export type { XforwardAttributes, XforwardQuestion } from './extensions/xforward.js';
export { ServerSession } from './session.js';
export type { ClientCloseReason, ClientEvent } from './client/events.js';
export { type Extensions, extensionsOf } from './client/announced.js';
export { mailCommand, rcptCommand } from './client/commands.js';
export { DotStuffer } from './client/dot-stuffer.js';
export { type Awaited as AwaitedReply, type Meaning, meaningOf } from './client/expected-replies.js';
export { ReceivedReply } from './client/received-reply.js';
export { type Cleaner, ReplyReader, type ReplyReaderOptions } from './client/reply-reader.js';
export { ClientSession, type ClientSessionOptions } from './client/session.js';
export { Fault, type Parsed } from '../base/fault.js';
