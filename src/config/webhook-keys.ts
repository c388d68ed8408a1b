import { choice } from './kinds.js';

/** The keys of `[delivery]` for webhooks. */
export const webhookKeys = {
  webhookPrivate: choice({
    about:
      'Whether webhooks may be at addresses that are not public, and over http:. If it is refused, a URL with such an address, or with a name that resolves to one, is not called.',
    source: 'a person who sets a webhook must not reach the internal network of the server by it',
    words: ['refuse', 'allow'],
    initial: 'refuse',
  }),
};
