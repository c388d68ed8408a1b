import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/**
 * Sends an answer piece by piece, and gives it up if the client takes longer than `time` to read it.
 *
 * @param time milliseconds
 */
export function sendStream(
  reply: FastifyReply,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  time: number,
): FastifyReply {
  // The fields are all that the client wants.
  if (reply.request.method === 'HEAD') return reply.send(Readable.from([]));
  const stream = Readable.from(content, { objectMode: false });
  const timer = setTimeout(() => reply.raw.destroy(), time);
  timer.unref();
  reply.raw.once('close', () => {
    clearTimeout(timer);
    stream.destroy();
  });
  return reply.send(stream);
}
