// The invariant, for whatever a client sends:
//
//   1. Nothing throws.
//   2. Memory is bounded: what was read is not kept, and no message grows beyond its limit.
//   3. Replies and events are the same however the octets are cut, and however late the verdicts come.
//   4. Replies are well-formed: lines of printable ASCII with one code, ended by CRLF, no longer than the
//      limit. There are never more of them than the greeting, one per line sent, and one farewell; in LMTP one
//      more per recipient.
//   5. In step: a client that ends what it is in gets 250 to a NOOP, unless the session is closed.
import { isDeepStrictEqual } from 'node:util';
import { ACCEPT, DEFAULT_LIMITS, type Question, type Verdict } from '../../src/protocol/index.js';
import { SessionHarness, acceptAll } from '../protocol/session-harness.js';
import { parseReply } from '../vectors/drive.js';
import type { Vector } from '../vectors/format.js';
import { settingOf } from '../vectors/options.js';
import { Chance } from './random.js';

/** How a dialogue is brought to the machine. */
interface Way {
  readonly name: string;
  /** Octets of the next piece. */
  readonly piece: (chance: Chance) => number;
  /** Each verdict comes only after the octets that follow the command that asked for it. */
  readonly late?: true;
}

const WHOLE: Way = { name: 'whole', piece: () => Infinity };
const OTHERS: readonly Way[] = [
  { name: 'octet by octet', piece: () => 1 },
  { name: 'at random', piece: (chance) => 1 + chance.below(9) },
  { name: 'in large pieces', piece: (chance) => 1 + chance.below(200) },
  { name: 'at random, verdicts late', piece: (chance) => 1 + chance.below(30), late: true },
];

/** Returns the fault of the machine that this dialogue shows, or null. */
export function wrong(vector: Vector): string | null {
  try {
    const whole = play(vector, WHOLE);
    for (const way of OTHERS) {
      const other = play(vector, way);
      if (isDeepStrictEqual(other, whole)) continue;
      return `another outcome ${way.name}:\n${JSON.stringify(whole)}\n${JSON.stringify(other)}`;
    }
    return null;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** Plays a dialogue, and gives all that came of it. Throws where it broke the invariant by itself. */
function play(vector: Vector, way: Way): unknown {
  const { profile } = settingOf(vector);
  const scripts = new Map(Array.from(vector.verdicts, ([question, list]) => [question, [...list]]));
  const judge = (question: Question): Verdict<string> => {
    const scripted = scripts.get(question.type)?.shift();
    if (scripted === undefined || scripted === null) return acceptAll(question) ?? ACCEPT;
    return { type: 'refuse', reply: parseReply(scripted) };
  };
  const harness = new SessionHarness({
    profile,
    // The greeting is never late: what comes before it is another story.
    judge: (question) => (way.late && question.type !== 'connect' ? undefined : judge(question)),
  }).begin();
  const decide = (): void => {
    while (harness.waiting !== null && !harness.closed) harness.decide(judge(harness.waiting));
  };

  const chance = new Chance(1);
  for (const [index, { octets }] of vector.segments.entries()) {
    if (index > 0 && harness.session.phase === 'securing') harness.session.secured();
    for (let at = 0, to = 0; at < octets.length; at = to) {
      to = at + way.piece(chance);
      harness.feed(octets.slice(at, to));
      decide();
      if (harness.session.unread > 0 && harness.session.phase !== 'securing')
        throw new Error('octets stay unread');
    }
  }
  wellFormed(harness, vector);
  bounded(harness, profile.limits?.messageSize ?? DEFAULT_LIMITS.messageSize);
  const outcome = {
    replies: harness.answers,
    events: [...harness.events],
    stored: [...harness.stored],
    closed: harness.closed,
  };
  inStep(harness, decide);
  return outcome;
}

// RFC 5321 4.2: one code in all lines of a reply, a hyphen in all but the last. 4.5.3.1.5: 512 octets.
const REPLY = /^(?:([2-5][0-5]\d)-[ -~]*\r\n(?:\1-[ -~]*\r\n)*\1 [ -~]*\r\n|[2-5][0-5]\d [ -~]*\r\n)*$/;

function wellFormed({ replies, answers, events }: SessionHarness, { segments, options }: Vector): void {
  if (!REPLY.test(replies)) throw new Error(`malformed: ${JSON.stringify(replies)}`);
  if (replies.split('\r\n').some((line) => line.length > 510)) throw new Error('a reply line is too long');
  const lines =
    segments
      .map(({ octets }) => octets)
      .join('')
      .split('\n').length - 1;
  // RFC 2033 4.2: the end of a message is answered once for each recipient.
  const more =
    options.get('protocol') === 'lmtp' ? events.filter((event) => event.startsWith('rcpt ')).length : 0;
  if (answers.length > 1 + lines + more + 1) throw new Error(`${answers.length} replies to ${lines} lines`);
}

function bounded({ stored, events }: SessionHarness, messageSize: number): void {
  if (stored.some(({ length }) => length > messageSize)) throw new Error('a message is beyond its limit');
  const contents = events.filter((event) => event.startsWith('content '));
  if (contents.some(({ length }) => length - 'content '.length > messageSize)) {
    throw new Error('more was passed on than the limit');
  }
}

/** Ends whatever the dialogue was in the middle of, as a client may, and asks for a NOOP. */
function inStep(harness: SessionHarness, decide: () => void): void {
  const { session } = harness;
  const send = (octets: string): void => {
    harness.feed(octets);
    decide();
  };
  // Half a line first: it may be what begins content, or a handshake.
  if (session.inLine) send('\r\n');
  if (session.phase === 'securing') session.secured();
  if (session.phase === 'data' || session.phase === 'unsolicited') send('\r\n.\r\n');
  if (session.phase === 'authenticating') send('*\r\n');
  // A client that declared a petabyte has to go.
  if (!harness.endChunk(send)) return;
  const before = harness.answers.length;
  send('NOOP\r\n');
  if (harness.closed) return;
  const replies = harness.answers.slice(before);
  // A client that was rejected gets 503 and may quit.
  const due = session.phase === 'rejected' ? '503 ' : '250 ';
  if (replies.length !== 1 || !replies[0]?.startsWith(due)) {
    throw new Error(`out of step: NOOP got ${JSON.stringify(replies)} in ${session.phase}`);
  }
}
