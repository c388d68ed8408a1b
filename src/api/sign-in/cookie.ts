/** The cookie that holds the secret of a session. */
import { fastifyCookie as cookie } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Scripts cannot read the cookie, and other sites cannot use it.
 *
 * The plugin of Fastify is not registered: its hooks would run for each request, and few requests have a cookie.
 */
export class SessionCookie {
  readonly #name: string;
  readonly #options;

  /** @param tls whether clients reach the server over TLS */
  constructor(tls: boolean) {
    // With this prefix of its name, browsers accept the cookie only over TLS and send it to no other host (RFC 6265bis).
    this.#name = tls ? '__Host-postern_session' : 'postern_session';
    this.#options = { path: '/', httpOnly: true, sameSite: 'strict', secure: tls } as const;
  }

  /** Returns the secret of a request; undefined if it has none. */
  read({ headers }: FastifyRequest): string | undefined {
    return headers.cookie === undefined ? undefined : cookie.parse(headers.cookie)[this.#name];
  }

  set(reply: FastifyReply, secret: string): void {
    reply.header('set-cookie', cookie.serialize(this.#name, secret, this.#options));
  }

  clear(reply: FastifyReply): void {
    const ended = { expires: new Date(0), maxAge: 0 };
    reply.header('set-cookie', cookie.serialize(this.#name, '', { ...this.#options, ...ended }));
  }
}
