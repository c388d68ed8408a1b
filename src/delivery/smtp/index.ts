/** Delivery to a smarthost, by SMTP. */
export type { SmtpEnvironment } from './environment.js';
export { SMTP_CLIENT, type SmtpClientLimits } from './limits.js';
export { openSmarthost } from './smarthost.js';
export { parseSmarthost, SMARTHOST_FORM, type SmarthostTarget } from './target.js';
