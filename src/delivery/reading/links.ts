/** Runs in a worker thread: finds the links and the one-time codes in the text of a message. */
import { codesIn, htmlLinks, type Link, plainOf, textLinks } from '../../message/links.js';
import { readMessage } from '../../message/mime/read.js';
import type { JobResult } from '../workers/sink.js';

export interface FoundLinks {
  readonly links: readonly Link[];
  readonly codes: readonly string[];
}

/** @throws Unreadable */
export function findLinksIn(_facts: null, message: Buffer): JobResult<FoundLinks> {
  const { text, html } = readMessage(message);
  const links = [...(html === null ? [] : htmlLinks(html)), ...(text === null ? [] : textLinks(text))];
  const first = new Map<string, Link>();
  for (const link of links) if (!first.has(link.url)) first.set(link.url, link);
  const codes = codesIn(text ?? plainOf(html ?? ''));
  return { value: { links: [...first.values()], codes }, pieces: [] };
}
