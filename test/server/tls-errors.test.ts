/** Invariant: what goes wrong in TLS after the handshake is reported as the client's fault, in words, and closes. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { ClientFault } from '../../src/server/index.js';
import { expectNoTrouble, localhostCertificates, serve, until } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const FAILURES: readonly (readonly [string, (talk: Talk, plain: Socket) => void, RegExp])[] = [
  [
    'asks for another handshake',
    ({ socket }) => {
      if (socket instanceof TLSSocket) socket.renegotiate({}, () => undefined);
    },
    /^TLS failed: the client finds nothing in common with the server \(ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE\)$/,
  ],
  [
    'goes on in plain text',
    (_, plain) => plain.write('QUIT\r\n'),
    /^TLS failed: [a-z][^:]* \(ERR_SSL_\w+\)$/,
  ],
  [
    'sends a record with a wrong checksum',
    (_, plain) => plain.write(Buffer.concat([Buffer.of(0x17, 3, 3, 0, 40), Buffer.alloc(40)])),
    /^TLS failed: [a-z][^:]* \(ERR_SSL_\w+\)$/,
  ],
];

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s', (version) => {
  // TLS 1.3 has no renegotiation.
  it.each(version === 'TLSv1.3' ? FAILURES.slice(1) : FAILURES)(
    'a client that %s is at fault, and its connection is closed',
    async (_, fail, words) => {
      const { port, errors, closed } = await serve(
        { certificates: await localhostCertificates() },
        { tls: 'implicit' },
      );
      const talk = await Talk.open(port, { deaf: true });
      const plain = talk.socket;
      await talk.secure({ minVersion: version, maxVersion: version });
      await talk.play('< 220', '> EHLO x', '< 250');
      fail(talk, plain);
      await until('the connection is closed', () => closed.length > 0);
      expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(words)]);
      expect(errors[0]).toBeInstanceOf(ClientFault);
    },
  );
});
