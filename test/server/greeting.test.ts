import { describe, expect, it } from 'vitest';
import { Reply } from '../../src/index.js';
import { DELAYS } from '../../src/server/limits.js';
import { createHello } from './client-hello.js';
import { expectNoTrouble, localhostCertificates, serve, until } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

/** Long enough that no busy machine sends a client's first octets later. */
const DETECT_MS = 5_000;

/** JavaMail in a JVM that has just started sends its first octet about 250 ms after the connection. */
const COLD_START_MS = 300;

describe('a port without TLS', () => {
  it('greets at once, by the first line of RFC 5321, and says hello as promised', async () => {
    const { port } = await serve();
    const talk = await Talk.open(port);
    expect(await talk.reply()).toBe('220 mx.example ESMTP ready');
    const [first, ...extensions] = (await talk.say('EHLO client.example')).split('\n');
    expect(first).toBe('250-mx.example Nice to meet you, [127.0.0.1]');
    expect(extensions.join('\n')).not.toContain('STARTTLS');
    await talk.play('> QUIT', '< 221');
    expect(await talk.rest()).toBe('');
  });

  it('greets with 220, and with the text of a handler if its Reply has that code', async () => {
    for (const [code, greeting] of [
      [220, '220 2.0.0 Hello'],
      [250, '220 mx.example ESMTP ready'],
    ] as const) {
      const { port } = await serve({ onConnect: () => new Reply(code, '2.0.0', 'Hello') });
      const talk = await Talk.open(port);
      expect(await talk.reply()).toBe(greeting);
    }
  });

  it('shows an IPv4 client of a dual-stack port by its IPv4 address', async () => {
    const { port } = await serve({}, { host: '::' });
    const talk = await Talk.open(port);
    await talk.reply();
    expect(await talk.say('EHLO x')).toContain('Nice to meet you, [127.0.0.1]');
  });

  it('turns away who speaks before the greeting', async () => {
    const { port } = await serve({
      onConnect: () => new Promise((resolve) => setTimeout(resolve, 50)),
    });
    const talk = await Talk.open(port);
    talk.write('EHLO too.early\r\n');
    await talk.play('< 554 5.5.0');
    expect(await talk.rest()).toBe('');
  });
});

describe('one port for plain, STARTTLS and implicit TLS', () => {
  it('greets a silent client in plain text after the wait, and lets it turn to TLS', async () => {
    const { port } = await serve({ certificates: await localhostCertificates() }, { tls: 'detect' });
    const talk = await Talk.open(port);
    await talk.play('< 220', '> EHLO x', '< 250', '> STARTTLS', '< 220 2.0.0');
    await talk.secure();
    await talk.play('> EHLO x', '< 250', '> MAIL FROM:<a@x.example>', '< 250');
  });

  it('knows implicit TLS by its first octet', async () => {
    const seen: (string | undefined)[] = [];
    const { port } = await serve(
      {
        certificates: await localhostCertificates(),
        onHello: ({ tls }) => void seen.push(tls?.version, tls?.cipher),
      },
      { tls: 'detect', tlsDetectMs: DETECT_MS },
    );
    const talk = await Talk.greeted(port, { tls: true });
    expect(seen).toEqual(['TLSv1.3', 'TLS_AES_256_GCM_SHA384']);
    expect(await talk.say('EHLO again')).not.toContain('STARTTLS');
  });

  it('answers a client that speaks SMTP before the greeting, and loses nothing of it', async () => {
    const { port } = await serve(
      { certificates: await localhostCertificates() },
      { tls: 'detect', tlsDetectMs: DETECT_MS },
    );
    const talk = await Talk.open(port);
    talk.write('EHLO early\r\nNOOP\r\nQUIT\r\n');
    await talk.play('< 220', '< 250-mx.example', '< 250 2.0.0', '< 221');
    expect(await talk.rest()).toBe('');
  });

  it('takes a ClientHello that comes after a silence, as from a cold JVM', async () => {
    const { port } = await serve(
      { certificates: await localhostCertificates() },
      { tls: 'detect', tlsDetectMs: DETECT_MS },
    );
    const talk = await Talk.open(port);
    await new Promise((resolve) => setTimeout(resolve, COLD_START_MS));
    await talk.secure();
    await talk.play('< 220', '> EHLO x', '< 250');
    expect(DELAYS.tlsDetect.initial).toBeGreaterThan(COLD_START_MS);
  });

  it('takes a ClientHello that comes octet by octet', async () => {
    const { port } = await serve(
      { certificates: await localhostCertificates() },
      { tls: 'detect', tlsDetectMs: DETECT_MS },
    );
    const talk = await Talk.open(port, { deaf: true });
    const { socket } = talk;
    const write = socket.write.bind(socket);
    // Every octet is a write of its own, so a packet of its own (the socket has no delay).
    socket.write = (octets: Buffer, ...rest: []) => {
      for (const octet of octets.subarray(0, -1)) write(Buffer.of(octet));
      return write(octets.subarray(-1), ...rest);
    };
    await talk.secure();
    await talk.play('< 220', '> EHLO x', '< 250');
  });

  it('says in words what a client did that began like TLS and was not', async () => {
    const { port, arrivals } = await serve(
      { certificates: await localhostCertificates() },
      { tls: 'detect', tlsDetectMs: DETECT_MS },
    );
    const talk = await Talk.open(port);
    talk.write(`\x16${'garbage'.repeat(20)}`);
    await talk.rest();
    await until('the arrival is recorded', () => arrivals.length > 0);
    expect(arrivals[0]).toMatch(/^TLS handshake failed: the client sent something that is not TLS/);
  });
});

describe('a port of either, and a client that is slow', () => {
  it('closes on a ClientHello behind the greeting, and says for how long that has waited', async () => {
    const { port, errors, closed } = await serve(
      { certificates: await localhostCertificates() },
      { tls: 'detect', tlsDetectMs: 1 },
    );
    const talk = await Talk.open(port);
    await talk.play('< 220');
    talk.write(await createHello());
    await talk.rest();
    await until('the connection is over', () => closed.length > 0);
    expect(errors.map(String)).toEqual([
      'Error: the client speaks TLS only after the greeting, which waits 1 ms for that at the most',
    ]);
  });
});

describe('a port of either, and a client that was there before', () => {
  /** A wait that no plain connection of this test can sit out. */
  const NEVER = 60_000;
  const plain = async (port: number): Promise<void> => {
    const talk = await Talk.open(port);
    // It speaks first, and so need not wait for the greeting.
    talk.write('EHLO x\r\nQUIT\r\n');
    await talk.rest();
  };

  it('greets it at once after five plain connections, and waits again after one with TLS', async () => {
    let now = 0;
    const { port, closed } = await serve(
      { certificates: await localhostCertificates(), clock: () => now },
      { tls: 'detect', tlsDetectMs: NEVER },
    );
    for (let i = 0; i < 5; i++) await plain(port);
    await until('they are over', () => closed.length === 5);
    const greeted = await Talk.open(port);
    await greeted.play('< 220', '> QUIT', '< 221');
    await until('it is over', () => closed.length === 6);
    // A client of TLS from there fails once, and is waited for from then on.
    const late = await Talk.open(port);
    await late.play('< 220');
    late.write(await createHello());
    await late.rest();
    await until('it is over', () => closed.length === 7);
    const secure = await Talk.greeted(port, { tls: true });
    await secure.play('> QUIT', '< 221');
    secure.socket.destroy();
    await until('it is over', () => closed.length === 8);
    for (let i = 0; i < 5; i++) await plain(port);
    await until('they are over', () => closed.length === 13);
    const still = await Talk.greeted(port, { tls: true });
    await still.play('> QUIT', '< 221');
    still.socket.destroy();
    // Ten minutes later nothing is known any more, of either kind.
    await until('it is over', () => closed.length === 14);
    now += 10 * 60_000;
    for (let i = 0; i < 5; i++) await plain(port);
    await until('they are over', () => closed.length === 19);
    await (await Talk.open(port)).play('< 220');
  });
});

describe('a port of implicit TLS', () => {
  it('speaks TLS from the first octet and says nothing before', async () => {
    const { port } = await serve({ certificates: await localhostCertificates() }, { tls: 'implicit' });
    const talk = await Talk.greeted(port, { tls: true });
    await talk.play('> NOOP', '< 250');
  });

  it('gives a client up that speaks SMTP, and says so', async () => {
    const { port, arrivals } = await serve(
      { certificates: await localhostCertificates() },
      { tls: 'implicit' },
    );
    const talk = await Talk.open(port);
    talk.write('EHLO x\r\n');
    expect(await talk.rest()).not.toContain('220 ');
    await until('the arrival is recorded', () => arrivals.length > 0);
    expect(arrivals[0]).toMatch(/not TLS/);
  });
});

describe('a port of STARTTLS', () => {
  it('closes on a ClientHello instead of a command, and says why', async () => {
    const { port, errors, closed } = await serve(
      { certificates: await localhostCertificates() },
      { tls: 'starttls' },
    );
    const talk = await Talk.open(port);
    await talk.play('< 220');
    talk.write(await createHello());
    await talk.rest();
    await until('the connection is over', () => closed.length > 0);
    expect(closed).toEqual(['handshake']);
    expect(errors.map(String)).toEqual([
      'Error: the client speaks TLS at once, and this port takes STARTTLS or plain only',
    ]);
  });
});
