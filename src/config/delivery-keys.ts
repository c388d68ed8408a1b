import { z } from 'zod';
import { DELIVERY } from '../delivery/limits.js';
import { DELIVER_LIST_FORM, type DeliverUrl, parseDeliverUrl } from './deliver-url.js';
import { key, table } from './key.js';
import { optionalText, structured } from './kinds.js';
import { limitKey } from './limit-key.js';
import { webhookKeys } from './webhook-keys.js';

const urls = z.array(structured<DeliverUrl>(parseDeliverUrl, ({ shown }) => shown));

/** `deliver`: the transports of messages. */
export const deliverKey = key(urls.prefault([]), {
  about:
    'Where messages go: by the first URL, or by the next one if that cannot be reached. If there is no URL, messages are held.',
  source: 'no message leaves before an operator has said where to',
  initial: [],
  placeholder: 'URL',
  allowed: DELIVER_LIST_FORM,
  form: 'list',
  holds: 'secret',
});

const route = z.object({
  domain: optionalText(
    { about: 'Sending domain; if it is left out, any.', placeholder: 'NAME', allowed: 'a domain name' },
    /^[A-Za-z0-9.-]+$/,
  ),
  tag: optionalText(
    { about: 'A tag of the message; if it is left out, any message.', placeholder: 'TAG', allowed: 'a tag' },
    /./,
  ),
  deliver: key(urls.min(1), {
    about: 'Where such messages go, as the key of the same name says for all others.',
    placeholder: 'URL',
    allowed: DELIVER_LIST_FORM,
    form: 'list',
    holds: 'secret',
  }),
});

/** `[delivery]`: how messages are delivered. */
export const deliveryKeys = table(
  {
    workers: limitKey(DELIVERY.workers, { min: 1, max: 512 }),
    perDestination: limitKey(DELIVERY.perDestination, { min: 1, max: 512 }),
    perDomain: limitKey(DELIVERY.perDomain, { min: 1, max: 512 }),
    retryBase: limitKey(DELIVERY.retryBase, { min: '100ms', max: '1d' }),
    retryMax: limitKey(DELIVERY.retryMax, { min: '100ms', max: '1d' }),
    expireAfter: limitKey(DELIVERY.expireAfter, { min: '1s', max: '30d' }),
    delayAfter: limitKey(DELIVERY.delayAfter, { min: '1s', max: '30d' }),
    stopGrace: limitKey(DELIVERY.stopGrace, { min: 0 }),
    routes: key(z.array(route).prefault([]), {
      about: 'Messages that go another way; the first table that fits counts.',
      initial: [],
      placeholder: 'TABLES',
      allowed: 'tables [[delivery.routes]] with domain, tag and deliver',
      form: 'tables',
    }),
    ...webhookKeys,
  },
  ({ retryBase, retryMax }) =>
    retryMax < retryBase ? { path: ['retryMax'], message: 'it is less than delivery.retry_base' } : undefined,
);
