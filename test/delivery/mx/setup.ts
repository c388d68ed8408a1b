import { Fault } from '../../../src/base/fault.js';
import { createServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { openMx, parseMx } from '../../../src/delivery/transports/mx/index.js';
import type { SmtpEnvironment } from '../../../src/delivery/transports/smtp/index.js';
import type { Transport } from '../../../src/delivery/transports/transport.js';
import type { DnsServer } from '../dns-server.js';

/** Opens a transport that asks this name server and connects to this port, until the end of the test. */
export function mx(
  dns: DnsServer,
  port: number,
  options = 'private=allow&sts=off',
  environment: Partial<SmtpEnvironment> = {},
): Transport {
  const url = `mx://?resolver=${dns.address}&port=${port}&${options}`;
  const target = parseMx(url);
  if (target instanceof Fault) throw new Error(`${url}: ${target.reason}`);
  const transport = openMx(target, { hostname: 'gateway.example', ...environment });
  onTestFinished(() => transport.close());
  return transport;
}

/** A server of MTA-STS policies. */
export interface PolicyServer {
  readonly port: number;
  /** The host of each request. */
  readonly asked: string[];
  /** The answer; a test may replace it. */
  answer: { readonly status?: number; readonly type?: string; readonly text: string };
}

/** Serves a policy by HTTPS until the end of the test. */
export async function policyServer(
  certificate: { readonly cert: string; readonly key: string },
  text: string,
): Promise<PolicyServer> {
  const asked: string[] = [];
  const server = createServer(certificate, (request, response) => {
    asked.push(`${request.headers.host ?? ''}${request.url ?? ''}`);
    const { status = 200, type = 'text/plain; charset=utf-8', text } = policy.answer;
    response.writeHead(status, { 'content-type': type });
    response.end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const policy: PolicyServer = { port: (server.address() as AddressInfo).port, asked, answer: { text } };
  return policy;
}

/** Returns the text of a policy file. */
export function policyText(mode: string, ...hosts: readonly string[]): string {
  const lines = ['version: STSv1', `mode: ${mode}`, ...hosts.map((host) => `mx: ${host}`), 'max_age: 86400'];
  return `${lines.join('\r\n')}\r\n`;
}
