/** Runs in a worker thread: describes the content of a message for the API. */
import { decodeForDisplay } from '../../message/encoded-word.js';
import type { Part } from '../../message/mime/part.js';
import { type Attachment, readMessage } from '../../message/mime/read.js';
import { partOctets } from '../../message/mime/content.js';
import { JsonSink, type JobResult } from '../workers/sink.js';

export interface ContentFacts {
  /** Characters of the text, and of the HTML, that are shown. */
  readonly shownText: number;
}

/** Octets of a description: far more than the limits of the reader allow. */
const MOST = 64 * 1024 * 1024;
/** Characters of one field, and of all fields, that are shown. */
const FIELD = 16 * 1024;
const FIELDS = 1024 * 1024;

/** A part with the number that `/parts/:n` knows it by: its place when all parts are counted, the message itself as 0. */
interface NumberedPart {
  readonly number: number;
  readonly part: Part;
}

/** Returns all parts in their order, the multiparts among them included. */
export function numberedParts(root: Part): NumberedPart[] {
  const found: NumberedPart[] = [];
  const add = (part: Part): void => {
    found.push({ number: found.length, part });
    for (const each of part.parts) add(each);
  };
  add(root);
  return found;
}

/**
 * Makes the members of a JSON object, without its braces: `headers`, `text`, `html`, `truncated`, `parts` and
 * `attachments`.
 *
 * @throws Unreadable
 */
export function describeContent({ shownText }: ContentFacts, message: Buffer): JobResult<null> {
  const { root, fields, text, html, attachments } = readMessage(message);
  const parts = numberedParts(root);
  const sink = new JsonSink(MOST, `its description has more than ${MOST} octets`);
  let left = FIELDS;
  sink.raw('"headers":[');
  for (const [index, { name, body }] of fields.list().entries()) {
    if (left <= 0) break;
    const value = decodeForDisplay(body.slice(0, FIELD));
    left -= name.length + value.length;
    sink.raw(`${index === 0 ? '' : ','}${JSON.stringify({ name, value })}`);
  }
  sink.raw(']');
  for (const [name, body] of [
    ['text', text],
    ['html', html],
  ] as const) {
    sink.raw(`,"${name}":`);
    if (body === null) sink.raw('null');
    else sink.string(shortened(body, shownText));
  }
  const truncated = [text, html].some((body) => body !== null && body.length > shownText);
  sink.raw(`,"truncated":${truncated},"parts":[`);
  for (const [index, each] of parts.entries()) {
    sink.raw(`${index === 0 ? '' : ','}${JSON.stringify(partEntry(message, each))}`);
  }
  sink.raw('],"attachments":[');
  for (const [index, attachment] of attachments.entries()) {
    sink.raw(`${index === 0 ? '' : ','}${JSON.stringify(attachmentEntry(message, attachment, parts))}`);
  }
  sink.raw(']');
  sink.end();
  return { value: null, pieces: sink.pieces };
}

/** Returns the beginning of a text, and no half of a character at its end. */
function shortened(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  const cut = last >= 0xd800 && last <= 0xdbff ? length - 1 : length;
  return text.length <= length ? text : text.slice(0, cut);
}

function partEntry(message: Buffer, { number, part }: NumberedPart): Record<string, unknown> {
  const { type, encoding, disposition, fileName, contentId, parts } = part;
  const size = parts.length > 0 ? null : partOctets(message, part).length;
  return { number, type, encoding, disposition, fileName, contentId, size };
}

function attachmentEntry(
  message: Buffer,
  { part, name, contentType, contentId, inline }: Attachment,
  parts: readonly NumberedPart[],
): Record<string, unknown> {
  const number = parts.find((each) => each.part === part)?.number ?? null;
  return { part: number, name, contentType, contentId, inline, size: partOctets(message, part).length };
}
