import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Stopped } from '../../delivery/workers/workers.js';
import { Unreadable } from '../../message/mime/work.js';
import { StoreError } from '../../store/port.js';
import { refusalIn } from '../../submission/refusal.js';
import { ApiError, type ErrorCode } from '../errors.js';
import { closeAfterAnswer } from './linger.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the error that the request was answered with; null if it was not. */
    refusal: ErrorCode | null;
  }
}

/** How an error looks to the clients of a group of routes. */
export type ErrorShape = (error: ApiError) => unknown;

/** The one shape of errors of this API: `{error, code, errors?, at?}`. */
export const ownShape: ErrorShape = ({ message, code, fields, at }) => ({
  error: message,
  code,
  ...(fields === null ? {} : { errors: fields }),
  ...(at === null ? {} : { at }),
});

/** The shape of the mail API: `{error}`, or `{errors}` about fields. */
export const mailShape: ErrorShape = ({ message, fields }) =>
  fields === null ? { error: message } : { errors: fields };

/**
 * Answers every error of a group of routes in one shape. What the server itself failed at goes to the log.
 *
 * @param translate gives the error that the API of these routes has instead
 */
export function answerErrors(
  app: FastifyInstance,
  shape: ErrorShape,
  onFailure: (error: unknown, request: FastifyRequest) => void,
  translate: (error: ApiError) => ApiError = (error) => error,
): void {
  app.setErrorHandler(async (error, request, reply) => {
    const known =
      error instanceof Stopped && isGone(reply)
        ? new ApiError('client_gone', { cause: error })
        : toApiError(error);
    request.refusal = known.code;
    const answer = translate(known);
    if (answer.status >= 500) onFailure(answer.cause ?? error, request);
    return sendError(reply, answer, shape);
  });
}

/** Whether the client closed the connection: nothing can be answered, and the server did not fail. */
function isGone({ raw }: FastifyReply): boolean {
  return raw.closed && !raw.writableEnded;
}

export function sendError(reply: FastifyReply, error: ApiError, shape: ErrorShape): FastifyReply {
  if (error.retryAfter !== null) reply.header('retry-after', Math.ceil(error.retryAfter));
  // What is left of the body need not be sent.
  if (error.code === 'too_large') closeAfterAnswer(reply);
  return reply
    .code(error.status)
    .type('application/json; charset=utf-8')
    .serializer((payload) => JSON.stringify(payload))
    .send(shape(error));
}

/** Returns what a client may know of an error. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof StoreError) {
    return new ApiError(error.code === 'closed' ? 'stopping' : 'store_unavailable', { cause: error });
  }
  if (error instanceof Unreadable) {
    return new ApiError('unreadable', { text: `The message cannot be taken apart: ${error.message}` });
  }
  if (error instanceof Stopped) return new ApiError('stopping', { cause: error });
  const refusal = refusalIn(error);
  if (refusal !== null) return fromRefusal(refusal.code, refusal.text, error);
  return fromFastify(error as Partial<FastifyError>);
}

/** Returns what a refusal of SMTP means here: what passes is 503, or 429 for a rate; the rest is about the message. */
export function fromRefusal(code: number, text: string, cause?: unknown): ApiError {
  if (code === 450) return new ApiError('sending_too_quickly', { cause });
  if (code < 500) return new ApiError('store_unavailable', { cause });
  return new ApiError('refused', { text, cause });
}

function fromFastify(error: Partial<FastifyError>): ApiError {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError('too_large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError('wrong_content_type');
    default:
      return error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
        ? new ApiError('bad_request')
        : new ApiError('internal', { cause: error });
  }
}
