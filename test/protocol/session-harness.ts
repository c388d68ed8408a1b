import {
  ACCEPT,
  type Credentials,
  type Event,
  type Link,
  Profile,
  type ProfileOptions,
  type Question,
  refuse,
  reply,
  ServerSession,
  type Verdict,
} from '../../src/protocol/parts.js';

/** Decides on a question; undefined puts the verdict off. */
export type Decide = (question: Question) => Verdict<string> | undefined;

/** Says yes to everything; the principal is the user's name. */
export const acceptAll: Decide = (question) => {
  switch (question.type) {
    case 'auth':
      if (question.credentials === null) return refuse(reply('authFailed'));
      return { type: 'authenticate', principal: userOf(question.credentials) };
    case 'lookup':
      return { type: 'keys', keys: null };
    default:
      return ACCEPT;
  }
};

/** The user that credentials name. */
export function userOf(credentials: Credentials): string {
  if ('password' in credentials) return credentials.authcid.expose();
  if ('authcid' in credentials) return credentials.authcid;
  return ('user' in credentials ? credentials.user : credentials.authzid) ?? '';
}

/** Credentials on one line, secrets and all. */
function describeCredentials(credentials: Credentials | null): string {
  if (credentials === null) return 'nobody';
  const secret =
    'password' in credentials ? credentials.password : 'token' in credentials ? credentials.token : null;
  return [userOf(credentials), ...(secret === null ? [] : [secret.expose()])].join(' ');
}

export const HOSTNAME = 'mx.example';

export function octetsOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

export function textOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString('latin1');
}

const questions = new Set([
  'connect',
  'command',
  'hello',
  'starttls',
  'lookup',
  'auth',
  'mail',
  'rcpt',
  'data',
  'end',
  'xclient',
  'xforward',
]);

function isQuestion(event: Event): event is Question {
  return questions.has(event.type);
}

export interface SessionHarnessOptions {
  readonly profile?: Partial<ProfileOptions>;
  readonly link?: Link;
  readonly judge?: Decide;
}

/**
 * A session with a server's half of the work done in the plainest way: it is pumped after each piece,
 * questions go to a judge, and all that came of it is written down. Octets are texts of latin1.
 *
 * Each piece of input is overwritten once the session has read it: whatever it still shows of the piece
 * then is wrong.
 */
export class SessionHarness {
  readonly session: ServerSession<string>;
  /** All reply octets. */
  replies = '';
  /** The events of `next`, one line each; consecutive content is one line. */
  readonly events: string[] = [];
  /** The content of each message whose end was accepted. */
  readonly stored: string[] = [];
  /** How often `output` had something: writes, if this were a socket. */
  writes = 0;
  closed = false;

  readonly #judge: Decide;
  #content = '';
  #waiting: Question | null = null;

  constructor({ profile = {}, link = 'plain', judge = acceptAll }: SessionHarnessOptions = {}) {
    this.session = new ServerSession(new Profile({ hostname: HOSTNAME, ...profile }), '192.0.2.1', link);
    this.#judge = judge;
  }

  /** The question that was put off, or null. */
  get waiting(): Question | null {
    return this.#waiting;
  }

  /** Greets. */
  begin(): this {
    this.pump();
    return this;
  }

  /** Sends one piece. */
  feed(text: string): this {
    const piece = octetsOf(text);
    this.session.receive(piece);
    this.pump();
    if (this.session.unread === 0) piece.fill(0xee);
    return this;
  }

  /** Gives the verdict that was put off. */
  decide(verdict: Verdict<string>): this {
    const question = this.#waiting;
    if (question === null) throw new Error('nothing waits');
    this.#waiting = null;
    this.#answer(question, verdict);
    this.pump();
    return this;
  }

  /** Sends what is missing of a chunk; false where that would take too long. */
  endChunk(send: (octets: string) => void = (octets) => void this.feed(octets)): boolean {
    const inChunk = (): boolean => this.session.phase === 'chunk' || this.session.phase === 'discarding';
    for (let octets = 0; octets < 1000 && inChunk(); octets++) send('x');
    return !inChunk();
  }

  pump(): void {
    while (this.#waiting === null || this.session.phase === 'closed') {
      const event = this.session.next();
      if (event.type === 'needOctets' || event.type === 'needVerdict') break;
      if (event.type === 'closed') {
        this.closed = true;
        break;
      }
      this.#note(event);
      if (isQuestion(event)) this.#ask(event);
    }
    const output = this.session.output();
    if (output === null) return;
    this.replies += textOf(output);
    this.writes++;
  }

  /** The replies, one string each, lines of one reply joined by LF. */
  get answers(): string[] {
    const replies: string[] = [];
    let open = '';
    for (const line of this.replies.split('\r\n').slice(0, -1)) {
      open += (open === '' ? '' : '\n') + line;
      if (line.charAt(3) === '-') continue;
      replies.push(open);
      open = '';
    }
    return replies;
  }

  /** The codes of {@link answers}. */
  get codes(): number[] {
    return this.answers.map((answer) => Number(answer.slice(0, 3)));
  }

  #ask(question: Question): void {
    const verdict = this.#judge(question);
    if (verdict === undefined) this.#waiting = question;
    else this.#answer(question, verdict);
  }

  #answer(question: Question, verdict: Verdict<string>): void {
    const some = verdict.type === 'perRecipient' && verdict.replies.some(({ positive }) => positive);
    if (question.type === 'end' && (verdict.type === 'accept' || some)) this.stored.push(this.#content);
    if (question.type === 'data') this.#content = '';
    this.session.answer(verdict);
  }

  #note(event: Event): void {
    if (event.type !== 'content') {
      this.events.push(describe(event));
      return;
    }
    const text = textOf(event.octets);
    this.#content += text;
    const last = this.events.at(-1) ?? '';
    if (last.startsWith('content ')) this.events[this.events.length - 1] = last + text;
    else this.events.push(`content ${text}`);
  }
}

/** An event on one line. */
function describe(event: Event): string {
  switch (event.type) {
    case 'command':
      return `command ${event.command.verb} ${JSON.stringify(event.command.argument)}`;
    case 'hello':
      return `hello ${event.hello.verb} ${event.hello.name}`;
    case 'auth':
      return `auth ${event.mechanism} ${describeCredentials(event.credentials)}`;
    case 'lookup':
      return `lookup ${event.mechanism} ${event.user}`;
    case 'mail':
      return `mail ${event.reversePath?.address ?? '<>'} ${JSON.stringify(event.parameters)}`;
    case 'rcpt':
      return `rcpt ${event.forwardPath.address} ${JSON.stringify(event.parameters)}`;
    case 'end':
      return `end ${event.size}`;
    case 'abort':
    case 'close':
      return `${event.type} ${event.reason}`;
    case 'refused':
      return `refused ${event.command} ${event.reply.toString()}`;
    default:
      return event.type;
  }
}
