import type { Server, TlsOptions } from 'node:tls';

/** How a `tls.Server` is used. */
export interface ServerUse {
  /** It asks clients for a certificate. Default: false. */
  readonly asksClients?: boolean;
}

/** Where a server has its certificates from: `Certificates`, or an object of yours that does the same. */
export interface TlsSource {
  /** Whether there are authorities that vouch for clients. */
  readonly knowsClients: boolean;
  /** Options for a `tls.Server`: certificates and keys, and how names are answered. */
  serverOptions(use?: ServerUse): TlsOptions;
  /** Gives the server what is current, now and after each change. The result ends that. */
  follow(server: Server, use?: ServerUse): () => void;
}
