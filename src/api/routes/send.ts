import type { FastifyRequest } from 'fastify';
import { clientOf } from '../client.js';
import type { Composed } from '../compose/mime.js';
import { type ComposeRequest, type ComposeResult, errorOf } from '../compose/request.js';
import type { Api, ApiContext } from '../context.js';
import { ApiError } from '../errors.js';
import { answerErrors, mailShape } from '../plugins/errors.js';
import { principalOf } from '../plugins/authorization.js';
import type { Domain } from '../../store/port.js';
import { mailErrorBody } from '../schemas/errors.js';
import { sendRequest, sendResponse, type SendResponse } from '../schemas/send.js';

/** The errors of the mail API, where this API has others. */
function mailError(error: ApiError): ApiError {
  switch (error.code) {
    case 'wrong_content_type':
      return new ApiError('wrong_format');
    case 'refused':
      return new ApiError('bad_request', { text: error.message, cause: error });
    default:
      return error;
  }
}

/** `POST /api/v1/send`, and `/send` for the one client that posts there. */
export function sendRoutes(app: Api, context: ApiContext): void {
  answerErrors(app, mailShape, context.onFailure, mailError);
  for (const url of ['/api/v1/send', '/send']) {
    app.post(
      url,
      {
        config: { access: 'token', raw: true, documentedBody: sendRequest, idempotent: true },
        bodyLimit: context.limits.sendBody,
        schema: {
          summary: 'Send a message',
          description: 'Resolves once the message is on stable storage. The API of OhMySMTP and MailPace.',
          tags: ['send'],
          hide: url === '/send',
          response: {
            200: sendResponse,
            400: mailErrorBody,
            401: mailErrorBody,
            403: mailErrorBody,
            406: mailErrorBody,
            409: mailErrorBody,
            413: mailErrorBody,
            421: mailErrorBody,
            429: mailErrorBody,
            503: mailErrorBody,
          },
        },
      },
      async (request, reply) => {
        const domain = domainOf(request);
        const key = request.headers['idempotency-key'];
        const { response, replayed } = await context.idempotent.run('mail', domain, key, async (inHand) => {
          const [result] = await composed(context, request, 'mailpace', domain);
          const answer = (id: number): SendResponse => ({ id, status: 'pending' });
          const { id } = await context.sending.send(domain, clientOf(request), messageOf(result), {
            completes: (id) => inHand?.completion(answer(id)),
          });
          return answer(id);
        });
        if (replayed) reply.header('idempotency-replayed', 'true');
        return response;
      },
    );
  }
}

/** Takes the body of a request apart. */
export function composed(
  { composer, extensions, now }: ApiContext,
  { body }: FastifyRequest,
  shape: ComposeRequest['shape'],
  { name }: Domain,
): Promise<readonly ComposeResult[]> {
  if (!Buffer.isBuffer(body)) throw new ApiError('wrong_format');
  return composer.compose({ shape, octets: body, domain: name, extensions, now: now() });
}

/** @throws ApiError with the reason why there is no message */
export function messageOf(result: ComposeResult | undefined): Composed {
  if (result === undefined) throw new ApiError('wrong_format');
  if (result.ok) return result.message;
  throw errorOf(result);
}

/** The domain whose token a request has. */
export function domainOf(request: FastifyRequest): Domain {
  const principal = principalOf(request);
  if (principal.kind !== 'domain') throw new ApiError('missing_token');
  return principal.domain;
}
