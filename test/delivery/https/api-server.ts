import { readFileSync } from 'node:fs';
import http, { type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { testCertificates } from '../../certs.js';

/** A request that the server received. */
export interface Taken {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
  readonly body: Record<string, unknown>;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** An object becomes JSON. */
  readonly body?: object | string;
}

export interface ApiServer {
  /** The URL of `/api/v1/send`. */
  readonly url: string;
  readonly port: number;
  readonly taken: Taken[];
  /** Returns how many connections there have been. */
  readonly connections: () => number;
}

/** Returns the reply to a request, or handles the response itself. */
export type Answering = (request: Taken, response: http.ServerResponse) => Reply | undefined;

export const PENDING: Reply = { body: { id: 42, status: 'pending' } };

/** Starts a mail API on loopback that answers with `answer`, until the end of the test. */
export async function apiServer(
  answer: Answering,
  options: { readonly tls?: boolean } = {},
): Promise<ApiServer> {
  const taken: Taken[] = [];
  let connections = 0;
  const listener: http.RequestListener = (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const raw = Buffer.concat(pieces);
      const { url, headers } = request;
      const made: Taken = { url, headers, raw, body: raw.length === 0 ? {} : JSON.parse(raw.toString()) };
      taken.push(made);
      const reply = answer(made, response);
      if (reply === undefined) return;
      const { status = 200, body = '' } = reply;
      const type = typeof body === 'string' ? 'text/html' : 'application/json; charset=utf-8';
      response.writeHead(status, { 'content-type': type, ...reply.headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  };
  const server = options.tls === true ? await secure(listener) : http.createServer(listener);
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  const scheme = options.tls === true ? 'https' : 'http';
  return { url: `${scheme}://127.0.0.1:${port}/api/v1/send`, port, taken, connections: () => connections };
}

async function secure(listener: http.RequestListener): Promise<https.Server> {
  const { cert, key } = await testCertificates();
  return https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, listener);
}
