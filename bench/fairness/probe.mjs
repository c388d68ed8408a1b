// The idle tenant: a NOOP and a small message every 20 ms, each on a connection of its own.
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';

const EVERY = 20;
const SMALL = 'From: App <app@idle.example>\r\nTo: you@example.net\r\nSubject: small\r\n\r\nHello\r\n.\r\n';

/** A client that waits for each reply. */
export class SmtpClient {
  #text = '';
  /** @type {((reply: string) => void) | null} */
  #wanted = null;
  #closed = false;

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      this.#wanted?.('');
    });
    socket.on('data', (octets) => {
      this.#text += octets.toString('latin1');
      this.#look();
    });
  }

  /** Connects, and signs in. */
  static async open({ port, tls = false, token }) {
    const options = { port, host: '127.0.0.1', rejectUnauthorized: false };
    const client = new SmtpClient(tls ? connectTls(options) : connectPlain(options));
    await client.reply();
    await client.say('EHLO client.example\r\n');
    const auth = Buffer.from(`\0${token}\0${token}`).toString('base64');
    const reply = await client.say(`AUTH PLAIN ${auth}\r\n`);
    if (!reply.startsWith('235')) throw new Error(`not signed in: ${JSON.stringify(reply)}`);
    return client;
  }

  /** Resolves to the next whole reply; empty once the connection is closed. */
  reply() {
    return new Promise((resolve) => {
      this.#wanted = (reply) => {
        this.#wanted = null;
        resolve(reply);
      };
      if (this.#closed) this.#wanted('');
      else this.#look();
    });
  }

  say(text) {
    this.socket.write(text);
    return this.reply();
  }

  #drained() {
    return new Promise((resolve) => {
      const done = () => {
        this.socket.off('drain', done).off('close', done);
        resolve();
      };
      this.socket.on('drain', done).on('close', done);
    });
  }

  #look() {
    const match = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(this.#text);
    if (match === null || this.#wanted === null) return;
    this.#text = this.#text.slice(match[0].length);
    this.#wanted(match[0]);
  }

  /** Sends one message. Resolves to the last reply. */
  async send({ from, to, content }) {
    this.socket.write(`MAIL FROM:<${from}>\r\n${to.map((one) => `RCPT TO:<${one}>\r\n`).join('')}DATA\r\n`);
    let reply = await this.reply();
    for (const _ of to) reply = await this.reply();
    reply = await this.reply();
    if (!reply.startsWith('354')) return reply;
    for (const block of content) {
      if (this.#closed) return '';
      if (!this.socket.write(block)) await this.#drained();
    }
    return this.reply();
  }
}

/**
 * Does something every 20 ms until it is stopped. Each time counts from when it was to begin, so that what waits
 * for the one before counts the whole wait.
 *
 * @param {() => Promise<string>} work resolves to a reply; an empty one ends it
 */
function repeat(work) {
  const times = [];
  let stopped = false;
  let open = null;
  const done = (async () => {
    for (let due = performance.now(); !stopped; due += EVERY) {
      const wait = due - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      if (stopped) return;
      // One that is due later while this one waits would say nothing else.
      // A timer may fire a little early; a time that counts from when it was due would then be below zero.
      const now = performance.now();
      const began = Math.min(now, Math.max(due, now - EVERY));
      open = began;
      const reply = await work();
      if (reply === '') return;
      open = null;
      times.push(performance.now() - began);
      due = Math.max(due, performance.now() - EVERY);
    }
  })();
  return {
    async stop() {
      stopped = true;
      // A command that has no reply yet has waited at least this long.
      if (open !== null) times.push(performance.now() - open);
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 100))]);
      return times;
    },
  };
}

/** Begins to measure. `stop` gives the figures in milliseconds. */
export async function startProbe({ port, token }) {
  const [noop, sender] = await Promise.all([
    SmtpClient.open({ port, token }),
    SmtpClient.open({ port, token }),
  ]);
  const lateness = [];
  let last = performance.now();
  const timer = setInterval(() => {
    lateness.push(Math.max(0, performance.now() - last - EVERY));
    last = performance.now();
  }, EVERY);
  const noops = repeat(() => noop.say('NOOP\r\n'));
  const message = { from: 'app@idle.example', to: ['you@example.net'], content: [SMALL] };
  const sends = repeat(() => sender.send(message));
  return {
    async stop() {
      clearInterval(timer);
      const [noopTimes, sendTimes] = await Promise.all([noops.stop(), sends.stop()]);
      const died = noop.socket.destroyed || sender.socket.destroyed;
      noop.socket.destroy();
      sender.socket.destroy();
      return { noop: figures(noopTimes), accept: figures(sendTimes), late: figures(lateness), died };
    },
  };
}

function figures(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), worst: sorted.at(-1) ?? 0 };
}
