import type { FastifyReply } from 'fastify';

/** How long the rest of a request is read, in milliseconds, before the connection is closed in any case. */
const LINGER_MS = 30_000;

/**
 * Closes the connection after the answer, as RFC 9112 9.6 has it: what the client still sends of its request is read and
 * dropped, until it closes its side. Otherwise the system resets the connection, and a client that sends its whole request
 * before it reads never sees the answer: Python and `fetch` got EPIPE in place of 413.
 */
export function closeAfterAnswer(reply: FastifyReply): void {
  reply.header('connection', 'close');
  const { socket } = reply.raw;
  if (socket === null) return;
  // Node calls this once the answer is written.
  socket.destroySoon = () => {
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once('close', () => clearTimeout(timer));
    // A request that follows must not be done: its answer could not be sent.
    reply.request.raw.once('end', () => socket.destroy());
  };
}
