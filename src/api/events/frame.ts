/** The octets of server-sent events (WHATWG HTML 9.2). */
import type { MessageChange } from '../schemas/events.js';

/** Milliseconds after which a browser opens a lost stream again. */
const RETRY_MS = 2_000;

/** Begins every stream. */
export const OPENING = Buffer.from(`retry: ${RETRY_MS}\n\n`);

/** Says that the stream is open: what happens from now on comes. */
export function readyFrame(id: string): Buffer {
  return frame(id, 'ready', '{}');
}

/** Says that more has happened than is listed: the client should read again. */
export function missedFrame(id: string): Buffer {
  return frame(id, 'missed', '{}');
}

export function messagesFrame(id: string, changes: readonly MessageChange[]): Buffer {
  return frame(id, 'messages', JSON.stringify({ changes }));
}

/** A comment that shows both sides that the other one is there. An id without data becomes the id to resume from. */
export function heartbeatFrame(id: string): Buffer {
  return Buffer.from(`:\nid: ${id}\n\n`);
}

/** @param data one line */
function frame(id: string, event: string, data: string): Buffer {
  return Buffer.from(`id: ${id}\nevent: ${event}\ndata: ${data}\n\n`);
}
