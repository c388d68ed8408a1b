/** A client may send everything, end its half, and read all its replies (RFC 2920 3.1, RFC 9293 3.6). */
import { expect, it } from 'vitest';
import { BodyAborted } from '../../src/server/index.js';
import { expectNoTrouble, localhostCertificates, serve, until } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(resolve, 20, value));
const WHOLE =
  'EHLO x\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\nHello\r\n.\r\nNOOP\r\nQUIT\r\n';
const CODES = ['220', '250', '250', '250', '354', '250', '250', '221'];

it.each([
  ['plain', 'at once', false],
  ['plain', 'slowly', true],
  ['tls', 'at once', false],
  ['tls', 'slowly', true],
] as const)('everything sent, then FIN: all replies arrive (%s, decided %s)', async (link, _, slow) => {
  const bodies: string[] = [];
  const { port, server } = await serve(
    {
      certificates: await localhostCertificates(),
      onMail: () => (slow ? later(undefined) : undefined),
      onRcpt: () => (slow ? later(undefined) : undefined),
      onData: async (_session, body) => {
        let text = '';
        for await (const octets of body) text += Buffer.from(octets).toString();
        if (slow) await later(undefined);
        bodies.push(text);
      },
    },
    { tls: link === 'tls' ? 'implicit' : 'off' },
  );
  const talk = await Talk.open(port, { tls: link === 'tls' });
  talk.write(WHOLE);
  talk.finish();
  const codes = (await talk.replies(CODES.length)).map((reply) => reply.slice(0, 3));
  expect(codes).toEqual(CODES);
  expect(await talk.rest()).toBe('');
  expect(bodies).toEqual(['Hello\r\n']);
  await until('the connection is gone', () => server.connections === 0);
});

it('FIN without QUIT: what was sent is answered, then the connection ends', async () => {
  const { port, closed } = await serve();
  const talk = await Talk.open(port);
  talk.write('EHLO x\r\nNOOP\r\nNOO');
  talk.finish();
  await talk.play('< 220', '< 250', '< 250');
  // A line without its end is given up, never run.
  expect(await talk.rest()).toBe('');
  await until('the connection is gone', () => closed.length > 0);
  expect(closed).toEqual(['peer']);
});

it('FIN in the body: nothing is stored, and nothing is said', async () => {
  const ends: unknown[] = [];
  const { port } = await serve({
    onData: async (_session, body) => {
      try {
        for await (const _ of body) ends.push('octets');
        ends.push('whole');
      } catch (error) {
        ends.push(error);
        throw error;
      }
    },
  });
  const talk = await Talk.greeted(port);
  await talk.play('> MAIL FROM:<>', '< 250', '> RCPT TO:<b@x.example>', '< 250', '> DATA', '< 354');
  talk.write('Hello\r\n.\r');
  talk.finish();
  expect(await talk.rest()).toBe('');
  expect(ends.at(-1)).toBeInstanceOf(BodyAborted);
  expect(ends).not.toContain('whole');
});
