import type { Plan, SinkPlan } from '../../src/load/index.js';

/** A small plan against a port of this machine. */
export function planFor(port: number, plan: Partial<Plan> = {}): Plan {
  return {
    target: {
      host: '127.0.0.1',
      addresses: null,
      port,
      implicitTls: false,
      path: null,
      lmtp: false,
      user: null,
      password: null,
    },
    startTls: false,
    verifyTls: false,
    resumeTls: false,
    mechanism: null,
    pipelining: false,
    chunking: false,
    connections: 4,
    messages: 100,
    duration: null,
    messagesPerConnection: null,
    recipients: 1,
    sizes: [{ octets: 1024, weight: 1 }],
    own: null,
    users: [],
    schedule: null,
    ramp: 0,
    warmup: 0,
    from: 'bench@example.com',
    to: 'rcpt@example.net',
    hello: 'localhost',
    seed: 1,
    timeout: 15_000,
    drain: 15_000,
    threads: 1,
    ...plan,
  };
}

/** A sink on a free port of this machine, which takes everything. */
export function sinkPlan(plan: Partial<SinkPlan> = {}): SinkPlan {
  return {
    hostname: 'sink.example',
    listeners: [
      {
        path: null,
        host: '127.0.0.1',
        port: 0,
        lmtp: false,
        tls: 'off',
        tlsRequired: false,
        authRequired: false,
      },
    ],
    auth: false,
    certificate: null,
    tlsDetect: 0,
    delay: 0,
    tempfail: 0,
    permfail: 0,
    disconnect: 0,
    slowRead: null,
    seed: 1,
    dump: null,
    maxSize: 2 ** 30,
    threads: 1,
    ...plan,
  };
}
