import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { plainAddress } from '../../base/networks.js';
import type { Domain, Scope } from '../../store/port.js';
import type { Directory } from '../../submission/directory.js';
import { ApiError } from '../errors.js';
import type { Access, Principal } from '../principal.js';
import { scopeOf } from '../principal.js';
import { type KeyedRate } from '../rate.js';
import type { SessionCookie } from '../sign-in/cookie.js';
import { isFromOwnPage, isSafe } from './origin.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on routes that are open. */
    principal: Principal | null;
    /** Whether the credentials of the request still hold, for what lasts longer; null on routes that are open. */
    standing: Standing | null;
  }
  interface FastifyContextConfig {
    access?: Access;
    /** The route takes the octets of its body, and not a value. */
    raw?: boolean;
    /** The answer lasts as long as the client wants. */
    lasting?: boolean;
    /** A further field that the token may come in. */
    tokenField?: string;
  }
}

/** Counts failures by client network, as AUTH of SMTP does. */
export interface Throttle {
  /** Notes a failure. Returns how long to hold the answer back, in milliseconds, and whether there were too many. */
  failed(address: string): Answer | Promise<Answer>;
}

interface Answer {
  readonly delay: number;
  readonly tooMany: boolean;
}

/** The sessions of those who signed in. */
export interface SessionLookup {
  find(secret: string): Promise<Principal | null>;
  /** Returns whether the session is valid. Does not count as a use of it. */
  isValid(secret: string): Promise<boolean>;
}

/** The credentials of a request. */
interface Standing {
  /** Returns a name for them that does not reveal them. */
  readonly credentials: () => string;
  /** Returns whether they are still those of the same principal. */
  readonly isAllowed: () => Promise<boolean>;
}

interface AuthorizationOptions {
  readonly directory: Pick<Directory, 'byToken' | 'byId'>;
  readonly sessions: SessionLookup;
  readonly cookie: SessionCookie;
  readonly throttle: Throttle;
  readonly rate: KeyedRate;
}

const TOKEN_FIELDS = ['ohmysmtp-server-token', 'mailpace-server-token'] as const;

/**
 * Decides who makes each request, before its body is read. A route without `config.access` cannot be registered, so
 * that no route is open by omission.
 */
export function authorization(app: FastifyInstance, options: AuthorizationOptions): void {
  app.decorateRequest('principal', null);
  app.decorateRequest('standing', null);
  app.addHook('onRoute', ({ config, url, method }) => {
    if (config?.access === undefined)
      throw new TypeError(`${String(method)} ${url} does not say who may use it`);
  });
  app.addHook('onRequest', async (request) => {
    const { access } = request.routeOptions.config;
    if (access === undefined || access === 'open' || access === 'page') {
      options.rate.take(request.ip);
      return;
    }
    if (access === 'local' && isLocal(request)) return;
    const { principal, standing } = await identify(request, access, options);
    options.rate.take(principal.kind === 'administrator' ? 'administrator' : String(principal.domain.id));
    if (access === 'local' && principal.kind !== 'administrator') throw new ApiError('local_only');
    if (access === 'administrator' && principal.kind !== 'administrator') throw new ApiError('not_allowed');
    request.principal = principal;
    request.standing = standing;
  });
}

/** Returns who makes a request of a route that is not open. */
export function principalOf({ principal }: FastifyRequest): Principal {
  if (principal === null) throw new ApiError('not_signed_in');
  return principal;
}

/** Returns the credentials of a request of a route that is not open. */
export function standingOf({ standing }: FastifyRequest): Standing {
  if (standing === null) throw new ApiError('not_signed_in');
  return standing;
}

/** Returns what a request may see: what every query takes. */
export function scopeOfRequest(request: FastifyRequest): Scope {
  return scopeOf(principalOf(request));
}

async function identify(
  request: FastifyRequest,
  access: Access,
  { directory, sessions, cookie, throttle }: AuthorizationOptions,
): Promise<{ readonly principal: Principal; readonly standing: Standing }> {
  const token = tokenOf(request);
  if (token !== null) {
    const find = async (): Promise<Domain | null> => {
      const domain = await directory.byToken(token);
      return domain === null ? null : directory.byId(domain.id);
    };
    const domain = await find();
    if (domain === null) {
      await holdBack(throttle, request.ip);
      throw new ApiError(access === 'token' ? 'invalid_token' : 'wrong_credentials');
    }
    const isAllowed = async (): Promise<boolean> => (await find())?.id === domain.id;
    return {
      principal: { kind: 'domain', domain, session: null },
      standing: { credentials: () => nameOf(token), isAllowed },
    };
  }
  if (access === 'token') throw new ApiError('missing_token');
  const secret = cookie.read(request);
  const principal = secret === undefined ? null : await sessions.find(secret);
  if (principal === null || secret === undefined)
    throw new ApiError(access === 'local' ? 'local_only' : 'not_signed_in');
  // A browser sends the cookie along with what a page of another site asks for; SameSite=Strict is the other lock.
  if (!isSafe(request) && !isFromOwnPage(request)) throw new ApiError('wrong_origin');
  const isAllowed = (): Promise<boolean> => sessions.isValid(secret);
  return { principal, standing: { credentials: () => nameOf(secret), isAllowed } };
}

function nameOf(secret: string): string {
  return Buffer.from(digestSecret(secret)).toString('base64url');
}

/** Waits as long as the throttle says after a failure, so that guessing is slow. */
export async function holdBack(throttle: Throttle, address: string): Promise<void> {
  const { delay, tooMany } = await throttle.failed(address);
  if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay).unref());
  if (tooMany) throw new ApiError('too_many_requests', { retryAfter: 60 });
}

function tokenOf({ headers, routeOptions }: FastifyRequest): string | null {
  const { tokenField } = routeOptions.config;
  for (const name of tokenField === undefined ? TOKEN_FIELDS : [tokenField, ...TOKEN_FIELDS]) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  const [, bearer = ''] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  return bearer === '' ? null : bearer;
}

/** Whether the client is on this machine. What a proxy passes on comes from somewhere else. */
function isLocal({ socket, headers }: FastifyRequest): boolean {
  const address = plainAddress(socket.remoteAddress);
  const proxied = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
  return !proxied && (address === '::1' || address.startsWith('127.'));
}

/** SHA-256 of a secret: what the store knows of it. */
export function digestSecret(secret: string): Uint8Array {
  return hash('sha256', secret, 'buffer');
}
