/** Delivery to the mail servers of recipients' domains. */
export { parseMx } from './target.js';
export { openMx } from './transport.js';
