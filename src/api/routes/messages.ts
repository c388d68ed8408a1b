import type { FastifyReply } from 'fastify';
import type { MessageSummary } from '../../store/stored-message.js';
import type { Api, ApiContext } from '../context.js';
import { fieldError } from '../errors.js';
import { scopeOfRequest } from '../plugins/authorization.js';
import { compressAnswer } from '../plugins/compress.js';
import { decodeCursor, encodeCursor } from '../reading/cursor.js';
import { filterOf, questionOf } from '../reading/filter.js';
import { Gate } from '../reading/gate.js';
import { collectPage, waitForPage } from '../reading/pages.js';
import { parseWait } from '../reading/time.js';
import { type MessageEntry, messagePage, messagesQuery } from '../schemas/messages.js';

/** `GET /api/v1/messages`: the list of messages, newest first. */
export function messagesRoutes(app: Api, { store, limits, now, stopping }: ApiContext): void {
  const { mail } = store;
  const waits = new Gate(limits.waits);

  app.get(
    '/api/v1/messages',
    {
      config: { access: 'domain' },
      onSend: compressAnswer,
      schema: {
        summary: 'List messages',
        description:
          'Newest first. With `wait`, the answer comes once a message matches, or when the time is over. `after` with `latest` of an answer gives what was stored since then.',
        tags: ['messages'],
        querystring: messagesQuery,
        response: { 200: messagePage },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const scope = scopeOfRequest(request);
      const question = ['messages', questionOf(query)];
      const page = {
        filter: filterOf(query, now()),
        limit: query.limit,
        ...(query.after === undefined ? {} : { newerThan: query.after }),
        ...(query.cursor === undefined ? {} : { before: decodeCursor(query.cursor, question) }),
      };
      const look = (): ReturnType<typeof collectPage> => collectPage(mail, scope, page, limits.listTime);
      const wait = query.wait === undefined ? 0 : waitOf(query.wait, limits.waitTime);
      const found = wait === 0 ? await look() : await waiting();
      return {
        messages: found.messages.map((message) => messageEntryOf(message, limits.shownRecipients)),
        next: found.next === null ? null : encodeCursor(found.next, question),
        latest: found.latest ?? query.after ?? null,
      };

      async function waiting(): ReturnType<typeof collectPage> {
        const leave = waits.enter(scope);
        try {
          return await waitForPage(mail, scope, look, wait, AbortSignal.any([stopping, gone(reply)]));
        } finally {
          leave();
        }
      }
    },
  );
}

/** Returns a message as lists show it. */
function messageEntryOf(message: MessageSummary, shownRecipients: number): MessageEntry {
  const { id, domain, status, from, to, subject, tags, listUnsubscribe, size, receivedAt, tls } = message;
  return {
    ...{ id, domain, status, from, subject, listUnsubscribe, size, tls },
    to: to.slice(0, shownRecipients),
    recipients: to.length,
    tags: [...tags],
    receivedAt: new Date(receivedAt).toISOString(),
  };
}

function waitOf(text: string, most: number): number {
  const wait = parseWait(text);
  if (wait === null || wait > most)
    throw fieldError('wait', `is not a time such as 5s or 500ms, up to ${most / 1000}s`);
  return wait;
}

/** A signal that is aborted when the client is gone. */
export function gone({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => controller.abort());
  return controller.signal;
}
