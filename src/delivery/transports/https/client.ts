import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { TLSSocket, type SecureContextOptions } from 'node:tls';

/** The response to a request. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** Version and cipher; null without TLS. */
  readonly tls: string | null;
}

export interface ClientOptions {
  /** Time-out of a whole exchange, in milliseconds. */
  readonly deadline: number;
  /** Time-out while nothing is sent or received, in milliseconds. */
  readonly idle: number;
  /** The most octets of a response. */
  readonly answerSize: number;
  /** The most connections to one host at a time. Further exchanges wait. */
  readonly connections: number;
  /** If true, connections are kept for the next exchange. */
  readonly keepAlive: boolean;
  /** Trusted certificate authorities, PEM, in place of those that Node trusts. */
  readonly ca?: SecureContextOptions['ca'];
  /** Resolves names to addresses; it may refuse. */
  readonly lookup?: LookupFunction;
}

/** Thrown if no response came, or if it could not be read. The text of the error gives the reason in one line. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  constructor(
    message: string,
    /** True if a connection was open, so that the server may have done what was asked. */
    readonly reached: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Sends POST requests over HTTP/1.1. A response is bounded in time and size. A redirection is not followed but
 * returned like any other response, so that the content and the token go to no other server.
 */
export class Client {
  readonly #options: ClientOptions;
  readonly #agents: Readonly<Record<string, http.Agent>>;

  constructor(options: ClientOptions) {
    this.#options = options;
    const { keepAlive, connections: maxSockets, ca } = options;
    this.#agents = {
      'http:': new http.Agent({ keepAlive, maxSockets }),
      'https:': new https.Agent({ keepAlive, maxSockets, ...(ca === undefined ? {} : { ca }) }),
    };
  }

  /**
   * @param body pieces, each of which is written at once
   * @throws NoAnswer
   */
  async post(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<Answer> {
    for (let again = false; ; again = true) {
      try {
        return await this.#exchange(url, headers, body, signal);
      } catch (error) {
        // If the server closed a kept connection just now, that says nothing about the message.
        if (!again && error instanceof StaleConnection) continue;
        throw error;
      }
    }
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #exchange(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<Answer> {
    const { deadline, idle, answerSize, lookup } = this.#options;
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? https : http).request(url, {
        method: 'POST',
        headers: { ...headers, 'content-length': body.reduce((sum, { length }) => sum + length, 0) },
        agent: this.#agents[url.protocol],
        signal,
        ...(lookup === undefined ? {} : { lookup }),
      });
      let [reached, answered] = [false, false];
      const giveUp = (reason: string, cause?: Error): void => {
        clearTimeout(timer);
        request.destroy();
        const stale = request.reusedSocket && !answered && isReset(cause);
        reject(new (stale ? StaleConnection : NoAnswer)(reason, reached, { cause }));
      };
      const fail = (error: Error): void => giveUp(describe(error), error);
      const timer = setTimeout(() => giveUp(`no answer within ${deadline / 1000} s`), deadline);
      request.setTimeout(idle, () => giveUp(`nothing heard for ${idle / 1000} s`));
      request.on('error', fail);
      request.on('socket', (socket) => {
        reached = request.reusedSocket;
        // A kept connection does not connect again, so listeners would accumulate on it.
        if (reached) return;
        socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => (reached = true));
      });
      request.on('response', (response) => {
        answered = true;
        const tls = tlsOf(response);
        const pieces: Buffer[] = [];
        let size = 0;
        response.on('error', (error) => giveUp(`the answer broke off: ${describe(error)}`, error));
        response.on('data', (piece: Buffer) => {
          size += piece.length;
          if (size > answerSize) giveUp(`the answer is larger than ${answerSize} octets`);
          else pieces.push(piece);
        });
        response.on('end', () => {
          clearTimeout(timer);
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, body: Buffer.concat(pieces), tls });
        });
      });
      // Written in pieces, as the socket takes them: 50 MB at once through TLS would block the event loop.
      Readable.from(body).pipe(request);
    });
  }
}

class StaleConnection extends NoAnswer {}

function tlsOf({ socket }: http.IncomingMessage): string | null {
  return socket instanceof TLSSocket
    ? `${socket.getProtocol() ?? 'TLS'} ${socket.getCipher().standardName}`
    : null;
}

function isReset(error: Error | undefined): boolean {
  return error !== undefined && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

/** Returns an error in one line. If several addresses were tried, the errors of all of them are joined. */
function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  if (!(error instanceof Error)) return String(error);
  return error.name === 'AbortError' ? 'the server is stopping' : error.message;
}
