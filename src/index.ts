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
export * from './server/index.js';
export {
  DEFAULT_LIMITS,
  LOGIN,
  PLAIN,
  Reply,
  Secret,
  type AbortReason,
  type BareNewlines,
  type Body,
  type Hello,
  type Limits,
  type Mailbox,
  type MailParameters,
  type NotifyOn,
  type OptionalExtensions,
  type OriginalRecipient,
  type PasswordCredentials,
  type RcptParameters,
  type Ret,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
} from './protocol/index.js';
