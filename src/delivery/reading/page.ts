/** Runs in a worker thread: makes the HTML of a message into a document for a browser. */
import { partOctets } from '../../message/mime/content.js';
import type { Part } from '../../message/mime/part.js';
import { readMessage } from '../../message/mime/read.js';
import { JsonSink, type JobResult } from '../workers/sink.js';
import { numberedParts } from './content.js';

/** Octets of the document, images within it included; each use of an image counts. */
const MOST = 32 * 1024 * 1024;
/** Images that browsers draw without running anything. */
const IMAGES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/** Links open in a window of their own. Mail is written for a white ground. */
const HEAD =
  '<!doctype html><html><head><meta charset="utf-8"><base target="_blank">' +
  '<style>html{background:#fff;color:#000;color-scheme:light}body{margin:16px;overflow-wrap:anywhere}' +
  'body,td{font-family:system-ui,sans-serif}img{max-width:100%}</style>';

/**
 * The tags of elements that act on their own: `link` opens connections (preconnect), `meta` leads elsewhere (refresh),
 * `base` changes what links mean. A Content-Security-Policy does not stop all of it.
 */
const ACTING_TAG = /<(?:link|meta|base)(?=[\s/>])/gi;
/** The name of an element without content or effect takes their place, so that the rest stays as it is nested. */
const INERT_TAG = '<param';
const CID = /\bcid:([^\s"'<>()\\]{1,250})/gi;

/**
 * Returns the document in UTF-8; no piece if the message has no HTML. Images of the message itself, which the HTML names
 * by their Content-ID, are within it. The document is safe only under the policy of the route that sends it: scripts
 * and remote addresses are still there.
 *
 * @throws Unreadable
 */
export function composePage(_facts: null, message: Buffer): JobResult<null> {
  const { root, html } = readMessage(message);
  if (html === null) return { value: null, pieces: [] };
  const images = imagesOf(root);
  const sink = new JsonSink(MOST, `as a page it has more than ${MOST} octets`);
  sink.raw(HEAD);
  const inert = html.replace(ACTING_TAG, INERT_TAG);
  let at = 0;
  for (const match of inert.matchAll(CID)) {
    const image = images.get(decoded(match[1] ?? ''));
    if (image === undefined) continue;
    sink.raw(inert.slice(at, match.index));
    sink.raw(`data:${image.type};base64,${partOctets(message, image).toString('base64')}`);
    at = match.index + match[0].length;
  }
  sink.raw(inert.slice(at));
  sink.end();
  return { value: null, pieces: sink.pieces };
}

/** The images by their Content-ID. If two have the same, the first one counts. */
function imagesOf(root: Part): ReadonlyMap<string, Part> {
  const images = new Map<string, Part>();
  for (const { part } of numberedParts(root)) {
    if (part.contentId === null || !IMAGES.has(part.type) || images.has(part.contentId)) continue;
    images.set(part.contentId, part);
  }
  return images;
}

/** A URL may have escapes (RFC 2392 2). */
function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
