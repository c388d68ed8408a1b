import { ACCEPT, type Link, Reply, type Verdict } from '../../src/protocol/index.js';
import { octetsOf, SessionHarness, acceptAll } from '../protocol/session-harness.js';
import type { Cut } from './cuts.js';
import type { Vector } from './format.js';
import { settingOf } from './options.js';

/** The result of one case in one cut. */
export interface Outcome {
  /** Each reply, the greeting aside, its lines joined by LF. */
  readonly replies: readonly string[];
  readonly stored: readonly string[];
  readonly closed: boolean;
  /** The events of the machine, with content joined; null if the driver cannot see them. */
  readonly events: readonly string[] | null;
}

/**
 * Runs a case: greets, sends its octets in the pieces of `cut`, shakes hands between two segments, ends as
 * it says, and asks a NOOP where it ends in step. This is what a transport must do to run the vectors.
 */
export interface Driver {
  drive(vector: Vector, cut: Cut, link: Link): Outcome | Promise<Outcome>;
}

/** `550 5.1.1 No such user` as a reply. */
export function parseReply(text: string): Reply {
  const match = /^(\d{3}) (?:(\d\.\d+\.\d+) )?([^]*)$/.exec(text);
  if (match === null) throw new Error(`not a reply: ${text}`);
  return new Reply(Number(match[1]), match[2] ?? null, match[3] ?? '');
}

/** `250 2.0.0 Ok | 550 5.1.1 No such user` as the replies to each recipient; most often one to all. */
export function parseReplies(text: string): [Reply, ...Reply[]] {
  const [first = '', ...others] = text.split(' | ');
  return [parseReply(first), ...others.map(parseReply)];
}

/** The core alone, no transport: a handshake is a word. */
export const coreDriver: Driver = {
  drive(vector, cut, link) {
    const setting = settingOf(vector);
    const scripts = new Map(Array.from(vector.verdicts, ([question, list]) => [question, [...list]]));
    const harness = new SessionHarness({
      profile: setting.profile,
      link,
      judge: (question): Verdict<string> | undefined => {
        const scripted = scripts.get(question.type)?.shift();
        if (scripted === undefined || scripted === null) return acceptAll(question);
        const [reply, ...others] = parseReplies(scripted);
        if (others.length > 0) return { type: 'perRecipient', replies: [reply, ...others] };
        return reply.positive ? { ...ACCEPT, reply } : { type: 'refuse', reply };
      },
    });
    if (setting.early) harness.session.receive(octetsOf(vector.segments[0]?.octets ?? ''));
    harness.begin();
    for (const [index, { octets }] of vector.segments.entries()) {
      // Whatever plain octets are left over are no handshake, and go.
      if (index > 0) harness.session.secured();
      if (setting.early) continue;
      for (const piece of cut.apply(octets)) harness.feed(piece);
    }
    if (vector.ending === 'vanish') harness.session.vanish();
    if (vector.ending === 'end') harness.session.end();
    harness.pump();
    if (vector.ending === 'inStep') harness.feed('NOOP\r\n');
    return {
      replies: setting.early && harness.closed ? harness.answers : harness.answers.slice(1),
      stored: harness.stored,
      closed: harness.closed,
      events: harness.events,
    };
  },
};
