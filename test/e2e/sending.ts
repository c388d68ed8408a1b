/** What a user of delivery does and sees: messages sent to a running gateway, and what the commands tell of them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { Talk } from '../server/talk.js';
import { scratch } from '../scratch.js';
import { GatewayProcess, type StartOptions } from './gateway-process.js';

/** Retries follow each other in a test's time. */
export const QUICK = { POSTERN_LOG_FORMAT: 'json', POSTERN_DELIVERY_RETRY_BASE: '200ms' };

export interface Sent {
  readonly to?: readonly string[];
  /** Parameters of MAIL and of each RCPT. */
  readonly mail?: string;
  readonly rcpt?: string;
  /** Further fields, each with its CRLF. */
  readonly fields?: string;
  /** With its CRLF, and dots as DATA carries them. */
  readonly body?: string;
  readonly reversePath?: string;
}

/** A gateway whose configuration file ends with these lines. */
export async function configured(
  lines: readonly string[],
  { environment, ...options }: StartOptions = {},
): Promise<GatewayProcess> {
  const file = join(await scratch(), 'postern.toml');
  await writeFile(file, `${lines.join('\n')}\n`);
  return GatewayProcess.start({
    ...options,
    args: ['--config', file, ...(options.args ?? [])],
    environment: { ...QUICK, ...environment },
  });
}

/** A gateway that delivers to this URL. */
export function delivering(
  url: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  return GatewayProcess.start({ environment: { ...QUICK, POSTERN_DELIVER: url, ...environment } });
}

/** An app that is signed in. */
export async function app({ port, token }: GatewayProcess): Promise<Talk> {
  const talk = await Talk.greeted(port);
  expect(await talk.signIn(token)).toMatch(/^235/);
  return talk;
}

/** Sends a message, and gives its id. */
export async function send(talk: Talk, sent: Sent = {}): Promise<string> {
  const {
    to = ['you@example.net'],
    mail = '',
    rcpt = '',
    fields = '',
    body = 'Hello\r\n',
    reversePath = 'app@example.com',
  } = sent;
  await talk.play(`> MAIL FROM:<${reversePath}>${mail}`, '< 250');
  for (const address of to) await talk.play(`> RCPT TO:<${address}>${rcpt}`, '< 250');
  await talk.play('> DATA', '< 354');
  talk.write(`From: App <app@example.com>\r\nSubject: Hello\r\n${fields}\r\n${body}.\r\n`);
  const [, id = ''] = /^250 2\.0\.0 Ok: queued as (\d+)$/.exec(await talk.reply()) ?? [];
  expect(id, talk.transcript()).not.toBe('');
  return id;
}

/** A recipient, as `postern message ID --json` shows it. */
export interface RecipientRecord {
  readonly forwardPath: string;
  readonly status: string;
  readonly nextAttemptAt: string | null;
  readonly attempts: readonly {
    readonly outcome: string;
    readonly reply: string;
    readonly remoteHost: string | null;
    readonly tls: string | null;
  }[];
}

/** Returns the output of `postern message ID` once the message has this status. */
export async function recipientsOnce(
  gateway: GatewayProcess,
  id: string,
  status: string,
): Promise<readonly RecipientRecord[]> {
  // Many looks, for which a process each would be much.
  const store = await openSqliteStore({ directory: gateway.data, exclusive: false });
  try {
    const look = async (): Promise<string | undefined> => (await store.message(Number(id)))?.status;
    await expect.poll(look, { timeout: 20_000, interval: 50 }).toBe(status);
  } finally {
    await store.close();
  }
  const message = JSON.parse(await output(gateway, 'message', id, '--json')) as {
    readonly recipients: readonly RecipientRecord[];
  };
  return message.recipients;
}

/** Runs a command that must go well, and gives its output. */
export async function output(gateway: GatewayProcess, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await gateway.postern(...args);
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout;
}

/** The lines of the log that say this. */
export function lines(gateway: GatewayProcess, msg: string): Record<string, unknown>[] {
  return gateway.log.filter((line) => line['msg'] === msg);
}
