import { z } from 'zod';
import type { Administrator, Session } from '../../store/sessions.js';
import { clientOf } from '../client.js';
import type { Api, ApiContext } from '../context.js';
import { ApiError } from '../errors.js';
import { holdBack, principalOf, type Throttle } from '../plugins/authorization.js';
import type { Principal } from '../principal.js';
import { KeyedRate } from '../rate.js';
import { errorBody } from '../schemas/errors.js';
import { sessionList, type SignInRequest, signInRequest, whoAmI, type WhoAmI } from '../schemas/session.js';
import type { SessionCookie } from '../sign-in/cookie.js';
import type { PasswordCheck } from '../sign-in/password.js';
import type { SignedIn } from '../sign-in/sessions.js';
import type { Directory } from '../../submission/directory.js';

interface SessionRoutes {
  readonly signedIn: SignedIn;
  readonly administrator: Pick<Administrator, 'password'>;
  readonly passwords: PasswordCheck;
  readonly directory: Pick<Directory, 'byToken' | 'byId'>;
  readonly cookie: SessionCookie;
  readonly throttle: Throttle;
}

const tags = ['sessions'];
const idParameter = z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });

/** Sign-in, sign-out and the list of sessions. */
export function sessionRoutes(app: Api, context: ApiContext, options: SessionRoutes): void {
  const { limits } = context;
  const { signedIn, administrator, passwords, directory, cookie, throttle } = options;
  const attempts = new KeyedRate(limits.signIns);

  app.post(
    '/api/v1/session',
    {
      config: { access: 'open' },
      schema: {
        summary: 'Sign in',
        tags,
        body: signInRequest,
        response: { 200: whoAmI, 401: errorBody, 503: errorBody },
      },
    },
    async (request, reply) => {
      attempts.take(request.ip);
      const principal = await principalOfCredentials(request.body);
      const secret = principal === null ? null : await signedIn.begin(principal, clientOf(request));
      if (principal === null || secret === null) {
        await holdBack(throttle, request.ip);
        const what = 'password' in request.body ? 'password' : 'token';
        throw new ApiError('wrong_credentials', { text: `The ${what} is wrong` });
      }
      cookie.set(reply, secret);
      const domain = principal.kind === 'domain' ? await directory.byId(principal.domainId) : null;
      return { kind: principal.kind, domain: domain?.name ?? null, by: 'session' as const };
    },
  );

  app.get(
    '/api/v1/session',
    {
      config: { access: 'domain' },
      schema: { summary: 'Who makes this request', tags, response: { 200: whoAmI } },
    },
    async (request) => describe(principalOf(request)),
  );

  app.delete(
    '/api/v1/session',
    {
      config: { access: 'domain' },
      schema: { summary: 'Sign out', tags, response: { 204: z.null() } },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      if (principal.session !== null) await signedIn.end(principal, principal.session);
      context.credentialsChanged();
      cookie.clear(reply);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/api/v1/sessions',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'The sessions of this domain, or all',
        tags,
        response: { 200: sessionList },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const sessions = await signedIn.list(principal);
      return { sessions: await Promise.all(sessions.map((session) => entry(session, principal))) };
    },
  );

  app.delete(
    '/api/v1/sessions/:id',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'End a session',
        tags,
        params: idParameter,
        response: { 204: z.null(), 404: errorBody },
      },
    },
    async (request, reply) => {
      const digest = Buffer.from(request.params.id, 'base64url');
      if (!(await signedIn.end(principalOf(request), digest))) throw new ApiError('not_found');
      context.credentialsChanged();
      return reply.code(204).send(null);
    },
  );

  async function principalOfCredentials({
    password,
    token,
  }: SignInRequest): Promise<{ kind: 'domain'; domainId: number } | { kind: 'administrator' } | null> {
    if (token !== undefined) return byToken(token);
    return password === undefined ? null : byPassword(password);
  }

  async function byToken(token: string): Promise<{ kind: 'domain'; domainId: number } | null> {
    const domain = await directory.byToken(token);
    return domain === null ? null : { kind: 'domain', domainId: domain.id };
  }

  async function byPassword(password: string): Promise<{ kind: 'administrator' } | null> {
    const right = await passwords.matches(password, await administrator.password());
    return right ? { kind: 'administrator' } : null;
  }

  async function entry(
    session: Session,
    current: Principal,
  ): Promise<z.output<typeof sessionList>['sessions'][number]> {
    const { principal, digest } = session;
    const domain = principal.kind === 'domain' ? await directory.byId(principal.domainId) : null;
    return {
      id: Buffer.from(digest).toString('base64url'),
      kind: principal.kind,
      domain: domain?.name ?? null,
      createdAt: new Date(session.createdAt).toISOString(),
      lastSeenAt: new Date(session.lastSeenAt).toISOString(),
      expiresAt: new Date(session.expiresAt).toISOString(),
      clientAddress: session.clientAddress,
      userAgent: session.userAgent,
      current: current.session !== null && Buffer.compare(current.session, digest) === 0,
    };
  }
}

function describe(principal: Principal): WhoAmI {
  return {
    kind: principal.kind,
    domain: principal.kind === 'domain' ? principal.domain.name : null,
    by: principal.session === null ? 'token' : 'session',
  };
}
