/**
 * Invariant: no client holds a connection by sending little. Each wait has one overall deadline, which is not
 * moved by an octet here and there (108, 109).
 */
import { describe, expect, it } from 'vitest';
import { expectNoTrouble, localhostCertificates, serve, StandingClock, until } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const COMMAND_MS = 60_000;
const GRACE_MS = 30_000;

async function serveWith(clock: StandingClock, dataRate = 0) {
  return serve(
    {
      clock: clock.read,
      certificates: await localhostCertificates(),
      timeouts: { command: COMMAND_MS, dataBlock: COMMAND_MS, handshake: COMMAND_MS, write: COMMAND_MS },
      dataRate: { octetsPerSecond: dataRate, grace: GRACE_MS },
      onAuth: (_, { authcid }) => authcid.expose(),
    },
    { authRequired: false },
  );
}

/** Sends an octet each ten seconds of the clock, until there is a reply. */
async function trickle(talk: Talk, clock: StandingClock): Promise<{ octets: number; reply: string }> {
  const replies: string[] = [];
  const answered = talk.reply().then((reply) => replies.push(reply));
  let octets = 0;
  for (; replies.length === 0 && octets < 100; octets++) {
    talk.write('A');
    clock.pass(10_000);
    // Time for the octet to arrive, and for the server to look at its deadlines.
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await answered;
  return { octets, reply: replies.join() };
}

describe('one octet each ten seconds', () => {
  it('in a command ends in 421', async () => {
    const clock = new StandingClock();
    const { port, closed } = await serveWith(clock);
    const talk = await Talk.greeted(port);
    const { reply } = await trickle(talk, clock);
    expect(reply).toBe('421 4.4.2 The command took too long, closing the connection');
    expect(await talk.rest()).toBe('');
    talk.finish();
    await until('it is over', () => closed.length > 0);
    expect(closed).toEqual(['timeout']);
  });

  it('in AUTH, too', async () => {
    const clock = new StandingClock();
    const { port } = await serveWith(clock);
    const talk = await Talk.greeted(port);
    await talk.play('> AUTH LOGIN', '< 334 ');
    expect((await trickle(talk, clock)).reply).toMatch(/^421 4\.4\.2/);
  });

  it('in content ends by the least data rate', async () => {
    const clock = new StandingClock();
    const { port } = await serveWith(clock, 30);
    const talk = await Talk.greeted(port);
    await talk.play('> MAIL FROM:<>', '< 250', '> RCPT TO:<a@x.example>', '< 250', '> DATA', '< 354');
    const { octets, reply } = await trickle(talk, clock);
    expect(reply).toBe('421 4.4.2 The content took too long, closing the connection');
    expect(octets).toBeLessThan(COMMAND_MS / 1000);
  });

  it('in content is fine where any rate is allowed, up to silence', async () => {
    const clock = new StandingClock();
    const { port } = await serveWith(clock);
    const talk = await Talk.greeted(port);
    await talk.play('> MAIL FROM:<>', '< 250', '> RCPT TO:<a@x.example>', '< 250', '> DATA', '< 354');
    for (let n = 0; n < 10; n++) {
      talk.write('A');
      clock.pass(10_000);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await talk.play('> \r\n.', '< 250');
    await talk.play('> MAIL FROM:<>', '< 250', '> RCPT TO:<a@x.example>', '< 250', '> DATA', '< 354');
    clock.pass(COMMAND_MS);
    expect(await talk.reply()).toMatch(/^421 4\.4\.2 The content/);
  });

  it('in a TLS handshake ends the connection', async () => {
    const clock = new StandingClock();
    const { port, closed } = await serveWith(clock);
    const talk = await Talk.greeted(port);
    await talk.play('> STARTTLS', '< 220');
    const hello = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03';
    for (const octet of hello) {
      if (!talk.socket.destroyed) talk.write(octet);
      clock.pass(10_000);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(await talk.rest()).toBe('');
    await until('it is over', () => closed.length > 0);
    expect(closed).toEqual(['handshake']);
  });

  it('in a handshake from the first octet on, too', async () => {
    const clock = new StandingClock();
    const { port, arrivals } = await serve(
      { clock: clock.read, certificates: await localhostCertificates(), timeouts: { handshake: COMMAND_MS } },
      { tls: 'implicit' },
    );
    const talk = await Talk.open(port);
    for (const octet of '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03') {
      if (!talk.socket.destroyed) talk.write(octet);
      clock.pass(10_000);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await talk.rest();
    await until('it is recorded', () => arrivals.length > 0);
    expect(arrivals).toEqual(['the TLS handshake took too long']);
  });
});

it('a command answered begins a new time', async () => {
  const clock = new StandingClock();
  const { port } = await serveWith(clock);
  const talk = await Talk.greeted(port);
  for (let n = 0; n < 5; n++) {
    clock.pass(COMMAND_MS - 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await talk.play('> NOOP', '< 250');
  }
});

it("the server's own time is not the client's", async () => {
  const clock = new StandingClock();
  let decide = (): void => undefined;
  const { port } = await serve({
    clock: clock.read,
    timeouts: { command: COMMAND_MS },
    onMail: () => new Promise<void>((resolve) => (decide = resolve)),
  });
  const talk = await Talk.greeted(port);
  talk.write('MAIL FROM:<>\r\n');
  await new Promise((resolve) => setTimeout(resolve, 30));
  clock.pass(10 * COMMAND_MS);
  await new Promise((resolve) => setTimeout(resolve, 60));
  decide();
  await talk.play('< 250');
});

it('a peer that does not read is waited for only so long (109)', async () => {
  const clock = new StandingClock();
  const { port, server, closed } = await serveWith(clock);
  const talk = await Talk.open(port, { deaf: true });
  let wrote = 0;
  // Until both kernels' buffers are full and the server has stopped reading.
  while (wrote < 64 && talk.socket.write('EHLO x\r\n'.repeat(8_192))) wrote++;
  const flood = setInterval(() => {
    if (!talk.socket.writableNeedDrain && !talk.socket.destroyed)
      talk.socket.write('EHLO x\r\n'.repeat(8_192));
  }, 5);
  // The server holds it once its replies are stuck: then nothing but the clock goes on.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(server.connections).toBe(1);
  for (let n = 0; n < 200 && closed.length === 0; n++) {
    clock.pass(COMMAND_MS);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  clearInterval(flood);
  expect(closed).toEqual(['timeout']);
});

it('the time that a sink holds the client back is not its slowness', async () => {
  const clock = new StandingClock();
  let letGo: (() => void) | null = null;
  const { port } = await serve({
    clock: clock.read,
    timeouts: { dataBlock: COMMAND_MS, linger: 40 },
    dataRate: { octetsPerSecond: 30, grace: GRACE_MS },
    onContent: () => ({
      write: () => new Promise<void>((resolve) => (letGo = resolve)),
      end: () => undefined,
      abort: () => undefined,
    }),
  });
  const talk = await Talk.greeted(port);
  await talk.play('> MAIL FROM:<>', '< 250', '> RCPT TO:<a@x.example>', '< 250', '> DATA', '< 354');
  for (let n = 0; n < 3; n++) {
    talk.write('A line.\r\n');
    await until('the sink has it', () => letGo !== null);
    // Far beyond the grace, and beyond what so few octets have earned.
    clock.pass(20 * GRACE_MS);
    await new Promise((resolve) => setTimeout(resolve, 60));
    (letGo as (() => void) | null)?.();
    letGo = null;
  }
  talk.write('.\r\n');
  await talk.play('< 250');
});

it('a client that does not close after the last reply is waited for only so long', async () => {
  const clock = new StandingClock();
  const { port, server } = await serve({ clock: clock.read, timeouts: { linger: GRACE_MS, handshake: 40 } });
  const talk = await Talk.greeted(port);
  await talk.play('> GET / HTTP/1.1', '< 421');
  clock.pass(GRACE_MS - 1);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(server.connections).toBe(1);
  clock.pass(1);
  await until('it was given up', () => server.connections === 0);
});

it('a client that said QUIT is not waited for at all', async () => {
  const clock = new StandingClock();
  const { port, server } = await serve({ clock: clock.read });
  const talk = await Talk.greeted(port);
  talk.write('NOOP\r\nQUIT\r\nNOOP\r\n');
  await talk.play('< 250', '< 221');
  await until('it is over', () => server.connections === 0);
});
