/** Runs in a worker thread: finds the links and the one-time codes in the text of a message. */
import { findCodes, findLinks, type Link } from '../../message/links.js';
import { readMessage } from '../../message/mime/read.js';
import type { JobResult } from '../workers/sink.js';

export interface FoundLinks {
  readonly links: readonly Link[];
  readonly codes: readonly string[];
}

/** @throws Unreadable */
export function findLinksIn(_facts: null, message: Buffer): JobResult<FoundLinks> {
  const read = readMessage(message);
  return { value: { links: findLinks(read), codes: findCodes(read) }, pieces: [] };
}
