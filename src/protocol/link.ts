/** How the octets travel. A fact of the transport, told by the server, never by the client. */
export type Link =
  | 'plain'
  | 'tls'
  /** TLS, and the client has proven who it is, with a certificate that the server trusts. */
  | 'mutual';
