import type { Secret } from '../../../base/secret.js';
import { enhancedCodeOf, oneLine, type Phase, type Verdict } from './reply.js';
import { inWords } from './tls.js';

/** Why a connection did not come to be, in words. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly enhancedCode: string | null;

  /** @param reply what the far side said, null where it said nothing */
  constructor(
    readonly phase: Phase,
    message: string,
    readonly reply: string | null,
  ) {
    super(message);
    this.enhancedCode = reply === null ? null : enhancedCodeOf(reply);
  }
}

/** No connection is to be had, and what that comes to. */
export class NoWay extends Error {
  override readonly name = 'NoWay';

  constructor(readonly verdict: Verdict) {
    super(verdict.reply);
  }
}

/** The server stops: nothing is wrong with the far side. */
export class Stopped extends Error {
  override readonly name = 'Stopped';

  constructor() {
    super('the server stops');
  }
}

/** Where a connection failed, by what nodemailer calls it. */
export function faultOf(error: Error, host: string, handshake: boolean, password: Secret | null): Error {
  if (error instanceof Fault || error instanceof Stopped) return error;
  const {
    command = '',
    response,
    code,
  } = error as Error & {
    readonly command?: string;
    readonly response?: string;
    readonly code?: string;
  };
  const phase = phaseOf(command, code, handshake);
  const reply = response === undefined ? null : hidden(response, password);
  const why = reply === null ? inWords(error) : oneLine(reply);
  return new Fault(phase, `${host} ${FAILED[phase]}: ${why}`, reply);
}

const FAILED: Readonly<Record<Phase, string>> = {
  connect: 'cannot be reached',
  greeting: 'did not greet',
  hello: 'refused EHLO',
  tls: 'gave no TLS',
  auth: 'refused the user name and the password',
  mail: 'refused the sender',
  rcpt: 'refused a recipient',
  data: 'refused DATA',
  end: 'refused the message',
};

function phaseOf(command: string, code: string | undefined, handshake: boolean): Phase {
  if (handshake || code === 'ETLS' || command === 'STARTTLS') return 'tls';
  if (command.startsWith('AUTH') || code === 'EAUTH') return 'auth';
  return command === 'EHLO' || command === 'HELO' ? 'hello' : 'greeting';
}

/** A reply may repeat what it was given. */
function hidden(reply: string, password: Secret | null): string {
  const text = password?.expose() ?? '';
  return text === '' ? reply : reply.replaceAll(text, String(password));
}
