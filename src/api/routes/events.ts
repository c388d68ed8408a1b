import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Api, ApiContext } from '../context.js';
import type { EventHub, EventSink } from '../events/hub.js';
import { contentOf } from '../plugins/documentation.js';
import { scopeOfRequest, standingOf } from '../plugins/authorization.js';
import { Gate } from '../reading/gate.js';

/** Characters of a Last-Event-ID field that are looked at. */
const ID_LENGTH = 64;

/** `GET /api/v1/events`: changes of messages as they happen, as server-sent events. */
export function eventRoutes(app: Api, { limits }: ApiContext, hub: EventHub): void {
  const gate = new Gate(limits.waits);

  app.get(
    '/api/v1/events',
    {
      config: { access: 'domain', lasting: true },
      schema: {
        summary: 'Changes of messages as they happen, as server-sent events',
        description:
          'Events: `ready` when the stream is open, `messages` with the changes, `missed` if there was more than can ' +
          'be listed: read again. With `Last-Event-ID`, the events since then come first.',
        tags: ['messages'],
        response: {
          200: contentOf('text/event-stream', 'The stream'),
        },
      },
    },
    async (request, reply) => {
      const fields = {
        'content-type': 'text/event-stream; charset=utf-8',
        // Proxies that gather answers would hold events back.
        'x-accel-buffering': 'no',
      };
      // A stream has no end, so no length can be given: the fields alone say that it is there.
      if (request.method === 'HEAD') return reply.headers(fields).send(Readable.from([]));
      const scope = scopeOfRequest(request);
      const { credentials, isAllowed } = standingOf(request);
      const leave = gate.enter(scope);
      const { raw } = reply;
      const field = request.headers['last-event-id'];
      const lastId = typeof field === 'string' && field !== '' ? field.slice(0, ID_LENGTH) : null;
      reply.hijack();
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        ...fields,
      });
      let remove: (() => void) | null = null;
      raw.once('close', () => {
        leave();
        remove?.();
      });
      remove = await hub.open(sinkOf(raw), { scope, lastId, credentials: credentials(), isAllowed });
      if (raw.destroyed) remove();
      return reply;
    },
  );
}

function sinkOf(raw: ServerResponse): EventSink {
  return {
    write: (octets) => {
      if (!raw.destroyed) raw.write(octets);
    },
    get backlog() {
      return raw.writableLength;
    },
    end: () => {
      raw.end();
    },
    drop: () => {
      raw.destroy();
    },
  };
}
