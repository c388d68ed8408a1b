import { connect, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { onTestFinished } from 'vitest';
import { Watch } from '../watch.js';

/** How long a test waits for what must come, in milliseconds. Nothing passes or fails by being quick. */
const TIMEOUT = 15_000;

export interface TalkOptions {
  readonly host?: string;
  /** Path of a Unix socket to connect to; the port is ignored. */
  readonly path?: string;
  /** Address to come from. */
  readonly from?: string;
  /** Talk TLS from the first octet. */
  readonly tls?: boolean;
  /** Leave what comes unread until {@link Talk.read} is called. */
  readonly deaf?: boolean;
}

/**
 * A client that is written and read line by line. Every wait has a deadline, and a wait in vain shows the
 * conversation so far.
 */
export class Talk {
  #received = '';
  #over = false;
  #log: string[] = [];
  readonly #watch = new Watch();
  /** Errors of the socket: a server may reset a connection. */
  readonly errors: Error[] = [];

  private constructor(public socket: Socket) {}

  static async open(port: number, options: TalkOptions = {}): Promise<Talk> {
    const { host = '127.0.0.1', from, path } = options;
    const socket = connect({
      port,
      host,
      noDelay: true,
      allowHalfOpen: true,
      ...(path === undefined ? {} : { path }),
      ...(from === undefined ? {} : { localAddress: from }),
    });
    const talk = new Talk(socket);
    socket.on('error', (error) => talk.errors.push(error));
    onTestFinished(() => void talk.socket.destroy());
    await talk.#until('a connection', () => !socket.connecting || socket.destroyed, ['connect', 'close']);
    if (socket.destroyed) throw new Error(`no connection: ${talk.errors.map(String).join(', ')}`);
    if (options.tls === true) await talk.secure();
    else if (options.deaf !== true) talk.read();
    return talk;
  }

  /** Opens a connection and says EHLO. */
  static async greeted(port: number, options: TalkOptions = {}): Promise<Talk> {
    const talk = await Talk.open(port, options);
    await talk.play('< 220', '> EHLO client.example', '< 250');
    return talk;
  }

  /** Begins to read. */
  read(): void {
    const { socket } = this;
    socket.on('data', (octets: Buffer) => {
      this.#received += octets.toString('latin1');
      this.#watch.came();
    });
    const over = (): void => {
      this.#over = true;
      this.#watch.came();
    };
    socket.on('end', over);
    socket.on('close', over);
  }

  /** Takes the connection through a TLS handshake. It trusts anyone. */
  async secure(options: tls.ConnectionOptions = {}): Promise<void> {
    const plain = this.socket;
    plain.removeAllListeners('data').removeAllListeners('end').removeAllListeners('close');
    const socket = tls.connect({ socket: plain, rejectUnauthorized: false, ...options });
    this.socket = socket;
    socket.on('error', (error: Error) => this.errors.push(error));
    this.read();
    const done = (): boolean => socket.getFinished() !== undefined && socket.getPeerFinished() !== undefined;
    await this.#until('a TLS handshake', () => done() || socket.destroyed, ['secureConnect', 'close']);
    if (!done()) throw new Error(`no TLS: ${this.errors.map(String).join(', ')}`);
  }

  write(octets: string | Uint8Array): void {
    this.socket.write(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets);
  }

  /** Sends a command, and gives the reply. */
  async say(command: string): Promise<string> {
    this.#log.push(`> ${command}`);
    this.write(`${command}\r\n`);
    return this.reply();
  }

  /** The next whole reply, its lines joined by LF. */
  async reply(timeout = TIMEOUT): Promise<string> {
    const whole = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/;
    await this.#until('a reply', () => whole.test(this.#received) || this.#over, [], timeout);
    const [reply] = whole.exec(this.#received) ?? [];
    if (reply === undefined) throw new Error(`closed without a reply:\n${this.transcript()}`);
    this.#received = this.#received.slice(reply.length);
    const text = reply.slice(0, -2).replaceAll('\r\n', '\n');
    this.#log.push(`< ${text}`);
    return text;
  }

  async replies(count: number): Promise<string[]> {
    const replies: string[] = [];
    while (replies.length < count) replies.push(await this.reply());
    return replies;
  }

  /** Plays `> what the client says` and `< how the reply begins`. */
  async play(...lines: string[]): Promise<void> {
    for (const line of lines) {
      const text = line.slice(2);
      if (line.startsWith('> ')) {
        this.#log.push(line);
        this.write(`${text}\r\n`);
        continue;
      }
      const reply = await this.reply();
      if (!reply.startsWith(text)) throw new Error(`expected "${text}", got:\n${this.transcript()}`);
    }
  }

  /** Signs in by AUTH PLAIN. */
  signIn(user: string, password = user): Promise<string> {
    return this.say(`AUTH PLAIN ${plainArgument(user, password)}`);
  }

  /** Everything up to the end of the connection, which must come. */
  async rest(): Promise<string> {
    await this.#until('the end', () => this.#over);
    return this.#received;
  }

  /** Waits until something came that was not asked for yet. */
  async more(octets: number): Promise<string> {
    await this.#until(`${octets} octets`, () => this.#received.length >= octets || this.#over);
    return this.#received;
  }

  /** Sends no more; still reads. */
  finish(): void {
    this.socket.end();
  }

  transcript(): string {
    return [...this.#log, `unread: ${JSON.stringify(this.#received.slice(0, 2000))}`].join('\n');
  }

  async #until(
    what: string,
    there: () => boolean,
    events: readonly string[] = [],
    timeout = TIMEOUT,
  ): Promise<void> {
    for (const event of events) this.socket.once(event, () => this.#watch.came());
    if (await this.#watch.until(there, timeout)) return;
    throw new Error(`waited in vain for ${what}:\n${this.transcript()}`);
  }
}

/** The argument of AUTH PLAIN. */
export function plainArgument(user: string, password = user): string {
  return Buffer.from(`\0${user}\0${password}`).toString('base64');
}
