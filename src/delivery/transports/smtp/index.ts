/** Delivery to a smarthost, by SMTP. */
export type { SmtpEnvironment } from './environment.js';
export { openSmarthost } from './smarthost.js';
export { parseSmarthost } from './target.js';
