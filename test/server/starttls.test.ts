/** RFC 3207 4.2: nothing that was said in plain text has any effect after the handshake. */
import { describe, expect, it } from 'vitest';
import { expectNoTrouble, localhostCertificates, serve, StandingClock, until } from './harness.js';
import { createHello } from './client-hello.js';
import { Talk } from './talk.js';

expectNoTrouble();

const HANDSHAKE_MS = 30_000;

async function serveTls(clock = new StandingClock()) {
  return serve({
    certificates: await localhostCertificates(),
    clock: clock.read,
    timeouts: { handshake: HANDSHAKE_MS },
    onAuth: (_, { authcid }) => authcid.expose(),
  });
}

/** A connection on which STARTTLS and `more` left in one write. */
async function startTlsWith(port: number, more: string): Promise<Talk> {
  const talk = await Talk.greeted(port);
  talk.write(`STARTTLS\r\n${more}`);
  await talk.play('< 220 2.0.0');
  return talk;
}

describe('octets sent in plain text behind STARTTLS', () => {
  // Conformance 70 and 71: a whole command, part of one, several, and a blank line.
  it.each(['RSET\r\n', 'BOGUS', 'MAIL FROM:<evil@x.example>\r\nRCPT TO:', '\r\n', '\0\0'])(
    '%j have no effect and no reply',
    async (injected) => {
      const { port, refused } = await serveTls();
      const talk = await startTlsWith(port, injected);
      await talk.secure();
      await talk.play('> NOOP', '< 250 2.0.0', '> QUIT', '< 221');
      expect(await talk.rest()).toBe('');
      expect(refused).toEqual([]);
    },
  );

  it('have no effect if they come a moment later, octet by octet', async () => {
    const { port, refused } = await serveTls();
    const talk = await startTlsWith(port, '');
    for (const octet of 'NOOP\r\nBOGUS\r\nRS') {
      talk.write(octet);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await talk.secure();
    await talk.play('> NOOP', '< 250 2.0.0', '> QUIT', '< 221');
    expect(refused).toEqual([]);
  });

  it('are not waited for without end', async () => {
    const { port, errors } = await serveTls();
    const talk = await startTlsWith(port, 'x'.repeat(5000));
    expect(await talk.rest()).toBe('');
    expect(errors.map(String)).toEqual(['Error: the client sent no TLS handshake after STARTTLS']);
  });
});

it.each(['', 'RSET\r\n', 'BOG'])(
  'a ClientHello in one write with STARTTLS and %j shakes hands (72)',
  async (injected) => {
    const { port } = await serveTls();
    const talk = await Talk.greeted(port);
    // Both leave in one packet: the kernel gets them in one write.
    talk.socket.cork();
    talk.write(`STARTTLS\r\n${injected}`);
    const plain = talk.socket;
    plain.removeAllListeners('data');
    const answer = new Promise<string>((resolve) =>
      plain.once('data', (octets: Buffer) => {
        // The plain reply may come together with the handshake's: only its own octets are taken off.
        const end = octets.indexOf('\r\n') + 2;
        plain.pause();
        if (octets.length > end) plain.unshift(octets.subarray(end));
        resolve(octets.subarray(0, end).toString());
      }),
    );
    talk.write(await createHello());
    plain.uncork();
    expect(await answer).toMatch(/^220 2\.0\.0/);
    const [serverHello] = await new Promise<Buffer>((resolve) => plain.once('data', resolve).resume());
    expect(serverHello).toBe(0x16);
  },
);

it('hello, AUTH and transaction are gone after the handshake (75)', async () => {
  const { port } = await serveTls();
  const talk = await Talk.greeted(port);
  expect(await talk.signIn('me')).toMatch(/^235/);
  await talk.play('> STARTTLS', '< 220');
  await talk.secure();
  await talk.play(
    '> MAIL FROM:<a@x.example>',
    '< 503',
    '> EHLO x',
    '< 250',
    '> MAIL FROM:<a@x.example>',
    '< 530',
  );
});

it('is not offered and not taken under TLS (74), nor with an argument (73)', async () => {
  const { port } = await serveTls();
  const talk = await Talk.greeted(port);
  await talk.play('> STARTTLS now', '< 501 5.5.4', '> STARTTLS', '< 220');
  await talk.secure();
  expect(await talk.say('EHLO x')).not.toContain('STARTTLS');
  await talk.play('> STARTTLS', '< 503', '> NOOP', '< 250');
});

describe('instead of a handshake (77)', () => {
  it('garbage ends the connection, with a word on why', async () => {
    const { port, errors, closed } = await serveTls();
    const talk = await startTlsWith(port, '');
    talk.write(`\x16\x03\x01\x00\x05hello, I am not TLS`);
    await talk.rest();
    await until('the connection is over', () => closed.length > 0);
    expect(closed).toEqual(['handshake']);
    expect(errors.map(String)[0]).toMatch(/^Error: TLS handshake failed: /);
  });

  it('silence ends it when its time is over, and not before', async () => {
    const clock = new StandingClock();
    const { port, errors, closed } = await serveTls(clock);
    const talk = await startTlsWith(port, '');
    clock.pass(HANDSHAKE_MS - 1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(closed).toEqual([]);
    clock.pass(1);
    expect(await talk.rest()).toBe('');
    expect(errors.map(String)).toEqual(['Error: the TLS handshake took too long']);
    expect(closed).toEqual(['handshake']);
  });

  it('a client that goes is no more than that', async () => {
    const { port, closed, server } = await serveTls();
    const talk = await startTlsWith(port, '\x16\x03\x01\x02');
    talk.socket.destroy();
    await until('the connection is over', () => closed.length > 0 && server.connections === 0);
  });
});
