import type { Command } from 'commander';
import { printable } from '../../../base/text.js';
import {
  type ClientResult,
  connect,
  ConnectionError,
  ReplyError,
  type Transcript,
  UnsupportedError,
} from '../../../client/index.js';
import { TOKEN_VARIABLE } from '../../../config/index.js';
import { type Context, configOf } from '../../context.js';
import { CliError, EXIT } from '../../error.js';
import type { Output } from '../../output.js';
import type { SendOptions } from './options.js';
import { type Outgoing, outgoingOf } from './outgoing.js';
import { type Target, targetOf } from './target.js';

/** Runs `postern send`. */
export async function sendMessage(context: Context, command: Command): Promise<void> {
  const options = command.opts<SendOptions>();
  const config = await configOf(context, command);
  const target = await targetOf(options, config, context.environment);
  const message = await outgoingOf(options);
  const dialogue = options.verbose ? new Dialogue(context.stderr, message.content.length) : null;
  let result;
  try {
    result = await transmit(target, message, options.timeout, config.hostname, dialogue);
  } catch (error) {
    throw failureOf(error, target);
  } finally {
    await dialogue?.written();
  }
  await report(context, result, options);
}

async function transmit(
  target: Target,
  message: Outgoing,
  timeout: number,
  hello: string,
  transcript: Transcript | null,
): Promise<ClientResult> {
  const client = await connect({
    ...target,
    hello,
    timeout,
    // The URL, or the configuration of this machine's own server, has said whether there is TLS.
    allowInsecureAuth: true,
    ...(transcript === null ? {} : { transcript }),
  });
  try {
    const size = client.extensions.has('SIZE') ? [`SIZE=${message.content.length}`] : [];
    return await client.send({ ...message, parameters: size });
  } finally {
    await client.quit();
  }
}

async function report(
  { stdout, stderr }: Context,
  { reply, accepted, refused }: ClientResult,
  { json }: SendOptions,
): Promise<void> {
  if (json) {
    await stdout.json({
      accepted,
      refused: refused.map((each) => ({ recipient: each.recipient, reply: each.reply.toString() })),
      reply: reply.toString(),
    });
  } else await stdout.line(printable(`Sent to ${accepted.join(', ')}: ${reply.toString()}`));
  if (refused.length === 0) return;
  for (const each of json ? [] : refused) {
    await stderr.line(printable(`Refused for ${each.recipient}: ${each.reply.toString()}`));
  }
  throw new CliError(
    `the message was not sent to ${refused.length} of ${refused.length + accepted.length} recipients`,
  );
}

/** Returns the error with the exit status that sendmail and msmtp have for it (sysexits.h). */
function failureOf(error: unknown, { host, port, credentials }: Target): unknown {
  const server = `${host} port ${port}`;
  if (error instanceof ReplyError) {
    const { reply, phase } = error;
    const temporary = reply.code < 500;
    const exit =
      phase === 'auth' && !temporary ? EXIT.noPermission : temporary ? EXIT.tempFail : EXIT.unavailable;
    return new CliError(
      `${server}: ${error.message}${hintOf(error, credentials !== undefined)}`,
      { cause: error },
      exit,
    );
  }
  if (error instanceof UnsupportedError) {
    return new CliError(`${server}: ${error.message}`, { cause: error }, EXIT.protocol);
  }
  if (!(error instanceof ConnectionError)) return error;
  const code = systemCode(error.cause);
  const hint =
    code === 'ECONNREFUSED'
      ? '; nothing listens there: start the server, or give another one with --server'
      : '';
  const exit =
    error.fault === 'tls' || error.fault === 'protocol'
      ? EXIT.protocol
      : code === 'ENOTFOUND'
        ? EXIT.noHost
        : EXIT.tempFail;
  const where = error.fault === 'connect' || error.fault === 'tls' ? '' : `${server}: `;
  return new CliError(`${where}${error.message}${hint}`, { cause: error }, exit);
}

function hintOf({ reply, phase }: ReplyError, hasCredentials: boolean): string {
  if (phase === 'auth') return '; "postern token rotate NAME" makes a new token';
  if (reply.code !== 530 || hasCredentials) return '';
  return `; give the API token of the sending domain with --token-file, or in ${TOKEN_VARIABLE} for a server of this machine`;
}

function systemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** Shows the dialogue as swaks does. */
class Dialogue implements Transcript {
  #last: Promise<void> = Promise.resolve();
  #secure = false;

  constructor(
    private readonly output: Output,
    private readonly octets: number,
  ) {}

  sent(command: string): void {
    this.#line(`${this.#secure ? ' ~> ' : ' -> '} ${command}`);
  }

  received({ code, lines }: Parameters<Transcript['received']>[0]): void {
    const mark = this.#secure ? '<~  ' : '<-  ';
    for (const [index, line] of lines.entries()) {
      this.#line(`${mark} ${code}${index === lines.length - 1 ? ' ' : '-'}${line}`);
    }
    if (code === 354) this.sent(`[the message: ${this.octets} octets]`);
  }

  secured(cipher: string): void {
    this.#secure = true;
    this.#line(`=== TLS: ${cipher}`);
  }

  /** Resolves when all lines are written. */
  written(): Promise<void> {
    return this.#last;
  }

  #line(text: string): void {
    // A reader of standard error that has gone away is no reason to stop sending.
    this.#last = this.output.attempt(`${printable(text)}\n`).catch(() => undefined);
  }
}
