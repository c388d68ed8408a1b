import { signal } from '@preact/signals';
import type { ErrorBody } from '../../api/schemas/errors.js';
import { Refusal, Unreachable } from './refusal.js';

/** Whether the last request got an answer. */
export const reachable = signal(true);

/** How many times a request was refused because no one is signed in. */
export const refusedSession = signal(0);

/** The parameters of a query. Undefined leaves one out; a list gives it several times. */
export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

interface RequestOptions {
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** The request goes on if the page is closed. */
  readonly keepalive?: boolean;
}

/**
 * Makes a request of the API. The type of the answer is that of the schema of the route.
 *
 * @throws Refusal if the API answers with an error
 * @throws Unreachable if no answer comes
 * @throws DOMException named AbortError after `signal`
 */
export async function request<Answer>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  { query, body, signal: aborted, keepalive = false }: RequestOptions = {},
): Promise<Answer> {
  const response = await answerTo(path + queryOf(query), {
    method,
    keepalive,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(aborted === undefined ? {} : { signal: aborted }),
  });
  if (response.status === 204) return undefined as Answer;
  const answer = await parsed(response);
  if (response.ok) return answer as Answer;
  const refusal = new Refusal(response.status, bodyOf(answer, response));
  if (refusal.body.code === 'not_signed_in') refusedSession.value++;
  throw refusal;
}

/** Returns the query of a URL with its question mark; empty if there are no parameters. */
export function queryOf(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const each of typeof value === 'object' ? value : [String(value)]) parameters.append(name, each);
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

async function answerTo(url: string, options: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, options);
    // A proxy in front answers so while the server is down.
    const gateway = response.status === 502 || response.status === 504;
    reachable.value = !gateway;
    if (gateway) throw new Unreachable();
    return response;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    reachable.value = false;
    throw error instanceof Unreachable ? error : new Unreachable({ cause: error });
  }
}

async function parsed(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    if (response.ok) throw new Unreachable({ cause: error });
    return null;
  }
}

function bodyOf(answer: unknown, { status, statusText }: Response): ErrorBody {
  if (typeof answer === 'object' && answer !== null && 'error' in answer && 'code' in answer) {
    return answer as ErrorBody;
  }
  return { error: `The server answered ${status} ${statusText}`.trim(), code: 'internal' };
}
