import { ApiError, type ErrorCode, type FieldErrors } from '../errors.js';
import { takeContents } from './contents.js';
import { type Extent, isBeyond } from './depth.js';
import type { Mail, ReadOptions } from './mail.js';
import { DEFAULT_API } from '../limits.js';
import { mailpaceMail } from './mailpace.js';
import { compose, type Composed } from './mime.js';
import { postmarkMail } from './postmark.js';
import { resendMail } from './resend.js';

/** The parts of a request. Everything in it can go to another thread. */
export interface ComposeRequest {
  /** Which API it is of. */
  readonly shape: keyof typeof READERS | 'resend-batch' | 'postmark-batch';
  /** The body, as it came. Empty once it is parsed: a large one must not be in memory while its message is made. */
  octets: Uint8Array;
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

type Reader = (body: unknown, options: ReadOptions) => Mail;

const READERS = { mailpace: mailpaceMail, resend: resendMail, postmark: postmarkMail } satisfies Readonly<
  Record<string, Reader>
>;

/**
 * Takes a body apart and makes its messages: one result for each message, in order. Its work grows with the body, so
 * large ones are given to a worker thread.
 *
 * @throws ApiError if the body as a whole cannot be read
 */
export function composeRequest(request: ComposeRequest): ComposeResult[] {
  return readRequest(request).map((mail) => {
    if ('ok' in mail) return mail;
    return orFailure(() => ({ ok: true, message: compose(mail, request.now) }));
  });
}

function readRequest(request: ComposeRequest): (Mail | ComposeFailure)[] {
  const { octets, domain, extensions } = request;
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  if (isBeyond(text, MOST)) throw new ApiError('wrong_format');
  const { body, contents } = takeContents(text);
  let mails = readBody(request.shape, parseBody(body), { domain, extensions, contents });
  // A text that looked like the content of an attachment is something else.
  if (contents.left > 0 && mails.some((mail) => !('ok' in mail)))
    mails = readBody(request.shape, parseBody(octets), { domain, extensions });
  request.octets = NO_OCTETS;
  return mails;
}

function readBody(
  shape: ComposeRequest['shape'],
  body: unknown,
  options: ReadOptions,
): (Mail | ComposeFailure)[] {
  switch (shape) {
    case 'resend-batch':
      return readBatch(body, READERS.resend, options);
    case 'postmark-batch':
      return readBatch(body, READERS.postmark, options);
    default:
      return [orFailure(() => READERS[shape](body, options))];
  }
}

function readBatch(body: unknown, read: Reader, options: ReadOptions): (Mail | ComposeFailure)[] {
  if (!Array.isArray(body) || body.length === 0) throw new ApiError('wrong_format');
  if (body.length > DEFAULT_API.batch) throw new ApiError('batch_too_large');
  return (body as unknown[]).map((item) => orFailure(() => read(item, options)));
}

/** Returns what `work` returns, or the error of one message. */
function orFailure<Result>(work: () => Result): Result | ComposeFailure {
  try {
    return work();
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
const NO_OCTETS = new Uint8Array(0);
/** Of a body: some megabytes while it is parsed. A message has three levels, and a batch of 100 some ten thousand values. */
const MOST: Extent = { levels: 200_000, values: 1_000_000 };

function parseBody(octets: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(octets)) as unknown;
  } catch (error) {
    throw new ApiError('wrong_format', { cause: error });
  }
}
