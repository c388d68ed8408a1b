/** AUTH as the client says it, line by line: what it sends, and what it does not. */
import { describe, expect, it } from 'vitest';
import { authenticate, type ClientCredentials } from '../../src/client/auth.js';
import type { Dialogue } from '../../src/client/dialogue.js';
import { withoutArguments } from '../../src/client/transcript.js';
import { ReceivedReply } from '../../src/protocol/client/received-reply.js';
import { Secret } from '../../src/base/secret.js';

const SERVER = { host: 'mx.example', port: 587 };
const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

/** Returns the lines that the client sends to a server with these replies, and the error if it fails. */
async function linesOf(
  credentials: Partial<ClientCredentials>,
  offered: string | undefined,
  ...codes: number[]
): Promise<{ lines: string[]; error: string | null }> {
  const lines: string[] = [];
  const say = (_command: string, _phase: string, line: string): Promise<ReceivedReply> => {
    lines.push(line);
    return Promise.resolve(new ReceivedReply(codes.shift() ?? 0, ['text']));
  };
  const given = { user: 'me', password: new Secret('pw'), ...credentials };
  const result = authenticate({ say } as unknown as Dialogue, given, offered, SERVER);
  const error = await result.then(
    () => null,
    (reason: unknown) => (reason as Error).message,
  );
  return { error, lines };
}

describe('a server without a mechanism of the client', () => {
  it('gets no AUTH', async () => {
    expect(await linesOf({}, undefined)).toEqual({ lines: [], error: 'the server offers no AUTH' });
    expect(await linesOf({}, 'CRAM-MD5 GSSAPI')).toEqual({
      lines: [],
      error: 'the server offers AUTH CRAM-MD5 GSSAPI, not PLAIN or LOGIN',
    });
    expect((await linesOf({ mechanism: 'LOGIN' }, 'PLAIN')).error).toBe(
      'the server offers AUTH PLAIN, not LOGIN',
    );
  });
});

describe('LOGIN', () => {
  it('has no initial response', async () => {
    expect(await linesOf({}, 'login', 334, 334, 235)).toEqual({
      lines: ['AUTH LOGIN', base64('me'), base64('pw')],
      error: null,
    });
  });

  it('says no password to a server that refuses before', async () => {
    expect(await linesOf({}, 'LOGIN', 504)).toEqual({
      lines: ['AUTH LOGIN'],
      error: 'AUTH was refused: 504 text',
    });
    expect((await linesOf({}, 'LOGIN', 334, 535)).lines).toEqual(['AUTH LOGIN', base64('me')]);
  });
});

describe('PLAIN', () => {
  it('goes in one line, and is preferred', async () => {
    expect(await linesOf({}, 'LOGIN PLAIN', 235)).toEqual({
      lines: [`AUTH PLAIN ${base64('\0me\0pw')}`],
      error: null,
    });
  });

  it('takes a user that is kept as a secret', async () => {
    const { lines } = await linesOf({ user: new Secret('me') }, 'PLAIN', 235);
    expect(lines).toEqual([`AUTH PLAIN ${base64('\0me\0pw')}`]);
  });

  it('goes in a line of its own if the command would be longer than 512 octets', async () => {
    // "AUTH PLAIN " and CRLF are 13 octets; 499 are no length of base64, but 496 are, of 372 octets.
    const fits = 'p'.repeat(372 - 4);
    expect((await linesOf({ password: new Secret(fits) }, 'PLAIN', 235)).lines).toHaveLength(1);
    const { lines } = await linesOf({ password: new Secret(`${fits}p`) }, 'PLAIN', 334, 235);
    expect(lines).toEqual(['AUTH PLAIN', base64(`\0me\0${fits}p`)]);
  });
});

describe('a token', () => {
  it('is sent as RFC 7628 says, with the name escaped', async () => {
    const { lines } = await linesOf({ user: 'a=b,c', mechanism: 'OAUTHBEARER' }, 'OAUTHBEARER', 235);
    const response = 'n,a=a=3Db=2Cc,\x01host=mx.example\x01port=587\x01auth=Bearer pw\x01\x01';
    expect(lines).toEqual([`AUTH OAUTHBEARER ${base64(response)}`]);
  });

  it('is sent in the older form if XOAUTH2 is asked for', async () => {
    const { lines } = await linesOf({ mechanism: 'XOAUTH2' }, 'XOAUTH2', 235);
    expect(lines).toEqual([`AUTH XOAUTH2 ${base64('user=me\x01auth=Bearer pw\x01\x01')}`]);
  });

  it('that is refused is followed by the line that the mechanism asks for', async () => {
    for (const [mechanism, last] of [
      ['OAUTHBEARER', 'AQ=='],
      ['XOAUTH2', ''],
    ] as const) {
      const { lines, error } = await linesOf({ mechanism }, mechanism, 334, 535);
      expect([lines.slice(1), error]).toEqual([[last], 'AUTH was refused: 535 text']);
    }
  });
});

it('a transcript has the mechanism, and no response', () => {
  expect(withoutArguments('AUTH PLAIN AG1lAHB3')).toBe('AUTH PLAIN [secret]');
  expect(withoutArguments('auth login')).toBe('auth login');
  expect(withoutArguments('cHc=')).toBe('[secret]');
  expect(withoutArguments('')).toBe('[secret]');
  expect(withoutArguments('x AUTH PLAIN')).toBe('[secret]');
});
