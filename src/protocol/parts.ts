/**
 * The core with the catalogue of its replies, for the server, the gateway and the adapter. The declarations of the package
 * `postern` leave the catalogue out: an embedder makes replies of its own, with `new Reply`.
 */
export * from './index.js';
export { CATALOGUE, reply, type ReplyName } from './replies/catalogue.js';
