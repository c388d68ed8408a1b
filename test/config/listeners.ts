import type { ListenerConfig } from '../../src/config/listener.js';

/** What a listener of `smtp://` is, but for its place, where its URL asks for nothing. */
export const SMTP: Omit<ListenerConfig, 'address' | 'port'> = {
  protocol: 'smtp',
  tls: 'optional',
  auth: 'required',
  proxy: 'trusted',
  clientCert: 'off',
};
