import { spawn, spawnSync } from 'node:child_process';

/** How a client gets to its server. */
export const LINKS = ['plain', 'starttls', 'implicit'] as const;
export type Link = (typeof LINKS)[number];
export const MECHANISMS = ['PLAIN', 'LOGIN'] as const;
export type Mechanism = (typeof MECHANISMS)[number];

/** A way to come in. */
export interface Way {
  readonly link: Link;
  readonly mechanism: Mechanism;
}

/** The message that a client sends. */
export interface Sending extends Way {
  readonly port: number;
  readonly token: string;
}

/** All the ways into one port. */
export const WAYS: readonly Way[] = LINKS.flatMap((link) =>
  MECHANISMS.map((mechanism) => ({ link, mechanism })),
);

export const SENDER = 'app@example.com';
export const RECIPIENTS = ['ann@example.net', 'bob@example.org'];
export const BODY = '.leading dot\r\n..two\r\nÜmläut — 8bit\r\n';

/** The message that each client sends, as it is before the client's own additions. */
export const HEADER = [
  `From: An App <${SENDER}>`,
  `To: ${RECIPIENTS.join(', ')}`,
  'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
  'X-OMS-Tags: welcome, first mail,\r\n =?utf-8?Q?=C3=BCmlaut?=',
  'X-MailPace-Tags: welcome,last',
  'X-List-Unsubscribe: <https://example.com/u?x=1>, <mailto:out@example.com>',
  'X-Kept:   as  it\r\n\tstands',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
  '',
].join('\r\n');

export const MESSAGE = `${HEADER}\r\n${BODY}`;

/** True where a program is on this machine. */
export function has(program: string, ...args: string[]): boolean {
  const { status, error } = spawnSync(program, args.length === 0 ? ['--version'] : args);
  return error === undefined && status === 0;
}

/** Runs a client; fails with all that it said where it does not end well. */
export async function runClient(program: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(program, args, {
    // Settings of the user who runs the tests must not count.
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', LANG: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 20_000,
  });
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  // A client that refuses its options reads nothing.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${said}`);
  return said;
}
