import { unescape } from './escape.js';

/** A reply that is expected. */
export interface Expected {
  /** How the reply begins: code, enhanced code and text, as far as the vector says. */
  readonly reply: string;
  /** Lines that a multiline reply must have, and must not have, after code and hyphen or space. */
  readonly has: string[];
  readonly lacks: string[];
}

/** Octets that the client sends on one link; a TLS handshake stands between two segments. */
export interface Segment {
  octets: string;
}

/** How a case ends. */
export type Ending =
  /** The session is in step: NOOP gets 250. */
  | 'inStep'
  /** The server closes. */
  | 'close'
  /** The client goes without a word. */
  | 'vanish'
  /** The client half-closes, and the server closes. */
  | 'end';

/** One case of a vector file. */
export interface Vector {
  /** The numbers by which rows of docs/conformance.md name the case, if it has some, and a title. */
  readonly title: string;
  readonly segments: Segment[];
  readonly replies: Expected[];
  /** Contents of the messages that must be stored, in order. */
  readonly stored: string[];
  /** Events that must come in this order; others may come between them. */
  readonly events: string[];
  readonly options: Map<string, string>;
  /** Verdicts by question, in the order they are asked; yes where none is left. A null is a yes. */
  readonly verdicts: Map<string, (string | null)[]>;
  ending: Ending;
}

/** `P` in a vector file: what the client sends, and the replies, until the session is right after 354. */
const PRELUDE: readonly (readonly [string, string])[] = [
  ['EHLO client.example\\r\\n', '250'],
  ['AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=\\r\\n', '235'],
  ['MAIL FROM:<a@x.example>\\r\\n', '250'],
  ['RCPT TO:<b@y.example>\\r\\n', '250'],
  ['DATA\\r\\n', '354'],
];

/**
 * Reads a vector file.
 *
 *     # a comment
 *     == 12. A title             begins a case
 *     option KEY VALUE           how the listener is set up (options.ts)
 *     verdict QUESTION ok|REPLY  what the server decides, in the order asked; LMTP: REPLY | REPLY, to each recipient
 *     P [N]                      EHLO, AUTH, MAIL, RCPT, DATA and their replies; the first N of them
 *     C: OCTETS                  what the client sends (escape.ts); no line end is added
 *     S: REPLY                   the next reply: as much of its beginning as matters
 *     has: LINE, lacks: LINE     about the lines of the reply just named
 *     TLS                        the handshake stands here
 *     E: EVENT                   an event that is reported (../protocol/session-harness.ts); in order
 *     stored: OCTETS             a message is accepted; each one must be named
 *     close | vanish | end       how it ends, where not in step
 */
export function parseVectors(text: string): Vector[] {
  const vectors: Vector[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const vector = vectors.at(-1);
    if (line.startsWith('== ')) vectors.push(emptyVector(line.slice(3)));
    else if (vector === undefined || !read(vector, line)) {
      throw new Error(`line ${index + 1} is none of a vector file: ${line}`);
    }
  }
  return vectors;
}

/** A case in which nothing is sent yet. */
export function emptyVector(title: string): Vector {
  return {
    title,
    segments: [{ octets: '' }],
    replies: [],
    stored: [],
    events: [],
    options: new Map(),
    verdicts: new Map(),
    ending: 'inStep',
  };
}

/** Adds what a line says; false where it says nothing known. */
function read(vector: Vector, line: string): boolean {
  const [keyword = '', ...words] = line.split(' ');
  const rest = line.slice(keyword.length + 1);
  const expected = vector.replies.at(-1);
  switch (keyword) {
    case 'C:':
      send(vector, rest);
      return true;
    case 'S:':
      vector.replies.push({ reply: unescape(rest), has: [], lacks: [] });
      return true;
    case 'has:':
    case 'lacks:':
      expected?.[keyword === 'has:' ? 'has' : 'lacks'].push(rest);
      return expected !== undefined;
    case 'P':
      for (const [octets, reply] of PRELUDE.slice(0, rest === '' ? PRELUDE.length : Number(rest))) {
        send(vector, octets);
        vector.replies.push({ reply, has: [], lacks: [] });
      }
      return true;
    case 'TLS':
      vector.segments.push({ octets: '' });
      return true;
    case 'E:':
      vector.events.push(unescape(rest));
      return true;
    case 'stored:':
      vector.stored.push(unescape(rest));
      return true;
    case 'option':
      vector.options.set(words[0] ?? '', words.slice(1).join(' '));
      return true;
    case 'verdict': {
      const question = words[0] ?? '';
      const verdict = words[1] === 'ok' ? null : unescape(words.slice(1).join(' '));
      vector.verdicts.set(question, [...(vector.verdicts.get(question) ?? []), verdict]);
      return true;
    }
    case 'close':
    case 'vanish':
    case 'end':
      vector.ending = keyword;
      return true;
    default:
      return false;
  }
}

function send(vector: Vector, octets: string): void {
  const segment = vector.segments.at(-1);
  if (segment !== undefined) segment.octets += unescape(octets);
}
