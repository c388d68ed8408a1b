import type { FastifyReply, FastifyRequest } from 'fastify';
import { Unreadable } from '../../message/mime/work.js';
import type { MessageRecord } from '../../store/mail.js';
import type { Api, ApiContext } from '../context.js';
import { ApiError } from '../errors.js';
import { contentOf } from '../plugins/documentation.js';
import { scopeOfRequest } from '../plugins/authorization.js';
import { factsOf } from '../reading/facts.js';
import { Gate } from '../reading/gate.js';
import { sendStream } from '../reading/stream.js';
import { complete, TakingApart } from '../reading/taking-apart.js';
import { errorBody } from '../schemas/errors.js';
import { htmlQuery, linkList, messageRecord, partParameters } from '../schemas/message.js';
import { messageParameters } from '../schemas/messages.js';
import { htmlPolicy } from '../plugins/security-headers.js';
import { gone } from './messages.js';

const tags = ['messages'];
const failures = { 404: errorBody, 410: errorBody };
/** Those of routes that take a message apart. */
const unreadable = { ...failures, 422: errorBody };

/** Types that browsers show without running anything. Any other part is sent as octets. */
const SHOWN_TYPES: ReadonlySet<string> = new Set([
  ...['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'],
  ...['text/plain', 'application/pdf'],
]);

/** One message: `GET /api/v1/messages/:id`, and its octets, parts and links. */
export function messageRoutes(app: Api, { store, workers, limits, budget, stopping }: ApiContext): void {
  const { mail } = store;
  const takingApart = new TakingApart(mail, workers, new Gate(limits.readings));

  app.get(
    '/api/v1/messages/:id',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'A message with its content, and what became of it',
        tags,
        params: messageParameters,
        response: { 200: messageRecord, 404: errorBody },
      },
    },
    async (request, reply) => {
      const message = await find(request, request.params.id);
      const { pieces, unreadable } = await content(request, reply, message);
      const facts = JSON.stringify({ ...factsOf(message), unreadable }).slice(0, -1);
      const text = pieces === null ? [',"content":null}'] : [',"content":{', ...pieces, '}}'];
      const octets = [facts, ...text].map((piece) =>
        typeof piece === 'string' ? Buffer.from(piece) : piece,
      );
      reply.type('application/json; charset=utf-8');
      return sendHeld(reply, octets);
    },
  );

  app.get(
    '/api/v1/messages/:id/raw',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'The octets of a message',
        tags,
        params: messageParameters,
        response: { 200: contentOf('message/rfc822', 'The message'), ...failures },
      },
    },
    async (request, reply) => {
      const { id, size, contentRemoved } = await find(request, request.params.id);
      if (contentRemoved) throw new ApiError('content_removed');
      reply.headers({
        'content-type': 'message/rfc822',
        'content-length': size,
        'content-disposition': `attachment; filename="${id}.eml"`,
      });
      return sendStream(reply, complete(mail.content(scopeOfRequest(request), id), size), limits.answerTime);
    },
  );

  app.get(
    '/api/v1/messages/:id/parts/:part',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'A part of a message, without its transfer encoding',
        tags,
        params: partParameters,
        response: {
          200: contentOf('application/octet-stream', 'The part; its own type, if it is harmless'),
          ...unreadable,
        },
      },
    },
    async (request, reply) => {
      const { id, part: number } = request.params;
      const message = await find(request, id);
      const scope = scopeOfRequest(request);
      const { value, pieces } = await takingApart.run(scope, message, 'part', { number }, ended(reply));
      if (value === null) throw new ApiError('not_found');
      reply.headers({
        'content-type': SHOWN_TYPES.has(value.type) ? value.type : 'application/octet-stream',
        'content-disposition': attachmentField(value.name ?? `part-${number}`),
      });
      return sendHeld(reply, pieces);
    },
  );

  app.get(
    '/api/v1/messages/:id/html',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'The HTML of a message as a document that can be shown in a frame',
        description: 'Scripts, forms and remote addresses in it do nothing, because its policy forbids them.',
        tags,
        params: messageParameters,
        querystring: htmlQuery,
        response: { 200: contentOf('text/html', 'The HTML'), ...unreadable },
      },
    },
    async (request, reply) => {
      const message = await find(request, request.params.id);
      const scope = scopeOfRequest(request);
      const { pieces } = await takingApart.run(scope, message, 'page', null, ended(reply));
      if (pieces.length === 0) throw new ApiError('not_found', { text: 'The message has no HTML' });
      reply.headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': htmlPolicy(request.query.images === 'remote'),
        'x-frame-options': 'SAMEORIGIN',
        'x-dns-prefetch-control': 'off',
      });
      return sendHeld(reply, pieces);
    },
  );

  app.get(
    '/api/v1/messages/:id/links',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Links and one-time codes in the text of a message',
        tags,
        params: messageParameters,
        response: { 200: linkList, ...unreadable },
      },
    },
    async (request, reply) => {
      const message = await find(request, request.params.id);
      const { value } = await takingApart.run(scopeOfRequest(request), message, 'links', null, ended(reply));
      return { links: [...value.links], codes: [...value.codes] };
    },
  );

  async function find(request: FastifyRequest, id: number): Promise<MessageRecord> {
    const message = await mail.message(scopeOfRequest(request), id);
    if (message === null) throw new ApiError('not_found');
    return message;
  }

  /**
   * Returns the members of the description as JSON; null if the content was removed, or, with the reason, if it cannot
   * be read.
   */
  async function content(
    request: FastifyRequest,
    reply: FastifyReply,
    message: MessageRecord,
  ): Promise<{ pieces: readonly Uint8Array[] | null; unreadable: string | null }> {
    if (message.contentRemoved) return { pieces: null, unreadable: null };
    try {
      const { shownText } = limits;
      const scope = scopeOfRequest(request);
      const { pieces } = await takingApart.run(scope, message, 'content', { shownText }, ended(reply));
      return { pieces, unreadable: null };
    } catch (error) {
      if (error instanceof Unreadable) return { pieces: null, unreadable: error.message };
      throw error;
    }
  }

  /** Sends what is in memory, and counts it against the budget of bodies until it is sent. */
  function sendHeld(reply: FastifyReply, pieces: readonly Uint8Array[]): FastifyReply {
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    budget.take(size);
    reply.raw.once('close', () => budget.release(size));
    reply.header('content-length', size);
    return sendStream(reply, pieces, limits.answerTime);
  }

  function ended(reply: FastifyReply): AbortSignal {
    return AbortSignal.any([stopping, gone(reply)]);
  }
}

/** The field that makes browsers save and not show (RFC 6266). The name beyond ASCII is coded as RFC 8187 says. */
function attachmentField(name: string): string {
  const plain = name.replace(/[^ !#-[\]-~]/g, '_');
  const coded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${coded}`;
}
