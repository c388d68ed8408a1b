import type { SaslQuestion } from '../events.js';
import { decodeBase64, encodeBase64 } from '../grammar/base64.js';
import type { Authenticating, Phase, Ready } from '../state/phases.js';
import type { Profile } from '../profile.js';
import { Reply } from '../replies/reply.js';
import { reply } from '../replies/catalogue.js';
import type { AuthCommand } from '../extensions/auth.js';
import { offeredOn, type SaslExchange, type SaslStep, type ScramKeys } from './mechanism.js';

/**
 * What a message of the client comes to: a question, a challenge (the one positive reply), or the refusal
 * that ends the exchange.
 */
export type SaslOutcome = SaslQuestion | Reply;

/** An exchange, and what its first message comes to. */
export interface Begun {
  readonly exchange: SaslExchange;
  readonly outcome: SaslOutcome;
}

/** Begins what AUTH asks for (RFC 4954 4), or says why not. */
export function beginSasl(
  { mechanism: name, initialResponse }: AuthCommand,
  phase: Ready<unknown>,
  profile: Profile,
): Begun | Reply {
  if (profile.authNeedsTls && phase.link === 'plain') return reply('authNeedsTls');
  if (profile.mechanisms.size === 0) return reply('notImplemented', { verb: 'AUTH' });
  if (phase.identity.kind === 'authenticated') return reply('alreadyAuthenticated');
  const mechanism = profile.mechanisms.get(name);
  if (mechanism === undefined || !offeredOn(profile.mechanisms, phase.link).includes(name)) {
    return reply('unknownMechanism');
  }

  const initial = decodeInitial(initialResponse);
  if (initial === undefined) return reply('badBase64');
  const exchange = mechanism.begin();
  return { exchange, outcome: outcomeOf(exchange.start(initial), name) };
}

/** Goes on with the client's answer to a challenge. */
export function continueSasl(line: string, phase: Authenticating<unknown>, profile: Profile): SaslOutcome {
  const { exchange, mechanism } = phase;
  const limit = profile.limits.authLine;
  if (line.length > limit) return reply('authLineTooLong', { limit });
  // The client had to answer before it gets the refusal; the answer itself is ignored.
  if (exchange instanceof Reply) return exchange;
  // RFC 4954 4: the client gives up.
  if (line === '*') return reply('authAborted');
  const response = decodeBase64(line);
  return response === null ? reply('badBase64') : outcomeOf(exchange.respond(response), mechanism);
}

/** Returns the outcome of a step: a question for the server or a reply. */
function outcomeOf(step: SaslStep, mechanism: string): SaslOutcome {
  switch (step.kind) {
    case 'challenge':
      return reply('challenge', { challenge: encodeBase64(step.text) });
    case 'fault':
      return reply('badCredentials', { reason: step.reason });
    case 'lookup':
      return { type: 'lookup', mechanism, user: step.user };
    case 'credentials':
      return { type: 'auth', mechanism, credentials: step.credentials };
    case 'disproof':
      return { type: 'auth', mechanism, credentials: null };
  }
}

/**
 * Goes on with the keys that were looked up.
 *
 * @throws Error where nothing was: a bug of the machine.
 */
export function challengeAfter(keys: ScramKeys | null, phase: Phase<unknown>): Reply {
  const exchange =
    phase.kind === 'authenticating' && !(phase.exchange instanceof Reply) ? phase.exchange : null;
  const step = exchange?.found?.(keys);
  if (step === undefined) throw new Error(`no keys were asked for in ${phase.kind}`);
  return reply('challenge', { challenge: encodeBase64(step.text) });
}

/**
 * The challenge that comes before a refusal of credentials, where the mechanism has one (RFC 7628 3.2.3);
 * else null. A no for now and a farewell come at once.
 */
export function challengeBefore(refusal: Reply, phase: Phase<unknown>): Reply | null {
  if (refusal.code < 500 || phase.kind !== 'authenticating') return null;
  const { exchange } = phase;
  if (exchange instanceof Reply || exchange.refusal === undefined) return null;
  return reply('challenge', { challenge: encodeBase64(exchange.refusal) });
}

/** Returns null if the command had no initial response, undefined if it is not base64. */
function decodeInitial(response: string | null): string | null | undefined {
  if (response === null) return null;
  // RFC 4954 4: a single "=" is an initial response that is empty.
  return response === '=' ? '' : (decodeBase64(response) ?? undefined);
}
