import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Octets below which an answer is sent as it is: it fits into one packet anyway. */
const LEAST = 1400;
const compress = promisify(gzip);

/**
 * Compresses the JSON of an answer in another thread, if the client takes gzip. A hook `onSend` for routes whose answers
 * are long and hold no secret: the length of a compressed secret says something about it (BREACH).
 */
export async function compressAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  if (typeof payload !== 'string') return payload;
  reply.header('vary', 'accept-encoding');
  if (payload.length < LEAST || !takesGzip(request.headers['accept-encoding'])) return payload;
  const octets = await compress(payload);
  reply.header('content-encoding', 'gzip');
  return octets;
}

/** RFC 9110 12.5.3. `*` is left out: browsers and HTTP libraries name gzip. */
function takesGzip(field: string | string[] | undefined): boolean {
  const codings = String(field ?? '')
    .toLowerCase()
    .split(',');
  return codings.some((coding) => {
    const [name = '', weight = ''] = coding.split(';').map((part) => part.trim());
    return name === 'gzip' && !/^q=0(?:\.0*)?$/.test(weight);
  });
}
