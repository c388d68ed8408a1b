import { ApiError, type ErrorCode, type FieldErrors } from '../errors.js';
import { isDeeperThan } from './depth.js';
import type { Mail, ReadOptions } from './mail.js';
import { DEFAULT_API } from '../limits.js';
import { mailpaceMail } from './mailpace.js';
import { compose, type Composed } from './mime.js';
import { postmarkMail } from './postmark.js';
import { resendMail } from './resend.js';

/** What a request is made of. Everything in it can go to another thread. */
export interface ComposeRequest {
  /** Which API it is of. */
  readonly shape: keyof typeof READERS | 'resend-batch' | 'postmark-batch';
  /** The body, as it came. */
  readonly octets: Uint8Array;
  /** Name of the domain that sends. */
  readonly domain: string;
  /** File name extensions that attachments may have; empty: all. */
  readonly extensions: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Why there is no message: an {@link ApiError} in a form that can come from another thread. */
export interface ComposeFailure {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly text: string;
  readonly fields: FieldErrors | null;
}

/** A message, or why there is none. */
export type ComposeResult = { readonly ok: true; readonly message: Composed } | ComposeFailure;

type Reader = (body: unknown, request: ReadOptions) => Mail;

const READERS = { mailpace: mailpaceMail, resend: resendMail, postmark: postmarkMail } satisfies Readonly<
  Record<string, Reader>
>;

/**
 * Takes a body apart and makes its messages: one result for each message, in order. Its work grows with the body, so
 * large ones are given to a worker thread.
 *
 * @throws ApiError if the body as a whole cannot be read
 */
export async function composeRequest(request: ComposeRequest): Promise<ComposeResult[]> {
  const { shape, octets, now } = request;
  switch (shape) {
    case 'resend-batch':
      return composeBatch(request, READERS.resend);
    case 'postmark-batch':
      return composeBatch(request, READERS.postmark);
    default:
      return [await composeOne(() => READERS[shape](parseBody(octets), request), now)];
  }
}

async function composeBatch(request: ComposeRequest, read: Reader): Promise<ComposeResult[]> {
  const { octets, now } = request;
  const body = parseBody(octets);
  if (!Array.isArray(body) || body.length === 0) throw new ApiError('wrong_format');
  if (body.length > DEFAULT_API.batch) throw new ApiError('batch_too_large');
  const results: ComposeResult[] = [];
  for (const item of body as unknown[]) results.push(await composeOne(() => read(item, request), now));
  return results;
}

async function composeOne(read: () => Mail, now: number): Promise<ComposeResult> {
  try {
    return { ok: true, message: await compose(read(), now) };
  } catch (error) {
    if (error instanceof ApiError) return failureOf(error);
    throw error;
  }
}

export function failureOf({ code, message, fields }: ApiError): ComposeFailure {
  return { ok: false, code, text: message, fields };
}

export function errorOf({ code, text, fields }: ComposeFailure): ApiError {
  return new ApiError(code, { text, ...(fields === null ? {} : { fields }) });
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });
/** Levels of a body: some megabytes while it is parsed. A message has three. */
const MOST_LEVELS = 200_000;

function parseBody(octets: Uint8Array): unknown {
  if (isDeeperThan(Buffer.from(octets.buffer, octets.byteOffset, octets.length), MOST_LEVELS)) {
    throw new ApiError('wrong_format');
  }
  try {
    return JSON.parse(UTF8.decode(octets)) as unknown;
  } catch (error) {
    throw new ApiError('wrong_format', { cause: error });
  }
}
