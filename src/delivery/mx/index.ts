/** Delivery to the mail servers of recipients' domains. */
export { MX_FORM, type MxTarget, parseMx } from './target.js';
export { openMx } from './transport.js';
