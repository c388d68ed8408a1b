/** How the octets travel. The server knows it from its transport; the client has no say. */
export type Link =
  | 'plain'
  | 'tls'
  /** TLS, and the client has proven who it is, with a certificate that the server trusts. */
  | 'mutual';
