/** A peer that goes away at the worst moment (22, 23, 47, 79, 114). */
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { ContentSink } from '../../src/server/index.js';
import { expectNoTrouble, localhostCertificates, type Running, serve, until } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

/** The calls that a sink got, in order. */
async function serveRecording(
  tls: 'off' | 'starttls' | 'implicit',
  end: () => Promise<void> | void = () => undefined,
): Promise<Running<string> & { readonly recorded: string[] }> {
  const recorded: string[] = [];
  const sink: ContentSink = {
    write: (octets) => void recorded.push(`write ${Buffer.from(octets).toString()}`),
    end: () => {
      recorded.push('end');
      return end();
    },
    abort: (reason) => void recorded.push(`abort ${reason}`),
  };
  const running = await serve(
    { certificates: await localhostCertificates(), onContent: () => sink },
    { tls },
  );
  return { ...running, recorded };
}

async function inContent(port: number, tls: boolean): Promise<Talk> {
  const talk = await Talk.greeted(port, { tls });
  await talk.play('> MAIL FROM:<>', '< 250', '> RCPT TO:<b@x.example>', '< 250', '> DATA', '< 354');
  return talk;
}

/** RST, where the socket allows it: one under TLS is closed by FIN. */
function reset({ socket }: Talk): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}

describe.each([
  ['plain', false],
  ['TLS', true],
])('over %s, a peer that vanishes', (_, tls) => {
  const mode = tls ? 'implicit' : 'off';
  it.each(['Hello\r\n', 'Hello\r\n.', 'Hello\r\n.\r'])('after %j leaves nothing', async (octets) => {
    const { port, recorded, closed } = await serveRecording(mode);
    const talk = await inContent(port, tls);
    talk.write(octets);
    await until('the content has begun', () => recorded.length > 0);
    // Without close_notify where there is TLS: the socket below is cut.
    talk.socket.destroy();
    await until('the connection is gone', () => closed.length > 0);
    expect(recorded).toEqual(['write Hello\r\n', 'abort disconnected']);
    expect(closed).toEqual(['peer']);
  });

  it('by a reset leaves nothing', async () => {
    const { port, recorded, closed } = await serveRecording(mode);
    const talk = await inContent(port, tls);
    talk.write('Hello\r\n');
    await until('the content has begun', () => recorded.length > 0);
    reset(talk);
    await until('the connection is gone', () => closed.length > 0);
    expect(recorded).toEqual(['write Hello\r\n', 'abort disconnected']);
  });

  it('right after the final dot has its message stored, once', async () => {
    const { port, recorded, closed } = await serveRecording(mode);
    const talk = await inContent(port, tls);
    talk.write('Hello\r\n.\r\n');
    talk.finish();
    await until('the connection is gone', () => closed.length > 0);
    expect(recorded).toEqual(['write Hello\r\n', 'end']);
  });

  it('between the final dot and the 250 has its message decided on, once', async () => {
    let decide = (): void => undefined;
    const { port, recorded, closed, server } = await serveRecording(
      mode,
      () => new Promise<void>((resolve) => (decide = resolve)),
    );
    const talk = await inContent(port, tls);
    talk.write('Hello\r\n.\r\n');
    await until('it is being decided', () => recorded.includes('end'));
    reset(talk);
    // The socket is not read meanwhile; the reset shows when the reply is written, at the latest.
    decide();
    await until('the connection is gone', () => closed.length > 0 && server.connections === 0);
    expect(recorded).toEqual(['write Hello\r\n', 'end']);
  });
});

it('a TLS stream cut without close_notify in a body leaves nothing (79)', async () => {
  const { port, recorded, closed } = await serveRecording('starttls');
  const plain = await Talk.greeted(port);
  await plain.play('> STARTTLS', '< 220');
  const below = plain.socket;
  await plain.secure();
  await plain.play('> EHLO x', '< 250', '> MAIL FROM:<>', '< 250', '> RCPT TO:<b@x.example>', '< 250');
  await plain.play('> DATA', '< 354');
  plain.write('Hello\r\n');
  await until('the content has begun', () => recorded.length > 0);
  // FIN of the connection, and not a word of it in the TLS stream.
  below.destroy();
  await until('the connection is gone', () => closed.length > 0);
  expect(recorded).toEqual(['write Hello\r\n', 'abort disconnected']);
});
