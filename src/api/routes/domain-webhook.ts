import { Fault } from '../../base/fault.js';
import { z } from 'zod';
import { newWebhookKeys, shownKey } from '../../delivery/webhooks/keys.js';
import { parseWebhookUrl } from '../../delivery/webhooks/url.js';
import { EVENTS, type Webhook } from '../../store/webhooks.js';
import type { Api, ApiContext } from '../context.js';
import { ApiError, fieldError } from '../errors.js';
import { namedDomain } from '../reading/domain.js';
import { callOf, iso } from '../reading/facts.js';
import { readPage } from '../reading/page.js';
import { domainParameters } from '../schemas/domains.js';
import { errorBody } from '../schemas/errors.js';
import {
  newWebhook,
  queuedEvent,
  testEvent,
  webhook,
  type WebhookBody,
  webhookCallPage,
  webhookCallParameters,
  webhookCallsQuery,
  webhookChange,
} from '../schemas/webhook.js';

const tags = ['webhooks'];
const failures = { 404: errorBody };

/** The reason that is shown for a webhook that a person switched off. */
const BY_HAND = 'switched off by hand';

/** `/api/v1/domains/:name/webhook`: where the events of a domain are sent, and its recent calls. */
export function domainWebhookRoutes(
  app: Api,
  { store, now }: ApiContext,
  { allowPrivate }: { readonly allowPrivate: boolean },
): void {
  const { webhooks, webhookCalls, mail } = store;

  app.get(
    '/api/v1/domains/:name/webhook',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'The webhook of a domain',
        tags,
        params: domainParameters,
        response: { 200: webhook, ...failures },
      },
    },
    async (request) => {
      const { record } = await namedDomain(store, request, request.params.name, now());
      return bodyOf(await existing(record.name));
    },
  );

  app.put(
    '/api/v1/domains/:name/webhook',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Set the webhook of a domain, and switch it on',
        description: 'A domain keeps its keys when its URL changes.',
        tags,
        params: domainParameters,
        body: newWebhook,
        response: { 200: webhook, ...failures },
      },
    },
    async (request) => {
      const { record } = await namedDomain(store, request, request.params.name, now());
      const { url, events = EVENTS } = request.body;
      const parsed = parseWebhookUrl(url, allowPrivate);
      if (parsed instanceof Fault) throw fieldError('url', `cannot be a webhook: ${parsed.reason}`);
      const wanted = EVENTS.filter((name) => events.includes(name));
      const hook = { url: parsed.href, events: wanted, keys: newWebhookKeys() };
      const set = await webhooks.set(record.name, hook, now());
      if (set === null) throw new ApiError('not_found');
      return bodyOf(set);
    },
  );

  app.patch(
    '/api/v1/domains/:name/webhook',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Switch a webhook on or off',
        description: 'Events that wait when it is switched off are not sent.',
        tags,
        params: domainParameters,
        body: webhookChange,
        response: { 200: webhook, ...failures },
      },
    },
    async (request) => {
      const { record } = await namedDomain(store, request, request.params.name, now());
      const known = await existing(record.name);
      if (request.body.on && known.off !== null) await webhooks.set(record.name, known, now());
      if (!request.body.on) await webhooks.switchOff(record.id, BY_HAND, now());
      return bodyOf(await existing(record.name));
    },
  );

  app.delete(
    '/api/v1/domains/:name/webhook',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Remove the webhook of a domain with its keys and the events that wait',
        tags,
        params: domainParameters,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const { record } = await namedDomain(store, request, request.params.name, now());
      if (!(await webhooks.remove(record.name))) throw noWebhook();
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/api/v1/domains/:name/webhook/calls',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Recent calls of the webhook, newest first',
        tags,
        params: domainParameters,
        querystring: webhookCallsQuery,
        response: { 200: webhookCallPage, ...failures },
      },
    },
    async (request) => {
      const { scope } = await namedDomain(store, request, request.params.name, now());
      const { outcome, message, before, limit } = request.query;
      const page = await readPage(
        limit,
        (most) =>
          webhookCalls.list(scope, {
            ...(outcome === undefined ? {} : { outcome }),
            ...(message === undefined ? {} : { message }),
            ...(before === undefined ? {} : { before }),
            limit: most,
          }),
        ({ call }) => String(call),
      );
      return { calls: page.items.map(callOf), next: page.next };
    },
  );

  app.post(
    '/api/v1/domains/:name/webhook/calls/:call/redeliver',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Send the event of a call once more',
        tags,
        params: webhookCallParameters,
        response: { 202: queuedEvent, 409: errorBody, ...failures },
      },
    },
    async (request, reply) => {
      const { record, scope } = await namedDomain(store, request, request.params.name, now());
      await expectOn(record.name);
      const event = await webhookCalls.redeliver(scope, request.params.call);
      if (event === null)
        throw new ApiError('not_found', { text: 'There is no such call, or its message is gone' });
      return reply.code(202).send({ event });
    },
  );

  app.post(
    '/api/v1/domains/:name/webhook/test',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Send an event about a message, to try the webhook',
        tags,
        params: domainParameters,
        body: testEvent,
        response: { 202: queuedEvent, 409: errorBody, ...failures },
      },
    },
    async (request, reply) => {
      const { record, scope } = await namedDomain(store, request, request.params.name, now());
      await expectOn(record.name);
      const { name, message = await newest(scope) } = request.body;
      if (message === null)
        throw new ApiError('conflict', { text: 'The domain has no message that an event could be about' });
      const event = await webhookCalls.test(scope, message, name, now());
      if (event === null) throw new ApiError('not_found', { text: 'There is no such message' });
      return reply.code(202).send({ event });
    },
  );

  async function existing(name: string): Promise<Webhook> {
    const found = await webhooks.find(name);
    if (found === null) throw noWebhook();
    return found;
  }

  async function expectOn(name: string): Promise<void> {
    const { off } = await existing(name);
    if (off !== null) throw new ApiError('conflict', { text: 'The webhook is off' });
  }

  async function newest(scope: Parameters<typeof mail.page>[0]): Promise<number | null> {
    const { messages } = await mail.page(scope, { filter: {}, limit: 1 });
    return messages[0]?.id ?? null;
  }
}

function noWebhook(): ApiError {
  return new ApiError('not_found', { text: 'The domain has no webhook' });
}

function bodyOf({ url, events, keys, createdAt, off }: Webhook): WebhookBody {
  return {
    url,
    events: [...events],
    publicKey: shownKey(keys),
    createdAt: iso(createdAt),
    off: off === null ? null : { since: iso(off.since), reason: off.reason },
  };
}
