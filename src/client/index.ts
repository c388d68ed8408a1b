/**
 * The SMTP client, over `node:net` and `node:tls`: `connect` opens a session, over which messages are sent. Loads Node's
 * built-ins and nothing else.
 *
 * @packageDocumentation
 */
export { Client, type ClientMessage, type ClientOptions, type ClientResult, connect } from './client.js';
export { Secret } from '../base/secret.js';
export { type ClientCredentials, type Mechanism, MECHANISMS, TOKEN_MECHANISMS } from './auth.js';
export type { TlsSessions, TlsTerms } from './channel-options.js';
export type { Transcript } from './transcript.js';
export {
  type ClientPhase,
  ConnectionError,
  type ConnectionFault,
  ReplyError,
  UnsupportedError,
} from './errors.js';
export { type ClientTimeouts, DEFAULT_CLIENT_TIMEOUTS } from './limits.js';
export { ReceivedReply } from '../protocol/client/received-reply.js';
export type { Extensions } from '../protocol/client/announced.js';
