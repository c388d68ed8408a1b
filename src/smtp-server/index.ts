/**
 * For programs that were written for npm's `smtp-server`: its class, options, hooks and events on Postern's server.
 * `docs/guides/from-smtp-server.md` has what differs.
 *
 * @packageDocumentation
 */
import { SMTPServer } from './smtp-server.js';

export { SMTPServer, type SMTPServerEvents } from './smtp-server.js';
export type { EngineOptions, SMTPServerOptions } from './options.js';
export type { AnyOptions as SMTPServerResolvedOptions } from './defaults.js';
export type {
  Answer,
  ms,
  SMTPServerAddress,
  SMTPServerAddressArgs,
  SMTPServerAuthentication,
  SMTPServerAuthenticationMethod,
  SMTPServerAuthenticationResponse,
  SMTPServerConnection,
  SMTPServerConnectionInfo,
  SMTPServerDataResult,
  SMTPServerDataStream,
  SMTPServerEnvelope,
  SMTPServerEnvelopeDSN,
  SMTPServerError,
  SMTPServerHooks,
  SMTPServerLogger,
  SMTPServerRecipientDSN,
  SMTPServerResolver,
  SMTPServerSession,
} from './types.js';

/** As smtp-server has it: `import smtpServer from 'postern/smtp-server'`. */
const smtpServer: { readonly SMTPServer: typeof SMTPServer } = { SMTPServer };
export default smtpServer;
