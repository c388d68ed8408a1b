import { ApiError, type ErrorCode, type FieldErrors } from '../errors.js';
import type { Mail } from './mail.js';
import { mailpaceMail } from './mailpace.js';
import { compose, type Composed } from './mime.js';

/** What a request is made of. Everything in it can go to another thread. */
export interface ComposeRequest {
  /** Which API it is of. */
  readonly shape: 'mailpace';
  /** The body, as it came. */
  readonly octets: Uint8Array;
  /** Name of the domain that sends. */
  readonly domain: string;
  /** File name extensions that attachments may have; empty: all. */
  readonly extensions: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A message, or why there is none. */
export type ComposeResult =
  | { readonly ok: true; readonly message: Composed }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly text: string;
      readonly fields: FieldErrors | null;
    };

type Reader = (body: unknown, request: ComposeRequest) => Mail;

const READERS: Readonly<Record<ComposeRequest['shape'], Reader>> = { mailpace: mailpaceMail };

/**
 * Takes a body apart and makes its messages: one result for each message, in order. Its work grows with the body, so
 * large ones are given to a worker thread.
 */
export async function composeRequest(request: ComposeRequest): Promise<ComposeResult[]> {
  return [await composeOne(() => READERS[request.shape](parseBody(request.octets), request), request.now)];
}

async function composeOne(read: () => Mail, now: number): Promise<ComposeResult> {
  try {
    return { ok: true, message: await compose(read(), now) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { code, message, fields } = error;
    return { ok: false, code, text: message, fields };
  }
}

function parseBody(octets: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets)) as unknown;
  } catch (error) {
    throw new ApiError('wrong_format', { cause: error });
  }
}
