import { Reply } from '../protocol/index.js';
import { shown } from '../base/shown.js';
import type { RewordContext, ServerOptions } from './options.js';

export type Reword<Principal> = NonNullable<ServerOptions<Principal, never>['reword']>;

/**
 * Returns the reply as the embedder words it. If that throws, or gives a reply that means something else, `failed` gets
 * the error and the reply stays as it is.
 */
export function reworded<Principal>(
  reword: Reword<Principal>,
  reply: Reply,
  context: RewordContext<Principal>,
  failed: (error: Error) => void,
): Reply {
  try {
    const given: unknown = reword(reply, context);
    if (given === undefined) return reply;
    if (given instanceof Reply && meansTheSame(reply, given)) return given;
    const got = given instanceof Reply ? `"${given.toString()}"` : shown(given);
    throw new TypeError(`reword: expected nothing, or a reply in place of "${reply.toString()}", got ${got}`);
  } catch (error) {
    failed(error instanceof Error ? error : new Error(String(error)));
    return reply;
  }
}

/** After 2yz, 354 and a refusal the client goes on in different ways: one must not become another. */
function meansTheSame(a: Reply, b: Reply): boolean {
  if (!a.positive) return !b.positive;
  return a.code < 300 ? b.code < 300 : b.code === a.code;
}
