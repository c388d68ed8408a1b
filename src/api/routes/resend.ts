import { z } from 'zod';
import type { Domain } from '../../store/port.js';
import { clientOf } from '../client.js';
import type { Api, ApiContext } from '../context.js';
import { ApiError } from '../errors.js';
import { answerErrors, type ErrorShape } from '../plugins/errors.js';
import { resendBatch, resendEmail } from '../schemas/compat.js';
import { composed, domainOf, messageOf } from './send.js';

/** The errors that Resend names, by HTTP status. */
const NAMES: Readonly<Record<number, string>> = {
  401: 'missing_api_key',
  403: 'validation_error',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'concurrent_idempotent_requests',
  413: 'validation_error',
  422: 'validation_error',
  429: 'rate_limit_exceeded',
};

/** Resend answers an unknown key with 403, fields that are wrong with 422, and a body that is not JSON with 400. */
function resendError(error: ApiError): ApiError {
  const { code, message, fields } = error;
  if (code === 'invalid_token') return new ApiError('not_allowed', { text: 'API key is invalid' });
  if (code === 'wrong_format' || code === 'wrong_content_type')
    return new ApiError('bad_request', { text: message });
  return code === 'invalid' && fields !== null ? new ApiError('refused', { fields }) : error;
}

function nameOf({ status, code }: ApiError): string {
  if (code === 'not_allowed') return 'invalid_api_key';
  return NAMES[status] ?? (status >= 500 ? 'application_error' : 'validation_error');
}

/** Resend's errors: `{statusCode, name, message}`. */
const resendShape: ErrorShape = (error) => ({
  statusCode: error.status,
  name: nameOf(error),
  message:
    error.fields === null
      ? error.message
      : Object.entries(error.fields)
          .map(([field, problems]) => `The \`${field}\` field: ${problems.join(', ')}.`)
          .join(' '),
});

const answer = z.object({ id: z.string() });
const answers = z.object({ data: z.array(answer) });
const failure = z.object({ statusCode: z.int(), name: z.string(), message: z.string() });
const failures = { 401: failure, 403: failure, 421: failure, 422: failure, 429: failure, 503: failure };
const sendFailures = { ...failures, 400: failure, 409: failure, 413: failure };

/** `/compat/resend`: an app that sends by Resend changes its base URL and its key. */
export function resendRoutes(app: Api, context: ApiContext): void {
  const { limits, sending, idempotent } = context;
  answerErrors(app, resendShape, context.onFailure, resendError);

  app.post(
    '/compat/resend/emails',
    {
      config: { access: 'token', raw: true, documentedBody: resendEmail, idempotent: true },
      bodyLimit: limits.sendBody,
      schema: {
        summary: 'Send a message, as Resend has it',
        tags: ['compat'],
        response: { 200: answer, ...sendFailures },
      },
    },
    async (request, reply) => {
      const domain = domainOf(request);
      const key = request.headers['idempotency-key'];
      const { response, replayed } = await idempotent.run('resend', domain, key, async (inHand) => {
        const [result] = await composed(context, request, 'resend', domain);
        const accepted = await sending.send(domain, clientOf(request), messageOf(result), {
          completes: (id) => inHand?.completion({ id: String(id) }),
        });
        return { id: String(accepted.id) };
      });
      if (replayed) reply.header('idempotency-replayed', 'true');
      return response;
    },
  );

  app.post(
    '/compat/resend/emails/batch',
    {
      config: { access: 'token', raw: true, documentedBody: resendBatch, idempotent: true },
      bodyLimit: limits.sendBody,
      schema: {
        summary: 'Send up to 100 messages, as Resend has it',
        description:
          'No message is sent if one of them is malformed. A batch with an Idempotency-Key that was cut off, by a rate or a ' +
          'crash, goes on where it was if it comes again.',
        tags: ['compat'],
        response: { 200: answers, ...sendFailures },
      },
    },
    async (request, reply) => {
      const domain = domainOf(request);
      const key = request.headers['idempotency-key'];
      const { response, replayed } = await idempotent.run('resend', domain, key, async (inHand) => {
        const messages = (await composed(context, request, 'resend-batch', domain)).map(messageOf);
        const data: { id: string }[] = [];
        for (const [index, message] of messages.entries()) {
          // Each message has a key of its own, so that a batch that was cut off goes on where it was.
          const one = await idempotent.run(`resend-batch-${index}`, domain, key, async (inHand) => {
            const accepted = await sending.send(domain, clientOf(request), message, {
              completes: (id) => inHand?.completion({ id: String(id) }),
            });
            return { id: String(accepted.id) };
          });
          data.push(one.response);
        }
        await inHand?.complete({ data });
        return { data };
      });
      if (replayed) reply.header('idempotency-replayed', 'true');
      return response;
    },
  );

  app.get(
    '/compat/resend/emails/:id',
    {
      config: { access: 'token' },
      schema: {
        summary: 'A message, as Resend has it',
        tags: ['compat'],
        params: z.strictObject({ id: z.string().regex(/^\d{1,16}$/) }),
        response: {
          200: z.object({
            object: z.literal('email'),
            id: z.string(),
            from: z.string(),
            to: z.array(z.string()),
            subject: z.string(),
            created_at: z.string(),
            last_event: z.string(),
          }),
          ...failures,
          404: failure,
        },
      },
    },
    async (request) => {
      const message = await ownMessage(context, Number(request.params.id), domainOf(request));
      return {
        object: 'email' as const,
        id: String(message.id),
        from: message.from,
        to: [...message.to],
        subject: message.subject ?? '',
        created_at: new Date(message.receivedAt).toISOString(),
        last_event: LAST_EVENTS[message.status],
      };
    },
  );
}

const LAST_EVENTS = {
  held: 'queued',
  queued: 'queued',
  deferred: 'delivery_delayed',
  delivered: 'delivered',
  bounced: 'bounced',
  cancelled: 'canceled',
} as const;

async function ownMessage({ store }: ApiContext, id: number, domain: Domain) {
  const message = Number.isSafeInteger(id) ? await store.message(id) : null;
  if (message === null || message.domain !== domain.name) throw new ApiError('not_found');
  return message;
}
