import type { Extension } from './extension.js';

export const startTls: Extension = {
  keyword: 'STARTTLS',
  source: 'RFC 3207',
  // RFC 3207 4.2: not under TLS.
  announce: ({ starttls }, link) => (starttls && link === 'plain' ? '' : null),
};
