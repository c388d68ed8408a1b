// The mechanisms that an embedder switches on, over sockets, with clients that others wrote.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createTransport } from 'nodemailer';
import { describe, expect, it } from 'vitest';
import {
  type Credentials,
  EXTERNAL,
  OAUTHBEARER,
  oauthBearer,
  PLAIN,
  Reply,
  type SaslMechanism,
  type TokenCredentials,
  XOAUTH2,
} from '../../src/protocol/index.js';
import { createServer, Refusal, SCRAM_SHA_256, scramKeys, scramSha256 } from '../../src/server/index.js';
import { expectNoTrouble, serve } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');
const has = (command: string): boolean => spawnSync(command, ['--version']).status === 0;

async function run(command: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  child.stdin.end(input);
  await once(child, 'close');
  return output;
}

describe('bearer tokens', () => {
  const serveTokens = (...mechanisms: SaslMechanism<TokenCredentials>[]) => {
    const seen: Credentials[] = [];
    return serve({
      mechanisms,
      onAuth: (_, credentials) => {
        seen.push(credentials);
        return credentials.token.expose() === 'good' ? (credentials.user ?? 'somebody') : null;
      },
    }).then((running) => ({ ...running, seen }));
  };
  const send = (port: number, accessToken: string) =>
    createTransport({
      host: '127.0.0.1',
      port,
      auth: { type: 'OAuth2', user: 'me@x.example', accessToken },
    }).sendMail({ from: 'me@x.example', to: 'you@y.example', text: 'Hello' });

  it('XOAUTH2 of nodemailer', async () => {
    const { port, seen } = await serveTokens(OAUTHBEARER, XOAUTH2);
    expect(await send(port, 'good')).toMatchObject({ response: expect.stringMatching(/^250/) as string });
    expect(seen).toMatchObject([{ mechanism: 'XOAUTH2', user: 'me@x.example' }]);
    await expect(send(port, 'bad')).rejects.toThrow('535 5.7.8');
  });

  it.skipIf(!has('curl')).each([XOAUTH2, OAUTHBEARER])('$name of curl', async (mechanism) => {
    const { port, seen } = await serveTokens(mechanism);
    const options = ['--user', 'me@x.example:'];
    const url = [
      '--url',
      `smtp://127.0.0.1:${port}`,
      '--mail-from',
      'me@x.example',
      '--mail-rcpt',
      'you@y.example',
    ];
    const curl = (token: string): Promise<string> =>
      run(
        'curl',
        ['-sSv', ...options, ...url, '--oauth2-bearer', token, '-T', '-'],
        'Subject: x\r\n\r\nx\r\n',
      );
    expect(await curl('good')).toContain('< 250 2.0.0 Ok');
    expect(seen).toMatchObject([{ mechanism: mechanism.name, user: 'me@x.example' }]);
    // With XOAUTH2 curl takes the JSON for the refusal, and goes.
    expect(await curl('bad')).toContain('Login denied');
  });

  it('says what a token needs, and counts a failure once', async () => {
    const { port, refused } = await serve({
      mechanisms: [oauthBearer({ scope: 'mail', openidConfiguration: 'https://x.example/openid' })],
      admission: { authDelay: 0, authFailures: 2 },
      onAuth: () => null,
    });
    const talk = await Talk.greeted(port);
    const auth = `AUTH OAUTHBEARER ${base64('n,,\x01auth=Bearer t\x01\x01')}`;
    const challenge = (await talk.say(auth)).replace('334 ', '');
    expect(JSON.parse(Buffer.from(challenge, 'base64').toString())).toEqual({
      status: 'invalid_token',
      scope: 'mail',
      'openid-configuration': 'https://x.example/openid',
    });
    expect(await talk.say('AQ==')).toMatch(/^535 5\.7\.8/);
    expect(await talk.say(auth)).toMatch(/^421 4\.7\.0/);
    expect(refused).toEqual(['AUTH 535', 'AUTH 421']);
  });
});

describe('SCRAM-SHA-256', () => {
  const PYTHON = `
import base64, hashlib, hmac, os, smtplib, sys
port, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
h = lambda key, text: hmac.new(key, text, hashlib.sha256).digest()
bare = 'n=%s,r=%s' % (user, base64.b64encode(os.urandom(12)).decode())
expected = None
def step(challenge=None):
    global expected
    if challenge is None: return 'n,,' + bare
    if challenge.startswith(b'v='):
        print('server', base64.b64decode(challenge[2:]) == expected)
        return ''
    first = challenge.decode()
    fields = dict(part.split('=', 1) for part in first.split(','))
    salted = hashlib.pbkdf2_hmac('sha256', password.encode(), base64.b64decode(fields['s']), int(fields['i']))
    without = 'c=biws,r=' + fields['r']
    signed = ','.join([bare, first, without]).encode()
    key = h(salted, b'Client Key')
    signature = h(hashlib.sha256(key).digest(), signed)
    expected = h(h(salted, b'Server Key'), signed)
    return without + ',p=' + base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
s = smtplib.SMTP('127.0.0.1', port)
s.ehlo('client.example')
try:
    print(s.auth('SCRAM-SHA-256', step))
except smtplib.SMTPAuthenticationError as error:
    print(error.args)
`;
  const serveScram = async () => {
    const keys = await scramKeys('p\u00e4ssword', { iterations: 4096 });
    return serve({
      mechanisms: [SCRAM_SHA_256],
      onScram: (_, user) => (user === 'app' ? keys : null),
      onAuth: (_, { authcid }) => authcid,
    });
  };

  it.skipIf(!has('python3'))('of Python, and the server proves itself, too', async () => {
    const { port } = await serveScram();
    const login = (user: string, password: string): Promise<string> =>
      run('python3', ['-', String(port), user, password], PYTHON);
    const good = await login('app', 'p\u00e4ssword');
    expect(good).toContain('server True');
    expect(good).toContain('235');
    for (const [user, password] of [
      ['app', 'wrong'],
      ['nobody', 'wrong'],
    ] as const) {
      const bad = await login(user, password);
      expect(bad).toContain('535');
      expect(bad).not.toContain('server');
    }
  });

  it('says the same salt of the same missing user each time, and another of another (68)', async () => {
    const ask = async (user: string, ...options: Parameters<typeof scramSha256>): Promise<string> => {
      const { port } = await serve({
        mechanisms: [scramSha256(...options)],
        onScram: () => null,
        onAuth: () => null,
      });
      const talk = await Talk.greeted(port);
      const reply = await talk.say(`AUTH SCRAM-SHA-256 ${base64(`n,,n=${user},r=abc`)}`);
      return Buffer.from(reply.slice(4), 'base64')
        .toString()
        .replace(/^r=[^,]*,/, '');
    };
    const options = { secret: 'kept', iterations: 5_000, saltOctets: 20 };
    const salt = await ask('a', options);
    expect(salt).toMatch(/^s=[A-Za-z0-9+/]{27}=,i=5000$/);
    expect(await ask('a', options)).toBe(salt);
    expect(await ask('b', options)).not.toBe(salt);
    expect(await ask('a', { ...options, secret: 'other' })).not.toBe(salt);
    expect(await ask('a')).toMatch(/^s=[A-Za-z0-9+/]{22}==,i=10000$/);
  });

  it('counts a wrong proof as a failure, and asks onAuth nothing', async () => {
    let asked = 0;
    const { port, refused } = await serve({
      mechanisms: [SCRAM_SHA_256],
      admission: { authDelay: 0, authFailures: 2 },
      onScram: () => null,
      onAuth: () => `${++asked}`,
    });
    const talk = await Talk.greeted(port);
    for (const code of [535, 421]) {
      const first = await talk.say(`AUTH SCRAM-SHA-256 ${base64('n,,n=a,r=abc')}`);
      const [nonce = ''] = Buffer.from(first.slice(4), 'base64').toString().split(',');
      expect(await talk.say(base64(`c=biws,${nonce},p=${'A'.repeat(43)}=`))).toMatch(new RegExp(`^${code}`));
    }
    expect(refused).toEqual(['AUTH 535', 'AUTH 421']);
    expect(asked).toBe(0);
  });

  it('says 451 where the keys cannot be had, or what was thrown', async () => {
    let times = 0;
    const { port, errors } = await serve({
      mechanisms: [SCRAM_SHA_256],
      onScram: () => {
        if (++times === 1) throw new Error('the database is down');
        throw new Refusal(new Reply(454, '4.7.0', 'Not now'));
      },
      onAuth: () => null,
    });
    const talk = await Talk.greeted(port);
    const auth = `AUTH SCRAM-SHA-256 ${base64('n,,n=a,r=abc')}`;
    expect(await talk.say(auth)).toBe('451 4.3.0 Local error, try again later');
    expect(await talk.say(auth)).toBe('454 4.7.0 Not now');
    expect(errors.map(({ message }) => message)).toEqual(['the database is down']);
  });
});

describe('scramKeys', () => {
  it('takes a password as clients write it (RFC 4013)', async () => {
    const salt = Buffer.alloc(16);
    const keys = (password: string) => scramKeys(password, { salt, iterations: 1 });
    // RFC 4013 3: soft hyphen goes, a with a circle is one character, a no-break space is a space.
    expect(await keys('I\u00adX')).toEqual(await keys('IX'));
    expect(await keys('a\u030a\u00a0b')).toEqual(await keys('\u00e5 b'));
    expect(await keys('\u2168')).toEqual(await keys('IX'));
    expect(await keys('user')).not.toEqual(await keys('USER'));
  });

  it('has a salt of its own each time, and never shows the password', async () => {
    const [a, b] = await Promise.all([scramKeys('x'), scramKeys('x')]);
    expect(a.salt).not.toEqual(b.salt);
    expect(a.iterations).toBe(10_000);
    await expect(scramKeys('sesame\n')).rejects.toThrow('expected no control characters, found one');
    await expect(scramKeys('')).rejects.toThrow('found none');
  });
});

describe('what cannot be decided on', () => {
  it('is not offered', () => {
    expect(() => createServer({}, { mechanisms: [PLAIN] })).toThrow('PLAIN needs onAuth');
    expect(() => createServer({ onAuth: () => null }, { mechanisms: [EXTERNAL, SCRAM_SHA_256] })).toThrow(
      'SCRAM-SHA-256 needs onScram',
    );
  });
});
