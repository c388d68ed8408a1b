// A client of the HTTP API that sends bodies made to hurt: a client of SMTP has its commands answered all the while.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { GatewayProcess } from './gateway-process.js';

/** Commands that are answered while one body is sent and taken apart. On the event loop, the garbage leaves fewer. */
const LEAST = 10;
/** The same for a body that is refused at its first values too many: that can be over within a few commands. */
const LEAST_IF_REFUSED_EARLY = 1;

const MAIL = { from: 'app@example.com', to: 'you@example.net', textbody: 'x' };
const file = (content: string): object => ({ name: 'a.txt', content, content_type: 'text/plain' });

const BODIES: [title: string, body: () => string, status: number, least?: number][] = [
  [
    '30 MB of JSON that breaks off',
    () => JSON.stringify({ ...MAIL, textbody: 'x'.repeat(30_000_000) }).slice(0, -2),
    406,
  ],
  [
    '45 MB of base64 with garbage at its end',
    () => JSON.stringify({ ...MAIL, attachments: [file(`${'A'.repeat(45_000_000)}*`)] }),
    400,
  ],
  [
    '200,000 attachments',
    () => JSON.stringify({ ...MAIL, attachments: Array.from({ length: 200_000 }, () => file('')) }),
    400,
  ],
  [
    '500,000 attachments, with more than a million values',
    () => JSON.stringify({ ...MAIL, attachments: Array.from({ length: 500_000 }, () => file('')) }),
    406,
    LEAST_IF_REFUSED_EARLY,
  ],
  [
    '5,000,000 levels',
    () =>
      JSON.stringify({ ...MAIL, tags: 'here' }).replace(
        '"here"',
        () => `${'['.repeat(5e6)}${']'.repeat(5e6)}`,
      ),
    406,
    LEAST_IF_REFUSED_EARLY,
  ],
];

class Smtp {
  private constructor(readonly socket: Socket) {}

  static async open(port: number): Promise<Smtp> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'data');
    return new Smtp(socket);
  }

  async noop(): Promise<string> {
    this.socket.write('NOOP\r\n');
    const [reply] = (await once(this.socket, 'data')) as [Buffer];
    return reply.toString();
  }
}

it('has its bodies refused, while commands of SMTP are answered', async () => {
  const gateway = await GatewayProcess.start({ args: ['--smtp-tls-detect', '0'] });
  const smtp = await Smtp.open(gateway.port);
  const send = async (body: string): Promise<number> => {
    const headers = { 'content-type': 'application/json', 'mailpace-server-token': gateway.token };
    return (await fetch(`${gateway.httpUrl}/api/v1/send`, { method: 'POST', headers, body })).status;
  };
  for (const [title, make, status, least = LEAST] of BODIES) {
    const over = { now: false };
    const answer = send(make()).finally(() => (over.now = true));
    let count = 0;
    while (!over.now) {
      expect(await smtp.noop()).toMatch(/^250 /);
      count += 1;
    }
    expect([title, await answer, count >= least]).toEqual([title, status, true]);
  }
  expect(await gateway.messages()).toEqual([]);
  expect(await send(JSON.stringify(MAIL))).toBe(200);
  smtp.socket.destroy();
  expect(await gateway.stop()).toBe(0);
}, 180_000);

it('has a body over the limit refused before it is sent, and one of unknown length when it goes beyond', async () => {
  const gateway = await GatewayProcess.start();
  const { hostname, port } = new URL(gateway.httpUrl);
  const head = (fields: string): string =>
    `POST /api/v1/send HTTP/1.1\r\nHost: localhost\r\nMailPace-Server-Token: ${gateway.token}\r\n` +
    `Content-Type: application/json\r\n${fields}\r\n\r\n`;
  const open = (): { socket: Socket; text: () => string; closed: Promise<unknown> } => {
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.on('data', (octets: Buffer) => (text += octets.toString()));
    socket.on('error', () => undefined);
    return { socket, text: () => text, closed: new Promise((resolve) => socket.once('close', resolve)) };
  };
  const declared = open();
  declared.socket.write(head(`Content-Length: ${50 * 1024 * 1024 + 1}`));
  await declared.closed;
  expect(declared.text()).toMatch(/^HTTP\/1\.1 413 [^]*The body may have 52428800 octets/);
  const chunked = open();
  chunked.socket.write(head('Transfer-Encoding: chunked'));
  const piece = Buffer.alloc(1024 * 1024, 'x');
  const over = { now: false };
  void chunked.closed.then(() => (over.now = true));
  let sent = 0;
  while (!over.now && sent < 200) {
    chunked.socket.write(`${piece.length.toString(16)}\r\n`);
    chunked.socket.write(piece);
    if (!chunked.socket.write('\r\n')) {
      await new Promise<void>((resolve) => {
        chunked.socket.once('drain', resolve);
        void chunked.closed.then(() => resolve());
      });
    }
    sent += 1;
  }
  await chunked.closed;
  expect(sent).toBeLessThan(200);
  expect(await gateway.messages()).toEqual([]);
  expect(await gateway.stop()).toBe(0);
}, 120_000);
