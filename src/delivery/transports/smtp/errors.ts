import { remoteFailure } from '../../../base/tls-words.js';
import { type ClientPhase, ConnectionError, ReplyError, UnsupportedError } from '../../../client/index.js';
import type { SessionOptions } from './options.js';
import { enhancedCodeOf, type Phase, type ReplyResult } from './reply.js';

/** A connection could not be set up; the message says why. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly enhancedCode: string | null;

  /** @param reply the reply of the remote server; null if it did not reply */
  constructor(
    readonly phase: Phase,
    message: string,
    readonly reply: string | null,
  ) {
    super(message);
    this.enhancedCode = reply === null ? null : enhancedCodeOf(reply);
  }
}

/** No connection can be made; `verdict` is the outcome for the recipients. */
export class DestinationError extends Error {
  override readonly name = 'DestinationError';

  constructor(readonly result: ReplyResult) {
    super(result.reply);
  }
}

/** The server stops, so the attempt ends. The remote server is not at fault. */
class StoppedError extends Error {
  override readonly name = 'StoppedError';

  constructor() {
    super('the server stops');
  }
}

/** Returns the error for a session that could not be opened, in words that name the phase. */
export function setupErrorOf(
  error: unknown,
  { host, displayName = host }: Pick<SessionOptions, 'host' | 'displayName'>,
): Error {
  if (error instanceof ReplyError) {
    const phase = phaseOf(error.phase);
    return new SetupError(
      phase,
      `${host} ${REFUSED[phase]}: ${error.reply.toString()}`,
      error.reply.toString(),
    );
  }
  if (!(error instanceof ConnectionError)) return error instanceof Error ? error : new Error(String(error));
  if (error.fault === 'aborted') return new StoppedError();
  const phase = phaseOf(error.phase);
  if (error instanceof UnsupportedError) return new SetupError(phase, `${host} ${lacking(error)}`, null);
  return new SetupError(
    phase,
    `${phase === 'connect' ? displayName : host} ${NOT_ANSWERED[phase]}: ${reasonOf(error)}`,
    null,
  );
}

/** Returns the reason why a connection ended, as a text that follows the name of the server. */
export function reasonOf(error: ConnectionError): string {
  if (error.cause !== undefined) return remoteFailure(error.cause);
  if (error.fault === 'protocol')
    return `it broke the protocol, so Postern closed the connection: ${error.message}`;
  if (error.reply !== null) return `it closed the connection: ${error.reply.toString()}`;
  if (error.fault === 'tls') return 'it closed the connection in the handshake';
  return error.fault === 'closed' ? 'it closed the connection' : error.message;
}

/** Returns the phase in which something happened, in words that follow what happened. */
export function phaseWords(phase: ClientPhase): string {
  return DURING[phase] ?? 'while the connection was set up';
}

const DURING: Partial<Readonly<Record<ClientPhase, string>>> = {
  mail: 'in reply to MAIL',
  rcpt: 'in reply to RCPT',
  data: 'in reply to DATA',
  content: 'while the content was sent',
  end: 'in reply to the content',
  reset: 'in reply to RSET',
  quit: 'in reply to QUIT',
  idle: 'while no reply was due',
};

function lacking({ keyword, message }: UnsupportedError): string {
  if (keyword === 'STARTTLS') return 'gave no TLS: it does not offer STARTTLS';
  if (keyword !== 'AUTH' || message.includes('not ')) return `cannot be used: ${message}`;
  return 'does not offer AUTH here';
}

const REFUSED: Readonly<Record<Phase, string>> = {
  connect: 'cannot be reached',
  greeting: 'refused the connection',
  hello: 'refused EHLO',
  tls: 'gave no TLS',
  auth: 'refused the user name and the password',
  mail: 'refused the sender',
  rcpt: 'refused a recipient',
  data: 'refused DATA',
  end: 'refused the message',
};

const NOT_ANSWERED: Readonly<Record<Phase, string>> = {
  connect: 'cannot be reached',
  greeting: 'did not greet',
  hello: 'did not answer EHLO',
  tls: 'gave no TLS',
  auth: 'did not answer AUTH',
  mail: 'did not answer MAIL',
  rcpt: 'did not answer RCPT',
  data: 'did not answer DATA',
  end: 'did not answer the content',
};

function phaseOf(phase: ClientPhase): Phase {
  return phase === 'content' || phase === 'reset' || phase === 'quit' || phase === 'idle' ? 'end' : phase;
}
