/** Delivery by LMTP (RFC 2033), to a server that stores mail. */
export { parseLmtp } from './target.js';
export { openLmtp } from './transport.js';
