import { choice } from './kinds.js';

/** The keys of `[delivery]` for webhooks. */
export const webhookKeys = {
  webhookPrivate: choice({
    about:
      'Whether webhooks may be at addresses that are not public, and over http:. Refused, a URL with such an address, or a name that leads to one, is not called.',
    source: 'whoever sets a webhook must not reach the network behind the server by it',
    words: ['refuse', 'allow'],
    initial: 'refuse',
  }),
};
