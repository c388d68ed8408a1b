import type { Delivery } from '../transport.js';
import type { Answer } from './client.js';
import { parseRetryAfter } from './retry-after.js';

/** The meaning of a response for the recipients of its request. */
export type ResponseResult = Pick<
  Delivery,
  'outcome' | 'reply' | 'retryAfter' | 'hard' | 'transportFailed' | 'general'
> & {
  /** True if the API refused one of several addresses and did not say which. */
  readonly addressRefused?: boolean;
};

const DEFERRED = { outcome: 'deferred', general: true } as const;
const FAILED = { outcome: 'deferred', transportFailed: true } as const;
/**
 * The request itself is in order, but must be sent later: RFC 9110 15.5.9, 15.5.10 (its key is in flight), RFC 8470,
 * RFC 6585.
 */
const PASSING = new Set([408, 409, 425, 429]);

/**
 * Reads a response of the API. A refusal with an error in JSON is final. Without one, the response came from something
 * before the API, or the URL is wrong; then the message waits until an operator corrects that.
 */
export function resultOf({ status, headers, body }: Answer, now: number): ResponseResult {
  const said = contentOf(headers['content-type'], body);
  if (status >= 200 && status < 300) return accepted(status, said);
  const words = said === null ? null : wordsOf(said);
  // A reply of three digits alone would look like an SMTP reply, in notifications to senders too.
  const reply = `HTTP ${status} ${words ?? `without an error in JSON (${headers['content-type'] ?? 'no content type'})`}`;
  if (PASSING.has(status) || status >= 500) {
    const retryAfter = parseRetryAfter(headers['retry-after'], now);
    return {
      ...DEFERRED,
      reply: words === null ? `HTTP ${status}` : reply,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    };
  }
  // A message that is too large stays too large, whichever server says so.
  if (status === 413)
    return { outcome: 'bounced', reply: words === null ? 'HTTP 413 Content Too Large' : reply };
  if (status < 400 || words === null || isAboutAccount(status, words)) return { ...FAILED, reply };
  return { outcome: 'bounced', reply, ...aboutAddress(said) };
}

function accepted(status: number, said: object | null): ResponseResult {
  const id: unknown = said !== null && 'id' in said ? said.id : undefined;
  if (typeof id !== 'number' && typeof id !== 'string') {
    return { ...DEFERRED, reply: `HTTP ${status} without the id of a message in JSON` };
  }
  const state = said !== null && 'status' in said && typeof said.status === 'string' ? ` ${said.status}` : '';
  return { outcome: 'delivered', reply: `HTTP ${status} id ${id}${state}` };
}

/**
 * Returns true if the token is missing or wrong, or may not send at all. Then every message would fail, so this
 * message is not at fault.
 */
function isAboutAccount(status: number, words: string): boolean {
  if (status === 401) return true;
  if (status === 403) return !/\bfrom\b/i.test(words);
  return status === 400 && /\btoken\b/i.test(words);
}

function aboutAddress(said: object | null): Pick<ResponseResult, 'hard' | 'addressRefused'> {
  const errors: unknown = said !== null && 'errors' in said ? said.errors : null;
  if (typeof errors !== 'object' || errors === null) return {};
  const fields = Object.keys(errors);
  if (fields.length === 0 || !fields.every((field) => ['to', 'cc', 'bcc'].includes(field))) return {};
  // If an address is invalid, it stays invalid; but it can be removed from a block list.
  return { addressRefused: true, hard: /\bis invalid\b/.test(JSON.stringify(errors)) };
}

/** Returns the text of `{"error": "..."}` or `{"errors": {"to": ["..."]}}`, in one line. */
function wordsOf(said: object): string | null {
  if ('error' in said && typeof said.error === 'string') return said.error;
  const errors: unknown = 'errors' in said ? said.errors : null;
  if (typeof errors !== 'object' || errors === null) return null;
  const lines = Object.entries(errors).map(([field, faults]: [string, unknown]) => {
    const list: unknown[] = Array.isArray(faults) ? faults : [faults];
    return `${field} ${list.map((fault) => (typeof fault === 'string' ? fault : JSON.stringify(fault))).join(', ')}`;
  });
  return lines.length === 0 ? null : lines.join('; ');
}

/** Returns an object in JSON, or null. */
function contentOf(type: string | undefined, body: Buffer): object | null {
  if (type === undefined || !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type.trim())) return null;
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
