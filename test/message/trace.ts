import type { Trace } from '../../src/message/received.js';

/** A transaction of an app that is authenticated, without TLS. */
export const TRACE: Trace = {
  helloName: 'app.example',
  extended: true,
  clientAddress: '192.0.2.7',
  hostname: 'mx.example',
  tls: null,
  authenticated: true,
  utf8: false,
  id: '42',
  recipients: ['u@x.example'],
  time: Date.UTC(2026, 6, 28, 9, 5, 7),
};
