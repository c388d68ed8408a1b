import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Operation } from '../../store/mail.js';
import type { Api, ApiContext } from '../context.js';
import { ApiError } from '../errors.js';
import { scopeOfRequest } from '../plugins/authorization.js';
import { change } from '../reading/changes.js';
import { readSelection } from '../reading/selection.js';
import { errorBody } from '../schemas/errors.js';
import { messageParameters } from '../schemas/messages.js';
import { operationResult, selection as selectionBody } from '../schemas/operations.js';

const tags = ['messages'];
const failures = { 404: errorBody, 409: errorBody };

const SUMMARIES: Readonly<Record<Operation, string>> = {
  retry: 'Try what waits now',
  cancel: 'Give up what waits or is held; the sender is not notified',
  release: 'Deliver what is held',
  delete: 'Delete finished messages with all that is kept of them',
};

/** Why an operation did nothing to a message that is there. */
const REASONS: Readonly<Record<Operation, string>> = {
  retry: 'No recipient of the message waits for another try',
  cancel: 'No recipient of the message waits or is held',
  release: 'The message is not held',
  delete: 'The message is not finished: cancel it first',
};

/** What is done to messages by hand: one of them, some by their ids, or all that match a filter. */
export function operationRoutes(app: Api, { store, limits, now }: ApiContext): void {
  const { mail } = store;

  for (const operation of ['retry', 'cancel', 'release'] as const) {
    app.post(
      `/api/v1/messages/:id/${operation}`,
      {
        config: { access: 'domain' },
        schema: {
          summary: SUMMARIES[operation],
          tags,
          params: messageParameters,
          response: { 204: z.null(), ...failures },
        },
      },
      async (request, reply) => {
        await one(request, operation, request.params.id);
        return reply.code(204).send(null);
      },
    );
  }

  app.delete(
    '/api/v1/messages/:id',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Delete a finished message with all that is kept of it',
        tags,
        params: messageParameters,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      await one(request, 'delete', request.params.id);
      return reply.code(204).send(null);
    },
  );

  for (const operation of ['retry', 'cancel', 'release', 'delete'] as const) {
    app.post(
      `/api/v1/messages/${operation}`,
      {
        config: { access: 'domain' },
        schema: {
          summary: `${SUMMARIES[operation]}: several messages`,
          description:
            'Takes ids or a filter. If `next` is not null, repeat the request with it as `cursor`.',
          tags,
          body: selectionBody,
          response: { 200: operationResult },
        },
      },
      async (request) => {
        const { selection, from, cursorAt } = readSelection(operation, request.body, now());
        const { changed, unchanged, next } = await change(
          mail,
          scopeOfRequest(request),
          { operation, selection, ...(from === undefined ? {} : { before: from }), now: now() },
          limits.listTime,
        );
        return { changed: changed.length, unchanged, next: cursorAt(next) };
      },
    );
  }

  async function one(request: FastifyRequest, operation: Operation, id: number): Promise<void> {
    const scope = scopeOfRequest(request);
    const step = { operation, selection: { ids: [id] }, now: now() };
    const { changed, unchanged } = await change(mail, scope, step, limits.listTime);
    if (changed.length > 0) return;
    if (unchanged === 0) throw new ApiError('not_found');
    throw new ApiError('conflict', { text: REASONS[operation] });
  }
}
