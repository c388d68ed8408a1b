import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from './errors.js';

/** Bounds the octets of all bodies that are in memory. */
export class BodyBudget {
  #held = 0;

  constructor(private readonly most: number) {}

  /** @throws ApiError if there is no room. */
  take(octets: number): void {
    if (this.#held + octets > this.most) throw new ApiError('busy', { retryAfter: 1 });
    this.#held += octets;
  }

  release(octets: number): void {
    this.#held -= octets;
  }

  get held(): number {
    return this.#held;
  }
}

/**
 * Reads bodies of JSON: as octets for routes with `config.raw`, else as a value. A body over the limit of its route is
 * refused before it is read if Content-Length says so. The octets count against the budget until the answer is sent.
 */
export function readBodies(app: FastifyInstance, budget: BodyBudget): void {
  const held = new WeakMap<FastifyRequest, number>();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    async (request: FastifyRequest, payload: AsyncIterable<Buffer>) => {
      const octets = await read(request, payload);
      return request.routeOptions.config.raw === true ? octets : parse(octets);
    },
  );
  const release = async (request: FastifyRequest): Promise<void> => {
    budget.release(held.get(request) ?? 0);
    held.delete(request);
  };
  app.addHook('onResponse', release);
  app.addHook('onRequestAbort', release);

  async function read(request: FastifyRequest, payload: AsyncIterable<Buffer>): Promise<Buffer> {
    const limit = request.routeOptions.bodyLimit;
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared > limit) throw new ApiError('too_large', { text: `The body may have ${limit} octets` });
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of payload) {
      length += piece.length;
      if (length > limit) throw new ApiError('too_large', { text: `The body may have ${limit} octets` });
      budget.take(piece.length);
      held.set(request, (held.get(request) ?? 0) + piece.length);
      pieces.push(piece);
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, length);
  }
}

function parse(octets: Buffer): unknown {
  try {
    return JSON.parse(octets.toString('utf8')) as unknown;
  } catch {
    throw new ApiError('bad_request', { text: 'The body is not JSON' });
  }
}
