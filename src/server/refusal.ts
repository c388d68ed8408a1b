import { shown } from '../base/shown.js';
import { Reply, reply } from '../protocol/parts.js';

/**
 * An error that is an answer: what the client sees apart from what the operator sees. Thrown by a handler
 * it refuses what was asked.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  /**
   * @param reply for the client.
   * @param message for the operator. Default: the reply's own text.
   * @throws TypeError if the reply is malformed, or says yes, so that the fault is found here and not when the client should get
   * it.
   */
  constructor(
    readonly reply: Reply,
    message?: string,
    options?: ErrorOptions,
  ) {
    if (!isReply(reply) || reply.positive) {
      throw new TypeError(
        `Refusal: expected a Reply of 400 to 599, got ${isReply(reply) ? String(reply) : shown(reply)}`,
      );
    }
    if (message !== undefined && typeof message !== 'string') {
      throw new TypeError(`Refusal: expected a message of text before the options, got ${shown(message)}`);
    }
    if (options !== undefined && !('cause' in Object(options))) {
      throw new TypeError(`Refusal: expected { cause } as options, got ${shown(options)}`);
    }
    super(message ?? reply.toString(), options);
  }
}

function isReply(value: unknown): boolean {
  return value instanceof Reply;
}

/**
 * Returns the reply for anything that a handler may throw. An error without a reply of its own reveals nothing to the
 * client.
 */
export function replyFor(error: unknown): Reply {
  return error instanceof Refusal ? error.reply : reply('internal');
}
