import type { Position } from '../../store/mail.js';
import type { Submissions } from '../../submission/submissions.js';
import { clientOf } from '../client.js';
import type { Api, ApiContext } from '../context.js';
import { scopeOfRequest } from '../plugins/authorization.js';
import { toApiError } from '../plugins/errors.js';
import { Gate } from '../reading/gate.js';
import { oneByOne } from '../reading/one-by-one.js';
import { readSelection } from '../reading/selection.js';
import { Resending } from '../resending.js';
import { errorBody } from '../schemas/errors.js';
import { messageParameters } from '../schemas/messages.js';
import { resent, resentSeveral, selection as selectionBody } from '../schemas/operations.js';

const tags = ['messages'];

/** Sends stored messages again: one of them, some by their ids, or all that match a filter. */
export function resendingRoutes(app: Api, context: ApiContext, submissions: Submissions): void {
  const { store, limits, now } = context;
  const resending = new Resending(store, submissions, new Gate(limits.readings), now);

  app.post(
    '/api/v1/messages/:id/resend',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Send a message again, as a new one with the same content',
        description: 'The block list and the rates of the domain hold as for a new message.',
        tags,
        params: messageParameters,
        response: { 200: resent, 404: errorBody, 410: errorBody, 422: errorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      return { id: await resending.resend(scopeOfRequest(request), id, clientOf(request)) };
    },
  );

  app.post(
    '/api/v1/messages/resend',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Send several messages again',
        description:
          'Takes ids or a filter. Messages that cannot be sent again are listed with the reason. If `next` is not ' +
          'null, repeat the request with it as `cursor`: the time of one request is over, or the domain sends too quickly.',
        tags,
        body: selectionBody,
        response: { 200: resentSeveral },
      },
    },
    async (request) => {
      const scope = scopeOfRequest(request);
      const { selection, from, cursorAt } = readSelection('resend', request.body, now());
      const copies: { of: number; id: number }[] = [];
      const refused: { id: number; error: string; code: string }[] = [];
      const answer = (next: Position | null) => ({ copies, refused, next: cursorAt(next) });
      const end = performance.now() + limits.listTime;
      let done: Position | undefined = from;
      for await (const { id, next } of oneByOne(store.mail, scope, selection, from)) {
        try {
          if (id !== null) copies.push({ of: id, id: await resending.resend(scope, id, clientOf(request)) });
        } catch (error) {
          const known = toApiError(error);
          // What passes is for the next request, unless there is nothing to answer with yet.
          if (known.status === 429 || known.status >= 500) {
            if (done === undefined || done === from) throw error;
            return answer(done);
          }
          if (id !== null) refused.push({ id, error: known.message, code: known.code });
        }
        if (next === null || performance.now() >= end) return answer(next);
        done = next;
      }
      return answer(null);
    },
  );
}
