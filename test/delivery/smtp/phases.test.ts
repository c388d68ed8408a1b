/**
 * Invariant: whatever happens to a connection, the reason that is kept with the message names the phase, speaks of TLS
 * only if TLS failed, and has no line of OpenSSL, whose numbers differ each time.
 */
import { createServer as createTlsServer } from 'node:tls';
import { readFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testCertificates } from '../../certs.js';
import { answering, hostileServer } from '../../client/hostile-server.js';
import { expectNoTrouble } from '../../server/harness.js';
import type { Cut } from '../../../src/delivery/transports/smtp/environment.js';
import { shipment } from '../files/shipment.js';
import { send, smarthost } from './setup.js';

expectNoTrouble();

const MESSAGE = 'Subject: x\r\n\r\nhello\r\n';

/** The commands of a session, `.` for the end of content, each with the words for a connection that it ended. */
const PHASES: readonly (readonly [string, string])[] = [
  ['greeting', '127.0.0.1 did not greet: REASON'],
  ['EHLO', '127.0.0.1 did not answer EHLO: REASON'],
  ['AUTH', '127.0.0.1 did not answer AUTH: REASON'],
  ['MAIL', '127.0.0.1: REASON, in place of a reply to MAIL, before it was sent the message'],
  ['RCPT', '127.0.0.1: REASON, in place of a reply to RCPT, before it was sent the message'],
  ['DATA', '127.0.0.1: REASON, in place of a reply to DATA, before it was sent the message'],
  ['.', '127.0.0.1: REASON, in place of a reply to the content, before it had taken the message'],
];

const REPLIES: Readonly<Record<string, string>> = {
  EHLO: '250-x\r\n250 AUTH PLAIN\r\n',
  AUTH: '235 ok\r\n',
  MAIL: '250 ok\r\n',
  RCPT: '250 ok\r\n',
  DATA: '354 go\r\n',
};

describe.each(['close', 'reset'] as const)('a plain connection, after a %s', (fault) => {
  it.each(PHASES)('at %s, is reported with its phase', async (phase, words) => {
    const port = await hostileServer((socket) => {
      const end = (): null => {
        if (fault === 'reset') socket.resetAndDestroy();
        else socket.end();
        return null;
      };
      if (phase === 'greeting') return void end();
      socket.write('220 x\r\n');
      answering(socket, (line) => {
        const verb = line.split(' ')[0] ?? '';
        return verb === phase ? end() : (REPLIES[verb] ?? null);
      });
    });
    const transport = smarthost(`smtp://alice:hunter2@127.0.0.1:${port}`);
    const [delivery] = await send(transport, shipment(MESSAGE));
    expect(delivery?.outcome).toBe('deferred');
    // Whether Linux reports a reset depends on the octets that are on their way.
    const closed = /it closed the connection(?: \((?:ECONNRESET|EPIPE)\))?/;
    // If the reset is quick, the client has not seen the connection yet.
    const reply = delivery?.reply.replace('cannot be reached', 'did not greet');
    expect(reply?.replace(closed, 'REASON')).toBe(words);
  });
});

describe('a server that sends what it must not', () => {
  const FAULT = 'a line that is no reply';
  const ENDED = 'it broke the protocol, so Postern closed the connection: REASON';
  const CUT = '127.0.0.1: Postern closed the connection, because the server broke the protocol';
  const WORDS: readonly (readonly [string, string])[] = [
    ['greeting', `127.0.0.1 did not greet: ${ENDED}`],
    ['EHLO', `127.0.0.1 did not answer EHLO: ${ENDED}`],
    ['AUTH', `127.0.0.1 did not answer AUTH: ${ENDED}`],
    ['MAIL', `${CUT} in reply to MAIL: REASON`],
    ['RCPT', `${CUT} in reply to RCPT: REASON`],
    ['DATA', `${CUT} in reply to DATA: REASON`],
    ['.', `${CUT} in reply to the content: REASON`],
  ];

  it.each(WORDS)(
    'at %s, is reported with the phase, and with who closed the connection',
    async (phase, words) => {
      const port = await hostileServer((socket) => {
        socket.write(phase === 'greeting' ? `${FAULT}\r\n` : '220 x\r\n');
        answering(socket, (line) => {
          const verb = line.split(' ')[0] ?? '';
          return verb === phase ? `${FAULT}\r\n` : (REPLIES[verb] ?? null);
        });
      });
      const cuts: Cut[] = [];
      const transport = smarthost(`smtp://alice:hunter2@127.0.0.1:${port}`, {
        onCut: (cut) => cuts.push(cut),
      });
      const [delivery] = await send(transport, shipment(MESSAGE));
      expect(delivery?.outcome).toBe('deferred');
      expect(delivery?.reply.replace(/expected a reply .*$/, 'REASON')).toBe(words);
      // The message has the reason.
      expect(cuts).toEqual([]);
    },
  );

  it.each([
    ['after its last reply', { content: '250 taken\r\n250 more\r\n' }, 'while no reply was due', 'delivered'],
    [
      'between two messages',
      { content: '250 taken\r\n', idle: '250 hello\r\n' },
      'while no reply was due',
      'delivered',
    ],
    ['at RSET', { RCPT: '550 5.1.1 no\r\n', RSET: '354 go\r\n' }, 'in reply to RSET', 'bounced'],
    ['as a refusal of RSET', { RCPT: '550 5.1.1 no\r\n', RSET: '500 no\r\n' }, 'in reply to RSET', 'bounced'],
    ['at QUIT', { content: '250 taken\r\n', QUIT: '354 go\r\n' }, 'in reply to QUIT', 'delivered'],
  ] as const)('%s, is reported though no message tells of it', async (_, replies, phase, outcome) => {
    const own: Partial<Record<string, string>> = { DATA: '354 go\r\n', ...replies };
    const port = await hostileServer((socket) => {
      socket.write('220 x\r\n');
      answering(socket, (line) => {
        const verb = line === '.' ? 'content' : (line.split(' ')[0] ?? '');
        if (verb === 'content' && own['idle'] !== undefined)
          setTimeout(() => socket.write(own['idle'] ?? ''), 50);
        return own[verb] ?? (/^(?:EHLO|MAIL|RCPT|RSET)$/.test(verb) ? '250 ok\r\n' : null);
      });
    });
    const cuts: Cut[] = [];
    const transport = smarthost(`smtp://127.0.0.1:${port}?tls=off`, { onCut: (cut) => cuts.push(cut) });
    const deliveries = await send(transport, shipment(MESSAGE));
    expect(deliveries).toMatchObject([{ outcome }]);
    if ('QUIT' in replies) await transport.close();
    await expect.poll(() => cuts).toMatchObject([{ host: '127.0.0.1', phase }]);
    expect(cuts[0]?.reason).toMatch(/^a reply came that /);
  });
});

const alert = (description: number): Buffer => Buffer.of(0x15, 3, 3, 0, 2, 2, description);

const FAILURES: readonly (readonly [string, (socket: Socket) => void])[] = [
  ['closes the connection', (socket) => socket.end()],
  ['resets the connection', (socket) => socket.resetAndDestroy()],
  ['sends text', (socket) => socket.write('this is no TLS\r\n')],
  ['sends an HTTP response', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['finds no cipher in common', (socket) => socket.write(alert(40))],
  ['fails by itself', (socket) => socket.write(alert(80))],
  ['does not know its name', (socket) => socket.write(alert(112))],
  ['wants stronger ciphers', (socket) => socket.write(alert(71))],
  ['does not accept the client', (socket) => socket.write(alert(42))],
  ['sends a record out of place', (socket) => socket.write(Buffer.from('140303000101', 'hex'))],
  [
    'sends a handshake message that is broken',
    (socket) => socket.write(Buffer.from('160303000402ffffff', 'hex')),
  ],
  ['sends octets without sense', (socket) => socket.write(Buffer.alloc(512, 0xa5))],
];

const OPENSSL = /:error:|SSL routines|\.c:\d+|\b[0-9A-F]{12,}\b/;

describe('a failed TLS handshake', () => {
  it.each(FAILURES)('is reported in words if the server %s', async (_, fail) => {
    const port = await hostileServer((socket) => {
      socket.write('220 x\r\n');
      answering(socket, (line) => {
        if (line.startsWith('EHLO')) return '250-x\r\n250 STARTTLS\r\n';
        if (line !== 'STARTTLS') return null;
        socket.write('220 go\r\n', () => socket.once('data', () => fail(socket)));
        return null;
      });
    });
    const replies = new Set<string>();
    for (let attempt = 0; attempt < 2; attempt++) {
      const transport = smarthost(`smtp://localhost:${port}?tls=required`, { limits: { greeting: 300 } });
      const [delivery] = await send(transport, shipment(MESSAGE));
      replies.add(delivery?.reply ?? '');
    }
    const [reply = ''] = replies;
    expect(reply).toMatch(/^localhost gave no TLS: \S.*/);
    expect(reply).not.toMatch(OPENSSL);
    // Each attempt has the same text, so that it can be counted.
    expect(replies.size).toBe(1);
  });

  it('is reported in words if the server has only old versions of TLS', async () => {
    const { cert, key } = await testCertificates();
    const server = createTlsServer({
      cert: readFileSync(cert),
      key: readFileSync(key),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const [delivery] = await send(smarthost(`smtps://localhost:${port}`), shipment(MESSAGE));
    expect(delivery?.reply).toMatch(/^localhost gave no TLS: it has (?:only versions|no version) of TLS/);
    expect(delivery?.reply).not.toMatch(OPENSSL);
  });
});

describe('TLS that breaks after the handshake', () => {
  it.each([
    ['goes on in plain text', Buffer.from('250 ok\r\n')],
    ['sends a record with a wrong checksum', Buffer.concat([Buffer.of(0x17, 3, 3, 0, 40), Buffer.alloc(40)])],
  ])('ends the connection at once, with the reason, if the server %s', async (_, octets) => {
    const { cert, key } = await testCertificates();
    const sockets: Socket[] = [];
    const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
      socket.on('error', () => undefined);
      socket.write('220 x\r\n');
      answering(socket, (line) => {
        if (line.startsWith('EHLO')) return '250 x\r\n';
        sockets[0]?.write(octets);
        return null;
      });
    });
    server.on('connection', (socket: Socket) => sockets.push(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    // The client would wait five minutes for a reply.
    const [delivery] = await send(smarthost(`smtps://localhost:${port}?verify=off`), shipment(MESSAGE));
    expect(delivery?.reply).toMatch(
      /^localhost: it [a-z][^:]* \(ERR_SSL_\w+\), in place of a reply to MAIL, before it was sent the message$/,
    );
    expect(delivery?.reply).not.toMatch(OPENSSL);
  });
});
