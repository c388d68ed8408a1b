import { Fault } from '../../base/fault.js';
import type { SaslQuestion } from '../events.js';
import { decodeBase64, encodeBase64 } from '../grammar/base64.js';
import {
  type Authenticating,
  type Consequence,
  NO_REPLIES,
  type Phase,
  type Ready,
} from '../state/phases.js';
import { advance } from '../state/transitions.js';
import type { Profile } from '../profile.js';
import { Reply } from '../replies/reply.js';
import { reply } from '../replies/catalogue.js';
import type { AuthCommand } from '../extensions/auth.js';
import { offeredOn, type SaslStep, type ScramKeys } from './mechanism.js';

/** Begins what AUTH asks for (RFC 4954 4), or says why not. */
export function beginSasl<Principal>(
  { mechanism: name, initialResponse }: AuthCommand,
  phase: Ready<Principal>,
  profile: Profile,
): Consequence<Principal> {
  if (profile.authNeedsTls && phase.link === 'plain') return refusal(phase, reply('authNeedsTls'));
  if (profile.mechanisms.size === 0) return refusal(phase, reply('notImplemented', { verb: 'AUTH' }));
  if (phase.identity.kind === 'authenticated') return refusal(phase, reply('alreadyAuthenticated'));
  const mechanism = profile.mechanisms.get(name);
  if (mechanism === undefined || !offeredOn(profile.mechanisms, phase.link).includes(name)) {
    return refusal(phase, reply('unknownMechanism'));
  }

  const initial = decodeInitial(initialResponse);
  if (initial === undefined) return refusal(phase, reply('badBase64'));
  const exchange = mechanism.begin();
  const begun = advance.saslBegun(phase, { mechanism: name, exchange });
  return consequenceOf(exchange.start(initial), name, begun);
}

/** Goes on with the client's answer to a challenge. */
export function continueSasl<Principal>(
  line: string,
  phase: Authenticating<Principal>,
  profile: Profile,
): Consequence<Principal> {
  const { exchange, mechanism } = phase;
  const limit = profile.limits.authLine;
  if (line.length > limit) return saslOver(phase, reply('authLineTooLong', { limit }));
  // The client had to answer before it gets the refusal; the answer itself is ignored.
  if (exchange instanceof Reply) return saslOver(phase, exchange);
  // RFC 4954 4: the client gives up.
  if (line === '*') return saslOver(phase, reply('authAborted'));
  const response = decodeBase64(line);
  if (response === null) return saslOver(phase, reply('badBase64'));
  return consequenceOf(exchange.respond(response), mechanism, phase);
}

/** Ends the exchange: its one reply is this refusal. */
export function saslOver<Principal>(phase: Phase<Principal>, why: Reply): Consequence<Principal> {
  return refusal(advance.saslOver(phase), why);
}

function refusal<Principal>(phase: Phase<Principal>, why: Reply): Consequence<Principal> {
  return { phase, notice: null, replies: [why], refused: 'AUTH', asks: null };
}

/** Returns the consequence of a step: a question, a challenge (the one positive reply), or the end of the exchange. */
function consequenceOf<Principal>(
  step: SaslStep,
  mechanism: string,
  phase: Phase<Principal>,
): Consequence<Principal> {
  const ask = (asks: SaslQuestion): Consequence<Principal> => {
    return { phase, notice: null, replies: NO_REPLIES, refused: null, asks };
  };
  if (step instanceof Fault) return saslOver(phase, reply('badCredentials', { reason: step.reason }));
  switch (step.kind) {
    case 'challenge': {
      const challenge = reply('challenge', { challenge: encodeBase64(step.text) });
      return { phase, notice: null, replies: [challenge], refused: null, asks: null };
    }
    case 'lookup':
      return ask({ type: 'lookup', mechanism, user: step.user });
    case 'credentials':
      return ask({ type: 'auth', mechanism, credentials: step.credentials });
    case 'disproof':
      return ask({ type: 'auth', mechanism, credentials: null });
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
