import { Reply, reply } from '../protocol/index.js';

/**
 * An error that is an answer: what the client sees apart from what the operator sees. Thrown by a handler
 * it refuses what was asked.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  /**
   * @param reply for the client.
   * @param message for the operator. Default: the reply's own text.
   * @throws TypeError where the reply is none: it is not found out when the client is to get it.
   */
  constructor(
    readonly reply: Reply,
    message?: string,
    options?: ErrorOptions,
  ) {
    if (!isReply(reply)) throw new TypeError(`Refusal: expected a Reply, got ${String(reply)}`);
    super(message ?? reply.toString(), options);
  }
}

function isReply(value: unknown): boolean {
  return value instanceof Reply;
}

/** The reply for anything a handler may throw. An error that says nothing to the client tells it nothing. */
export function replyFor(error: unknown): Reply {
  return error instanceof Refusal ? error.reply : reply('internal');
}
