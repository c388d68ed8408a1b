import type { Extension } from './extension.js';

export const limits: Extension = {
  keyword: 'LIMITS',
  source: 'RFC 9422',
  announce: ({ limits }) =>
    [`RCPTMAX=${announced(limits.recipients)}`]
      .concat(limits.messages === 0 ? [] : `MAILMAX=${announced(limits.messages)}`)
      .join(' '),
};

/** RFC 9422 4.1 and 4.2: at most six digits. A client that keeps to a smaller limit keeps to the real one, too. */
function announced(limit: number): number {
  return Math.min(limit, 999_999);
}
