import { decodeBase64 } from '../grammar/base64.js';
import type { Authenticating, Ready } from '../phases.js';
import type { Profile } from '../profile.js';
import type { Reply } from '../reply.js';
import { reply } from '../replies.js';
import type { Command } from '../verbs.js';
import type { SaslExchange, SaslStep } from './mechanism.js';

/** An exchange, and what follows from its first message. */
export interface Begun {
  readonly exchange: SaslExchange;
  readonly step: SaslStep;
}

/** Begins what AUTH asks for (RFC 4954 4), or says why not. */
export function beginSasl(
  { mechanism: name, initialResponse }: Extract<Command, { verb: 'AUTH' }>,
  phase: Ready<unknown>,
  profile: Profile,
): Begun | Reply {
  if (profile.tlsRequired && phase.link === 'plain') return reply('authNeedsTls');
  if (profile.mechanisms.size === 0) return reply('notImplemented', { verb: 'AUTH' });
  if (phase.identity.kind === 'authenticated') return reply('alreadyAuthenticated');
  const mechanism = profile.mechanisms.get(name);
  if (mechanism === undefined) return reply('unknownMechanism');

  const initial = decodeInitial(initialResponse);
  if (initial === undefined) return reply('badBase64');
  const exchange = mechanism.begin();
  return { exchange, step: exchange.start(initial) };
}

/** Goes on with the client's answer to a challenge, or says why not. */
export function continueSasl(
  line: string,
  phase: Authenticating<unknown>,
  profile: Profile,
): SaslStep | Reply {
  const limit = profile.limits.authLine;
  if (line.length > limit) return reply('authLineTooLong', { limit });
  // RFC 4954 4: the client gives up.
  if (line === '*') return reply('authAborted');
  const response = decodeBase64(line);
  return response === null ? reply('badBase64') : phase.exchange.respond(response);
}

/** Null where there is none, undefined where it is not base64. */
function decodeInitial(response: string | null): string | null | undefined {
  if (response === null) return null;
  // RFC 4954 4: a single "=" is an initial response that is empty.
  return response === '=' ? '' : (decodeBase64(response) ?? undefined);
}
