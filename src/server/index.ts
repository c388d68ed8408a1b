/** The SMTP server over `node:net` and `node:tls`. */
export { TooManyConnections } from './admission/admission.js';
export { ClientFault } from '../base/client-fault.js';
export { BodyAborted, type BodyAbortReason } from './connection/body.js';
export {
  type AuthoritySource,
  Certificates,
  CertificateError,
  type CertificateFacts,
  type CertificatesOptions,
  type CertificateSource,
  type ReloadResult,
} from './tls/certificates.js';
export type { Clock } from './connection/deadlines.js';
export type {
  ClientCertificate,
  ContentSink,
  CredentialsOf,
  Decision,
  MessageDecision,
  Envelope,
  Handler,
  MessageBody,
  Observer,
  WithCertificate,
  PrincipalOf,
  Recipient,
  SenderSession,
  Session,
  TlsFacts,
  TransactionSession,
} from './handler.js';
export {
  type AdmissionLimits,
  type DataRate,
  DEFAULT_ADMISSION,
  DEFAULT_DATA_RATE,
  DEFAULT_TIMEOUTS,
  type Timeouts,
} from './limits.js';
export type { Logger } from './logger.js';
export type { AcceptOptions, Listening, ListenOptions, RewordContext, ServerOptions } from './options.js';
export type { ReverseLookup } from './reverse-lookup.js';
export type { ServerUse, TlsSource } from './tls/tls-source.js';
export type { ServerStats } from './stats.js';
export { Refusal } from './refusal.js';
export { SCRAM_ITERATIONS, SCRAM_SHA_256, scramKeys, type ScramOptions, scramSha256 } from './auth/scram.js';
export { createServer, Server } from './server.js';
