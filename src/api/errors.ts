import { DEFAULT_API } from './limits.js';

/**
 * Every error that the API answers with: a stable code, its HTTP status and a text for the client. The texts of the
 * mail API stand here to the letter, since its clients look for them.
 */
const ERRORS = {
  bad_request: [400, 'The request is malformed'],
  invalid: [400, 'The request has a field that is missing, unknown or wrong'],
  batch_too_large: [400, `A batch may have ${DEFAULT_API.batch} messages`],
  invalid_cursor: [400, 'The cursor is not one that this server gave out'],
  invalid_search: [400, 'The search cannot be read'],
  invalid_token: [400, 'Invalid API Token'],
  from_not_parseable: [400, 'Email from address not parseable'],
  invalid_idempotency_key: [400, 'Idempotency-Key must have 1 to 255 printable characters'],
  missing_token: [401, 'Missing API Token'],
  not_signed_in: [401, 'Sign in, or give the API token of a domain'],
  wrong_credentials: [401, 'The password or token is wrong'],
  wrong_origin: [403, 'The request comes from another site'],
  not_allowed: [403, 'Only the administrator may do this'],
  local_only: [403, 'Only this machine may read this'],
  wrong_domain: [403, 'Verified domain does not match domain in From address of email'],
  domain_removed: [403, 'The domain may send no more'],
  not_found: [404, 'There is no such thing'],
  wrong_format: [406, 'Invalid request format or content type'],
  content_removed: [410, 'The content of the message was old and has been removed'],
  timeout: [408, 'The request took too long'],
  conflict: [409, 'This contradicts what is there already'],
  idempotency_conflict: [409, 'A request with this Idempotency-Key is under way'],
  too_large: [413, 'The body is too large'],
  wrong_content_type: [415, 'The content type must be application/json'],
  wrong_host: [421, 'The Host field names another server; http.hosts lists the names that are answered'],
  unreadable: [422, 'The content of the message cannot be taken apart; /raw has its octets'],
  refused: [422, 'The message is refused'],
  too_many_requests: [429, 'Too many requests'],
  sending_too_quickly: [429, 'You are sending emails too quickly'],
  // It is not sent, since the client is gone. nginx counts such requests under the same number.
  client_gone: [499, 'The client left before the answer'],
  header_too_large: [431, 'The header section is too large'],
  internal: [500, 'The server failed; its log says why'],
  busy: [503, 'The server is busy, try again later'],
  store_unavailable: [503, 'The server cannot store anything now, try again later'],
  stopping: [503, 'The server is stopping'],
} as const satisfies Readonly<Record<string, readonly [status: number, text: string]>>;

export type ErrorCode = keyof typeof ERRORS;

/** Errors in fields of the request, by the name of the field. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

interface ApiErrorOptions extends ErrorOptions {
  /** Replaces the text of the catalogue. It goes to the client. */
  readonly text?: string;
  readonly fields?: FieldErrors;
  /** Where in a parameter the problem is: offset and length in characters. */
  readonly at?: { readonly start: number; readonly length: number };
  /** Seconds after which the client may try again. */
  readonly retryAfter?: number;
}

/** An error that is an answer. The message goes to the client; the cause goes to the log alone. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly fields: FieldErrors | null;
  readonly at: { readonly start: number; readonly length: number } | null;
  readonly retryAfter: number | null;

  constructor(
    readonly code: ErrorCode,
    { text, fields, at, retryAfter, cause }: ApiErrorOptions = {},
  ) {
    const [status, catalogued] = ERRORS[code];
    super(text ?? catalogued, cause === undefined ? undefined : { cause });
    this.status = status;
    this.fields = fields ?? null;
    this.at = at ?? null;
    this.retryAfter = retryAfter ?? null;
  }
}

/** Makes an error about one field. */
export function fieldError(field: string, problem: string): ApiError {
  return new ApiError('invalid', { fields: { [field]: [problem] } });
}
