/**
 * Postern as a library: an SMTP server to embed. Loads Node's built-ins and nothing else.
 *
 * @example
 * ```js
 * import { createServer } from 'postern';
 *
 * const server = createServer({
 *   async onData(session, body) {
 *     let size = 0;
 *     for await (const octets of body) size += octets.length;
 *     console.log(session.envelope.recipients.map((r) => r.forwardPath.address), size);
 *   },
 * });
 * await server.listen({ port: 2525 });
 * ```
 */
export { received, type ReceivedOptions } from './received.js';
export * from './server/index.js';
export {
  DEFAULT_LIMITS,
  EXTERNAL,
  LOGIN,
  oauthBearer,
  OAUTHBEARER,
  PLAIN,
  Reply,
  Secret,
  xoauth2,
  XOAUTH2,
  type AbortReason,
  type AnyCredentials,
  type BareNewlines,
  type BodyType,
  type ByParameter,
  type CommandLine,
  type Credentials,
  type ExternalCredentials,
  Fault,
  type Hello,
  type Limits,
  type Mailbox,
  type MailParameters,
  type Meter,
  type NotifyOn,
  type OptionalExtensions,
  type OriginalRecipient,
  type PasswordCredentials,
  type RcptParameters,
  type Ret,
  type SaslChallenge,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
  type ScramCredentials,
  type ScramKeys,
  type SpaceBeforePath,
  type Syntax,
  type TokenCredentials,
  type TokenHelp,
  type UnknownParameters,
  type XclientAttributes,
  type XforwardAttributes,
} from './protocol/index.js';
