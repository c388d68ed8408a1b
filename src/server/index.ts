/** The SMTP server over `node:net` and `node:tls`. */
export { type AdmissionLimits, DEFAULT_ADMISSION } from './admission.js';
export { BodyAborted } from './body.js';
export {
  Certificates,
  CertificateError,
  type CertificateFacts,
  type CertificatesOptions,
  type CertificateSource,
  type ReloadResult,
} from './certificates.js';
export type { Clock } from './deadlines.js';
export type {
  ContentSink,
  Decision,
  Envelope,
  Handler,
  Recipient,
  SessionView,
  TlsFacts,
} from './handler.js';
export {
  type DataRate,
  DEFAULT_DATA_RATE,
  DEFAULT_TIMEOUTS,
  type Listening,
  type ListenOptions,
  type ServerOptions,
  type Timeouts,
} from './options.js';
export { Refusal } from './refusal.js';
export { createServer, Server } from './server.js';
