import type { Socket } from 'node:net';
import { createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';
import type { OutgoingContent } from '../../src/client/parts.js';

/** The steps of a session that sends a message, each with the reply of a correct server. */
export const GOOD = {
  greeting: '220 x\r\n',
  EHLO: '250-x\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n',
  LHLO: '250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n',
  STARTTLS: '220 go\r\n',
  AUTH: '235 ok\r\n',
  MAIL: '250 ok\r\n',
  RCPT: '250 ok\r\n',
  DATA: '354 go\r\n',
  content: '250 taken\r\n',
  BDAT: '250 taken\r\n',
  RSET: '250 ok\r\n',
  QUIT: '221 bye\r\n',
} as const;
export type Step = keyof typeof GOOD;

export interface Script {
  /** Replies in place of the correct ones. */
  readonly replies?: Partial<Record<Step, string>>;
  /** Default: true. */
  readonly pipelining?: boolean;
  /** Writes in place of the socket. */
  readonly write?: (socket: Socket, octets: string, step: Step) => void;
  /** Code of the reply to any other line. Default: 250. */
  readonly other?: number;
  /** Is called with each line that the client sends. */
  readonly heard?: (line: string) => void;
  /** PEM; needed if the client sends STARTTLS. */
  readonly tls?: SecureContextOptions;
  /** Is called when the handshake after STARTTLS is done. */
  readonly secured?: (socket: Socket) => void;
}

/** Plays the server's part on a connection: replies to each command, or with other octets where the script says so. */
export function play(socket: Socket, script: Script): void {
  say(socket, script, 'greeting');
  converse(socket, script);
}

function say(socket: Socket, { replies = {}, pipelining = true, write }: Script, step: Step): void {
  const good = replies[step] ?? GOOD[step];
  const octets = pipelining ? good : good.replace('250-PIPELINING\r\n', '');
  if (write === undefined) socket.write(octets, 'latin1');
  else write(socket, octets, step);
}

function converse(socket: Socket, script: Script): void {
  const { replies = {}, other = 250, heard } = script;
  let text = '';
  let content = false;
  /** Octets of the BDAT that is under way. */
  let chunk: number | null = null;
  const line = (command: string): void => {
    heard?.(command);
    if (content) {
      content = command !== '.';
      if (!content) say(socket, script, 'content');
      return;
    }
    const [verb = ''] = /^\S*/.exec(command) ?? [];
    if (verb === 'DATA') content = (replies.DATA ?? GOOD.DATA).startsWith('354');
    if (verb === 'BDAT') chunk = Number(command.split(' ')[1]);
    else if (Object.hasOwn(GOOD, verb)) say(socket, script, verb as Step);
    else socket.write(`${other} ok\r\n`);
    if (verb === 'STARTTLS') secure(socket, script);
  };
  socket.on('data', (octets: Buffer) => {
    text += octets.toString('latin1');
    for (;;) {
      if (chunk !== null) {
        if (text.length < chunk) return;
        text = text.slice(chunk);
        chunk = null;
        say(socket, script, 'BDAT');
      }
      const end = text.indexOf('\r\n');
      if (end < 0) return;
      const command = text.slice(0, end);
      text = text.slice(end + 2);
      line(command);
    }
  });
}

function secure(socket: Socket, script: Script): void {
  const { tls, secured } = script;
  if (tls === undefined) return;
  socket.removeAllListeners('data');
  const secureSocket = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(tls) });
  secureSocket.on('error', () => undefined);
  secureSocket.on('secure', () => secured?.(secureSocket));
  converse(secureSocket, script);
}

/** Writes octets in two pieces, so that the client reads each of them alone. */
export function writeInTwo(socket: Socket, octets: string, place: number): void {
  if (place > 0) socket.write(octets.slice(0, place), 'latin1');
  // The client reads the first piece in the turn after this one.
  setImmediate(() => setImmediate(() => socket.write(octets.slice(place), 'latin1')));
}

/** Writes octets again and again until the connection is closed. */
export function writeWithoutEnd(socket: Socket, octets: string): void {
  const pump = (): void => {
    while (!socket.destroyed && socket.write(octets, 'latin1'));
    if (!socket.destroyed) socket.once('drain', pump);
  };
  pump();
}

/** Returns content that goes by BDAT, in one piece. */
export function chunkOf(content: Uint8Array): OutgoingContent {
  async function* pieces() {
    yield await Promise.resolve(content);
  }
  return { form: 'chunk', octets: content.length, pieces: pieces() };
}
