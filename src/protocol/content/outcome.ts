import { type AbortReason, type Event, type Question, REFUSED_CONTENT, RESET } from '../events.js';
import type { ChunkSize } from '../grammar/chunk-size.js';
import type { Commanding, Phase, Receiving } from '../state/phases.js';
import type { Profile } from '../profile.js';
import { toEach } from '../state/questions.js';
import { ChunkedContent, IncomingContent } from './incoming-content.js';
import type { Reply } from '../replies/reply.js';
import { reply } from '../replies/catalogue.js';
import { advance } from '../state/transitions.js';

/** The result of a command that begins content, before its first octet. */
export interface ContentBegun<Principal> {
  readonly phase: Phase<Principal>;
  /** The event to report about the message, or null. */
  readonly notice: Event | null;
  /** The message begins with it: the server is to be asked for it. */
  readonly asks: boolean;
}

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
): ContentBegun<Principal> {
  const body = phase.transaction?.parameters.body;
  const reception = phase.kind === 'chunked' ? phase.reception : new ChunkedContent(profile, body);
  const lost = phase.kind === 'chunked' && phase.reception.refusal !== null;
  reception.begin(chunk);
  if (refusal !== null) reception.refuse(refusal);

  const next = advance[refusal === null ? 'chunkBegun' : 'chunkRefused'](phase, { reception });
  if (phase.transaction === null || lost) return { phase: next, notice: null, asks: false };
  const first = phase.kind !== 'chunked';
  if (reception.refusal === null) return { phase: next, notice: null, asks: first };
  // The handler was not asked about the message yet, or it has begun to receive it.
  return { phase: next, notice: first ? RESET : REFUSED_CONTENT, asks: false };
}

/** Begins a message that no accepted DATA announced: it is read to its end and refused there. */
export function beginUnsolicited<Principal>(
  phase: Commanding<Principal>,
  profile: Profile,
): ContentBegun<Principal> {
  const reception = IncomingContent.refused(profile, reply('unsolicitedBody'));
  const next = advance.unsolicitedBegun(phase, { reception });
  return { phase: next, notice: lossOf(phase, null, 'reset'), asks: false };
}

/**
 * Returns the notice about the open transaction if it will not be completed, or null.
 *
 * @param question the one that waits for its verdict.
 */
export function lossOf(phase: Phase<unknown>, question: Question | null, reason: AbortReason): Event | null {
  if (phase.transaction === null) return null;
  // The content was not taken up: there is nothing of it to undo.
  if (phase.reception === null || question?.type === 'data') return RESET;
  // Once it has come whole, the message is in the hands of the verdict, heard or not (RFC 5321 6.1).
  const over = phase.reception.refusal !== null || question?.type === 'end';
  return over ? null : { type: 'abort', reason };
}

/** The end of content, or of a chunk of it, with nothing to ask. */
export class ContentOver<Principal> {
  constructor(
    readonly phase: Phase<Principal>,
    readonly replies: readonly Reply[],
    /** The command to report as refused; null if that was reported, or if it is not refused. */
    readonly refused: 'DATA' | 'BDAT' | null,
  ) {}
}

/** Returns what follows from the end of content, or of a chunk of it: a question, or all that is to be done. */
export function contentEnded<Principal>(
  phase: Receiving<Principal>,
  profile: Profile,
): ContentOver<Principal> | Question {
  const { refusal, size } = phase.reception;
  if (refusal === null) {
    if (phase.kind !== 'chunk' || phase.reception.last) return { type: 'end', size };
    return new ContentOver(advance.chunkOver(phase), [reply('chunkOk', { size })], null);
  }
  switch (phase.kind) {
    case 'data':
      return new ContentOver(advance.dataOver(phase), toEach(refusal, phase, profile), 'DATA');
    case 'unsolicited':
      return new ContentOver(advance.unsolicitedOver(phase), [refusal], 'DATA');
    case 'discarding':
      return new ContentOver(advance.discardOver(phase), [refusal], 'BDAT');
    case 'chunk': {
      const { last, refusalHeard } = phase.reception;
      phase.reception.refusalHeard = true;
      return new ContentOver(
        advance[last ? 'dataOver' : 'chunkOver'](phase),
        last ? toEach(refusal, phase, profile) : [refusal],
        refusalHeard ? null : 'BDAT',
      );
    }
  }
}
