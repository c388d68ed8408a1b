import type { Delivery } from '../transport.js';
import type { Answer } from './client.js';
import { parseRetryAfter } from './retry-after.js';

/** What an answer means for the recipients of its request. */
export type Verdict = Pick<
  Delivery,
  'outcome' | 'reply' | 'retryAfter' | 'hard' | 'transportFailed' | 'general'
> & {
  /** The API refuses one of several addresses, and does not say which. */
  readonly addressRefused?: boolean;
};

const DEFERRED = { outcome: 'deferred', general: true } as const;
const FAILED = { outcome: 'deferred', transportFailed: true } as const;
/** The request itself is in order, but not now: RFC 9110 15.5.9, 15.5.10 (its key is in flight), RFC 8470, RFC 6585. */
const PASSING = new Set([408, 409, 425, 429]);

/**
 * Reads an answer of the API. A refusal in its own words is final; without them, whoever answered was not
 * the API but something in between, or at a wrong address, and the message waits for that to be put right.
 */
export function judge({ status, headers, body }: Answer, now: number): Verdict {
  const said = contentOf(headers['content-type'], body);
  if (status >= 200 && status < 300) return accepted(status, said);
  const words = said === null ? null : wordsOf(said);
  // A reply of three digits alone would be one of SMTP, in notifications to senders too.
  const reply = `HTTP ${status} ${words ?? `without an error in JSON (${headers['content-type'] ?? 'no content type'})`}`;
  if (PASSING.has(status) || status >= 500) {
    const retryAfter = parseRetryAfter(headers['retry-after'], now);
    return {
      ...DEFERRED,
      reply: words === null ? `HTTP ${status}` : reply,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    };
  }
  // A message that is too large stays so, whoever says it.
  if (status === 413)
    return { outcome: 'bounced', reply: words === null ? 'HTTP 413 Content Too Large' : reply };
  if (status < 400 || words === null || isAboutAccount(status, words)) return { ...FAILED, reply };
  return { outcome: 'bounced', reply, ...aboutAddress(said) };
}

function accepted(status: number, said: object | null): Verdict {
  const id: unknown = said !== null && 'id' in said ? said.id : undefined;
  if (typeof id !== 'number' && typeof id !== 'string') {
    return { ...DEFERRED, reply: `HTTP ${status} without the id of a message in JSON` };
  }
  const state = said !== null && 'status' in said && typeof said.status === 'string' ? ` ${said.status}` : '';
  return { outcome: 'delivered', reply: `HTTP ${status} id ${id}${state}` };
}

/** The token is missing or wrong, or may not send at all: so with the next message, and with no fault of this one. */
function isAboutAccount(status: number, words: string): boolean {
  if (status === 401) return true;
  if (status === 403) return !/\bfrom\b/i.test(words);
  return status === 400 && /\btoken\b/i.test(words);
}

function aboutAddress(said: object | null): Pick<Verdict, 'hard' | 'addressRefused'> {
  const errors: unknown = said !== null && 'errors' in said ? said.errors : null;
  if (typeof errors !== 'object' || errors === null) return {};
  const fields = Object.keys(errors);
  if (fields.length === 0 || !fields.every((field) => ['to', 'cc', 'bcc'].includes(field))) return {};
  // An address that is none will never be one; from a block list it can be taken off.
  return { addressRefused: true, hard: /\bis invalid\b/.test(JSON.stringify(errors)) };
}

/** `{"error": "..."}` or `{"errors": {"to": ["..."]}}`, in one line. */
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

/** An object in JSON, or null. */
function contentOf(type: string | undefined, body: Buffer): object | null {
  if (type === undefined || !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type.trim())) return null;
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
