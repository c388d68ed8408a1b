import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { clientOf } from '../client.js';
import type { ComposeResult } from '../compose/request.js';
import type { Api, ApiContext } from '../context.js';
import { ApiError } from '../errors.js';
import { answerErrors, type ErrorShape, toApiError } from '../plugins/errors.js';
import { postmarkBatch, postmarkEmail } from '../schemas/compat.js';
import { composed, domainOf, messageOf } from './send.js';

/**
 * Postmark's error codes: 10 bad token, 300 invalid request, 400 sender, 402 invalid JSON, 406 inactive recipient, 409
 * content type, 410 too many messages in a batch, 429 rate.
 */
function codeOf({ code, fields }: ApiError): number {
  if (code === 'missing_token' || code === 'invalid_token' || code === 'wrong_credentials') return 10;
  if (code === 'wrong_format') return 402;
  if (code === 'wrong_content_type') return 409;
  if (code === 'batch_too_large') return 410;
  if (code === 'wrong_domain' || code === 'domain_removed') return 400;
  if (code === 'sending_too_quickly' || code === 'too_many_requests') return 429;
  const blocked = Object.values(fields ?? {}).some((problems) =>
    problems.includes('contains a blocked address'),
  );
  return blocked ? 406 : 300;
}

function textOf({ message, fields }: ApiError): string {
  if (fields === null) return message;
  return Object.entries(fields)
    .map(([field, problems]) => `${field}: ${problems.join(', ')}`)
    .join('; ');
}

/** Postmark's errors: `{ErrorCode, Message}`. */
const postmarkShape: ErrorShape = (error) => ({ ErrorCode: codeOf(error), Message: textOf(error) });

/** Postmark answers what is wrong with a message with 422, and a token with 401. */
function postmarkError(error: ApiError): ApiError {
  if (error.code === 'invalid_token') return new ApiError('wrong_credentials', { text: 'Invalid API Token' });
  if (error.status >= 500 || [401, 413, 429].includes(error.status)) return error;
  return new ApiError('refused', { text: textOf(error), cause: error });
}

const answer = z.object({
  To: z.string(),
  SubmittedAt: z.string(),
  MessageID: z.string(),
  ErrorCode: z.int(),
  Message: z.string(),
});
const failure = z.object({ ErrorCode: z.int(), Message: z.string() });
const config = { access: 'token', raw: true, tokenField: 'x-postmark-server-token' } as const;
const failures = { 401: failure, 413: failure, 422: failure, 429: failure, 503: failure };

/** `/compat/postmark`: an app that sends by Postmark changes its host and its token. */
export function postmarkRoutes(app: Api, context: ApiContext): void {
  const { limits, sending, now } = context;
  answerErrors(
    app,
    (error) => postmarkShape(error.cause instanceof ApiError ? error.cause : error),
    context.onFailure,
    postmarkError,
  );

  app.post(
    '/compat/postmark/email',
    {
      config: { ...config, documentedBody: postmarkEmail },
      bodyLimit: limits.sendBody,
      schema: {
        summary: 'Send a message, as Postmark has it',
        tags: ['compat'],
        response: { 200: answer, ...failures },
      },
    },
    async (request) => {
      const [result] = await composed(context, request, 'postmark', domainOf(request));
      return sendOne(request, result);
    },
  );

  app.post(
    '/compat/postmark/email/batch',
    {
      config: { ...config, documentedBody: postmarkBatch },
      bodyLimit: limits.sendBody,
      schema: {
        summary: 'Send up to 100 messages, as Postmark has it',
        description: 'Each message has a result of its own.',
        tags: ['compat'],
        response: { 200: z.array(z.union([answer, failure])), ...failures },
      },
    },
    async (request) => {
      const results = await composed(context, request, 'postmark-batch', domainOf(request));
      const answers: (z.output<typeof answer> | z.output<typeof failure>)[] = [];
      for (const result of results) {
        try {
          answers.push(await sendOne(request, result));
        } catch (error) {
          const known = toApiError(error);
          if (known.status >= 500) throw error;
          answers.push({ ErrorCode: codeOf(known), Message: textOf(known) });
        }
      }
      return answers;
    },
  );

  async function sendOne(
    request: FastifyRequest,
    result: ComposeResult | undefined,
  ): Promise<z.output<typeof answer>> {
    const message = messageOf(result);
    const accepted = await sending.send(domainOf(request), clientOf(request), message, {
      fields: { to: 'To', cc: 'Cc', bcc: 'Bcc' },
    });
    return {
      To: message.recipients
        .filter(({ field }) => field === 'to')
        .map(({ forwardPath }) => forwardPath)
        .join(', '),
      SubmittedAt: new Date(now()).toISOString(),
      MessageID: String(accepted.id),
      ErrorCode: 0,
      Message: 'OK',
    };
  }
}
