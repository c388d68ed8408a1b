/** The octets of server-sent events (WHATWG HTML 9.2), each as one chunk of an answer (RFC 9112 7.1). */
import type { MessageChange } from '../schemas/events.js';

/** What is written to streams, made once for all of them. */
export interface Frame {
  readonly octets: Buffer;
  /** The octets as a chunk: what a connection gets if the answer is chunked. */
  readonly chunk: Buffer;
}

/** Milliseconds after which a browser opens a lost stream again. */
const RETRY_MS = 2_000;

/** Begins every stream. */
export const OPENING = frameOf(`retry: ${RETRY_MS}\n\n`);

/** Says that the stream is open: what happens from now on comes. */
export function readyFrame(id: string): Frame {
  return event(id, 'ready', '{}');
}

/** Says that more has happened than is listed: the client should read again. */
export function missedFrame(id: string): Frame {
  return event(id, 'missed', '{}');
}

export function messagesFrame(id: string, changes: readonly MessageChange[]): Frame {
  return event(id, 'messages', JSON.stringify({ changes }));
}

/** A comment that shows both sides that the other one is there. An id without data becomes the id to resume from. */
export function heartbeatFrame(id: string): Frame {
  return frameOf(`:\nid: ${id}\n\n`);
}

/** @param data one line */
function event(id: string, name: string, data: string): Frame {
  return frameOf(`id: ${id}\nevent: ${name}\ndata: ${data}\n\n`);
}

function frameOf(text: string): Frame {
  const length = Buffer.byteLength(text);
  const size = `${length.toString(16)}\r\n`;
  const chunk = Buffer.from(`${size}${text}\r\n`);
  return { octets: chunk.subarray(size.length, size.length + length), chunk };
}
