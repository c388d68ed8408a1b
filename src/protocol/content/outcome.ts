import { type Event, type Question, REFUSED_CONTENT, RESET } from '../events.js';
import type { ChunkSize } from '../grammar/chunk-size.js';
import {
  type Commanding,
  type Consequence,
  NO_REPLIES,
  type Phase,
  type Receiving,
} from '../state/phases.js';
import type { Profile } from '../profile.js';
import { lossOf, toEach } from '../state/questions.js';
import { ChunkedContent, IncomingContent } from './incoming-content.js';
import type { Reply } from '../replies/reply.js';
import { reply } from '../replies/catalogue.js';
import { advance } from '../state/transitions.js';

/**
 * Begins a chunk. The octets after BDAT are read even if it is refused: the refusal follows them (RFC 3030 2). A
 * message without one of its chunks cannot be accepted, so all that follows is refused, up to its last chunk or RSET.
 *
 * @param refusal null if the command itself is right.
 */
export function beginChunk<Principal>(
  phase: Commanding<Principal>,
  chunk: ChunkSize,
  refusal: Reply | null,
  profile: Profile,
): Consequence<Principal> {
  const body = phase.transaction?.parameters.body;
  const reception = phase.kind === 'chunked' ? phase.reception : new ChunkedContent(profile, body);
  const lost = phase.kind === 'chunked' && phase.reception.refusal !== null;
  reception.begin(chunk);
  if (refusal !== null) reception.refuse(refusal);

  const next = advance[refusal === null ? 'chunkBegun' : 'chunkRefused'](phase, { reception });
  const first = phase.kind !== 'chunked';
  const begun = (notice: Event | null, asks: Question | null): Consequence<Principal> => {
    return { phase: next, notice, replies: NO_REPLIES, refused: null, asks };
  };
  if (phase.transaction === null || lost) return begun(null, null);
  // The message begins with it: the server is to be asked for it.
  if (reception.refusal === null) return begun(null, first ? { type: 'data' } : null);
  // The handler was not asked about the message yet, or it has begun to receive it.
  return begun(first ? RESET : REFUSED_CONTENT, null);
}

/** Begins a message that no accepted DATA announced: it is read to its end and refused there. */
export function beginUnsolicited<Principal>(
  phase: Commanding<Principal>,
  profile: Profile,
): Consequence<Principal> {
  const reception = IncomingContent.refused(profile, reply('unsolicitedBody'));
  const next = advance.unsolicitedBegun(phase, { reception });
  const notice = lossOf(phase, null, 'reset');
  return { phase: next, notice, replies: NO_REPLIES, refused: null, asks: null };
}

/** Returns what follows from the end of content, or of a chunk of it. */
export function contentEnded<Principal>(
  phase: Receiving<Principal>,
  profile: Profile,
): Consequence<Principal> {
  const { refusal, size } = phase.reception;
  if (refusal === null) {
    if (phase.kind !== 'chunk' || phase.reception.last) {
      return { phase, notice: null, replies: NO_REPLIES, refused: null, asks: { type: 'end', size } };
    }
    return over(advance.chunkOver(phase), [reply('chunkOk', { size })], null);
  }
  switch (phase.kind) {
    case 'data':
      return over(advance.dataOver(phase), toEach(refusal, phase, profile), 'DATA');
    case 'unsolicited':
      return over(advance.unsolicitedOver(phase), [refusal], 'DATA');
    case 'discarding':
      return over(advance.discardOver(phase), [refusal], 'BDAT');
    case 'chunk': {
      const { last, refusalHeard } = phase.reception;
      phase.reception.refusalHeard = true;
      return over(
        advance[last ? 'dataOver' : 'chunkOver'](phase),
        last ? toEach(refusal, phase, profile) : [refusal],
        // The refusal was reported with an earlier chunk.
        refusalHeard ? null : 'BDAT',
      );
    }
  }
}

/** The end of content, or of a chunk of it, with nothing to ask. */
function over<Principal>(
  phase: Phase<Principal>,
  replies: readonly Reply[],
  refused: 'DATA' | 'BDAT' | null,
): Consequence<Principal> {
  return { phase, notice: null, replies, refused, asks: null };
}
