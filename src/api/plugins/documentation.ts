import type { FastifyInstance, RouteOptions } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Access } from '../principal.js';
import { errorBody } from '../schemas/errors.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The schema of the body of a route that takes octets. */
    documentedBody?: z.ZodType;
    /** The route takes an Idempotency-Key. */
    idempotent?: boolean;
  }
}

/** The ways to say who makes a request, as OpenAPI has them. */
export const SECURITY_SCHEMES = {
  token: {
    type: 'apiKey',
    in: 'header',
    name: 'MailPace-Server-Token',
    description: 'API token of a domain',
  },
  oldToken: { type: 'apiKey', in: 'header', name: 'OhMySMTP-Server-Token', description: 'The same' },
  postmarkToken: { type: 'apiKey', in: 'header', name: 'X-Postmark-Server-Token', description: 'The same' },
  bearer: { type: 'http', scheme: 'bearer', description: 'The same' },
  session: { type: 'apiKey', in: 'cookie', name: 'postern_session', description: 'Session of who signed in' },
} as const;

type SchemeName = keyof typeof SECURITY_SCHEMES;

const BY_TOKEN: readonly SchemeName[] = ['token', 'oldToken', 'bearer'];
const SCHEMES: Readonly<Record<Access, readonly SchemeName[]>> = {
  open: [],
  page: [],
  local: ['session'],
  token: BY_TOKEN,
  domain: [...BY_TOKEN, 'session'],
  administrator: ['session'],
};

/** Statuses of errors that follow from who may use a route. Routes for tokens speak for other APIs, and list their own. */
const STATUSES: Readonly<Record<Access, readonly number[]>> = {
  open: [400, 421, 429],
  page: [],
  local: [400, 401, 403, 421, 429],
  token: [],
  domain: [400, 401, 421, 429, 503],
  administrator: [400, 401, 403, 421, 429, 503],
};

/** Those of requests that change something, too: another origin, a body that is too large or of another type. */
const OF_CHANGES: readonly number[] = [403, 413, 415];

/** Documents for each route what follows from who may use it: its credentials, and the errors of all such routes. */
export function documentRoutes(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { access } = route.config ?? {};
    if (access === undefined || access === 'page') return;
    const { response, ...schema } = route.schema ?? {};
    const statuses =
      access === 'token' ? [] : [...STATUSES[access], ...(route.method === 'GET' ? [] : OF_CHANGES)];
    route.schema = {
      ...schema,
      security: securityOf(route, access),
      response: {
        ...Object.fromEntries(statuses.map((status) => [status, errorBody])),
        ...(response as object | undefined),
      },
    };
  });
}

function securityOf({ config }: RouteOptions, access: Access): Record<string, string[]>[] {
  const names =
    config?.tokenField === undefined ? SCHEMES[access] : (['postmarkToken', ...SCHEMES[access]] as const);
  const schemes = names.map((name) => ({ [name]: [] }));
  // `{}` says that the request may come without credentials.
  return access === 'local' ? [{}, ...schemes] : schemes;
}

/**
 * Returns the function that makes the schemas of a route JSON. A body that the route takes as octets, an Idempotency-Key
 * and words for each status are put in here.
 *
 * Hundreds of answers share the few schemas of errors. Each of these is made JSON once: it takes two thirds of the time.
 */
export function documentTransform(): typeof jsonSchemaTransform {
  const known = new Map<unknown, object>();
  return (route) => {
    const { documentedBody, idempotent } = route.route.config ?? {};
    const convert = (response: Readonly<Record<string, unknown>>): ReturnType<typeof jsonSchemaTransform> =>
      jsonSchemaTransform({
        ...route,
        schema: {
          ...route.schema,
          ...(documentedBody === undefined ? {} : { body: documentedBody }),
          ...(idempotent === true ? { headers: IDEMPOTENCY } : {}),
          response,
        },
      });
    const response = Object.entries((route.schema.response ?? {}) as Readonly<Record<string, unknown>>);
    const { schema, url } = convert(
      Object.fromEntries(response.filter(([, described]) => !known.has(described))),
    );
    const converted = (schema.response ?? {}) as Readonly<Record<string, object>>;
    const answers = response.map(([status, described]) => {
      const json = known.get(described) ?? converted[status] ?? {};
      if (Number(status) >= 400) known.set(described, json);
      return [status, { description: WORDS[Number(status)], ...structuredClone(json) }] as const;
    });
    return { schema: { ...schema, response: Object.fromEntries(answers) }, url };
  };
}

const WORDS: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Made',
  202: 'Queued',
  204: 'Done',
  400: 'A parameter, a field or the token is wrong or unknown',
  401: 'The credentials are missing, wrong or no longer valid',
  403: 'The caller may not do this, or the request comes from a page of another site',
  404: 'There is no such thing, or it belongs to another domain',
  406: 'The body is not JSON',
  409: 'This contradicts what is there already, or is under way',
  410: 'The content of the message has been removed',
  413: 'The body is too large',
  415: 'The content type is not application/json',
  421: 'The Host field names another server',
  422: 'The message is refused or cannot be read, or a field is wrong',
  429: 'Too many requests, or too many messages',
  503: 'The server is busy or stopping, or its store cannot be reached',
};

const IDEMPOTENCY = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe('The first success with this key is answered again for 24 hours'),
});

/** Describes an answer that is not JSON. */
export function contentOf(
  type: string,
  description: string,
): {
  readonly description: string;
  readonly content: Readonly<Record<string, { readonly schema: z.ZodUnknown }>>;
} {
  return { description, content: { [type]: { schema: z.unknown() } } };
}
