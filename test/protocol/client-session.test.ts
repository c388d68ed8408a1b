// The client's machine: commands in, octets out; the server's octets in, events out.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ACCEPT,
  type ClientEvent,
  ClientSession,
  type ClientSessionOptions,
  DotStuffer,
  Profile,
  type ProfileOptions,
  ReplyReader,
  ServerSession,
} from '../../src/protocol/index.js';
import { octetsOf, textOf } from './session-harness.js';

/** A session, and what the test has to say and to look at. */
class Client {
  readonly session: ClientSession;

  constructor(options?: ClientSessionOptions) {
    this.session = new ClientSession(options);
  }

  /** The octets that the session has to send. */
  get sent(): string {
    return textOf(this.session.output() ?? new Uint8Array());
  }

  /** The events after these octets of the server. */
  hears(text: string): string[] {
    this.session.receive(octetsOf(text));
    return this.events();
  }

  events(): string[] {
    const events: string[] = [];
    for (;;) {
      const event = this.session.next();
      events.push(shortly(event));
      if (event.type === 'needOctets' || event.type === 'needCommand' || event.type === 'closed')
        return events;
    }
  }

  /** Greeted, and EHLO answered with these extensions. */
  static greeted(extensions: readonly string[] = [], options?: ClientSessionOptions): Client {
    const client = new Client(options);
    client.hears('220 mx\r\n');
    client.session.hello('me');
    const lines = ['mx', ...extensions];
    client.hears(lines.map((line, i) => `250${i < lines.length - 1 ? '-' : ' '}${line}\r\n`).join(''));
    expect(client.sent).toMatch(/^[EL]HLO me\r\n$/);
    return client;
  }
}

function shortly(event: ClientEvent): string {
  if (event.type === 'reply') return `${event.to} ${event.meaning} ${event.reply.code}`;
  return event.type === 'close' ? `close ${event.reason}: ${event.detail}` : event.type;
}

describe('a session', () => {
  it('goes from the greeting to QUIT', () => {
    const client = new Client();
    expect(client.session.output()).toBeNull();
    expect(client.events()).toEqual(['needOctets']);
    expect(client.hears('220 mx\r\n')).toEqual(['greeting done 220', 'needCommand']);
    client.session.hello('me.example');
    expect(
      client.hears('250-mx\r\n250-SIZE 1000\r\n250-AUTH=LOGIN\r\n250-AUTH PLAIN\r\n250 PIPELINING\r\n'),
    ).toEqual(['EHLO done 250', 'needCommand']);
    expect([...client.session.extensions]).toEqual([
      ['SIZE', '1000'],
      ['AUTH', 'LOGIN'],
      ['PIPELINING', ''],
    ]);
    client.session.mail('a@x.example', ['SIZE=5']);
    client.session.rcpt('b@y.example');
    client.session.data();
    expect(client.sent).toBe(
      'EHLO me.example\r\nMAIL FROM:<a@x.example> SIZE=5\r\nRCPT TO:<b@y.example>\r\nDATA\r\n',
    );
    expect(client.hears('250 ok\r\n250 ok\r\n354 go\r\n')).toEqual([
      'MAIL done 250',
      'RCPT done 250',
      'DATA more 354',
      'needCommand',
    ]);
    client.session.content(octetsOf('.a\n'));
    client.session.content(octetsOf('b\r'));
    client.session.endContent();
    expect(client.sent).toBe('..a\r\nb\r\n.\r\n');
    expect(client.hears('250 ok\r\n')).toEqual(['content done 250', 'needCommand']);
    client.session.rset();
    expect(client.hears('250 ok\r\n')).toEqual(['RSET done 250', 'needCommand']);
    client.session.quit();
    expect(client.hears('221 bye\r\n')).toEqual(['QUIT done 221', 'close quit: 221 bye', 'closed']);
    expect(client.hears('250 more\r\n')).toEqual(['closed']);
    client.session.end();
    expect(client.events()).toEqual(['closed']);
  });

  it('may fall back to HELO', () => {
    const client = Client.greeted(['PIPELINING']);
    client.session.helo('me');
    expect(client.hears('250 mx\r\n')).toEqual(['HELO done 250', 'needCommand']);
    expect(client.session.extensions.size).toBe(0);
  });

  it('speaks LMTP, where each accepted recipient gets a reply', () => {
    const client = Client.greeted(['PIPELINING', 'CHUNKING'], { lmtp: true });
    const { session } = client;
    for (const end of ['data', 'chunk'] as const) {
      session.mail(null);
      session.rcpt('a@x.example');
      session.rcpt('b@x.example');
      session.rcpt('c@x.example');
      client.hears('250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n');
      if (end === 'data') {
        session.data();
        client.hears('354 go\r\n');
        session.endContent();
      } else {
        session.chunk(octetsOf('a'), false);
        session.chunk(octetsOf('b'), true);
        expect(client.sent).toMatch(/BDAT 1\r\naBDAT 1 LAST\r\nb$/);
        client.hears('250 ok\r\n');
      }
      expect(client.hears('250 ok\r\n')).toEqual(['content done 250', 'needOctets']);
      expect(client.hears('452 full\r\n')).toEqual(['content refused 452', 'needCommand']);
    }
  });

  it('is secured by STARTTLS, and forgets what was announced before', () => {
    const client = Client.greeted(['STARTTLS', 'PIPELINING']);
    client.session.startTls();
    expect(client.hears('220 go\r\n')).toEqual(['STARTTLS done 220', 'secure', 'needOctets']);
    expect(() => client.session.hello('me')).toThrow('EHLO cannot be sent: the session is securing');
    client.session.secured();
    expect(client.events()).toEqual(['needCommand']);
    expect(client.session.extensions.size).toBe(0);
    expect(() => client.session.secured()).toThrow('no TLS handshake was asked for');
  });

  it('authenticates, with and without an initial response', () => {
    const client = Client.greeted(['AUTH PLAIN LOGIN']);
    const { session } = client;
    session.auth('PLAIN', '\0me\0pässword');
    session.output();
    expect(client.hears('535 no\r\n')).toEqual(['AUTH refused 535', 'needCommand']);
    session.auth('EXTERNAL', '');
    expect(client.sent).toBe('AUTH EXTERNAL =\r\n');
    client.hears('535 no\r\n');
    session.auth('LOGIN');
    expect(client.hears('334 VXNlcm5hbWU6\r\n')).toEqual(['AUTH more 334', 'needCommand']);
    expect(() => session.mail(null)).toThrow('MAIL cannot be sent: the session is challenged');
    session.respond('me');
    client.hears('334 UGFzc3dvcmQ6\r\n');
    session.respond(null);
    expect(client.sent).toBe('AUTH LOGIN\r\nbWU=\r\n*\r\n');
    expect(client.hears('501 cancelled\r\n')).toEqual(['AUTH refused 501', 'needCommand']);
    expect(() => session.respond('x')).toThrow('no challenge waits');
  });
});

describe('a session closes if the server', () => {
  it.each<[string, string, string]>([
    [
      'sends what is no reply',
      'hello\r\n',
      'protocol: expected a reply that ends with CRLF, got "hello\\r\\n"',
    ],
    [
      'sends a reply too many',
      '250 ok\r\n250 ok\r\n',
      'protocol: a reply came that no command asked for: 250 ok',
    ],
    ['sends the start of one', '250 ok\r\n25', 'protocol: octets came that no command asked for'],
    [
      'sends a code that does not fit',
      '354 go\r\n',
      'protocol: a reply came that does not answer RSET: 354 go',
    ],
    ['says 421', '421 bye\r\n', 'server: 421 bye'],
    ['says 421 unasked', '250 ok\r\n421 bye\r\n', 'server: a reply came that no command asked for: 421 bye'],
  ])('%s', (_, text, closed) => {
    const client = Client.greeted();
    client.session.rset();
    expect(client.hears(text).slice(-2)).toEqual([`close ${closed}`, 'closed']);
    expect(() => client.session.rset()).toThrow('RSET cannot be sent: the session is closed');
  });

  it('sends anything between the reply to STARTTLS and the handshake', () => {
    const client = Client.greeted(['STARTTLS']);
    client.session.startTls();
    expect(client.hears('220 go\r\n250 injected\r\n')).toContain('closed');
  });

  it('closes', () => {
    const client = Client.greeted();
    client.session.end();
    expect(client.events()).toEqual(['close server: the server closed the connection', 'closed']);
  });
});

describe('the caller cannot', () => {
  it('send before the greeting, or in a group without PIPELINING', () => {
    const client = new Client();
    expect(() => client.session.hello('me')).toThrow('EHLO cannot be sent before the reply to greeting');
    const other = Client.greeted();
    other.session.mail(null);
    expect(() => other.session.rcpt('b@y.example')).toThrow('RCPT cannot be sent before the reply to MAIL');
  });

  it('send after a command that must end its group', () => {
    const { session } = Client.greeted(['PIPELINING', 'CHUNKING']);
    session.data();
    expect(() => session.rset()).toThrow('RSET cannot be sent before the reply to DATA');
    expect(() => session.chunk(octetsOf('a'), true)).toThrow('BDAT cannot be sent before the reply to DATA');
  });

  it('send content that was not asked for', () => {
    const { session } = Client.greeted();
    expect(() => session.content(octetsOf('a'))).toThrow('only after DATA was answered with 354');
    expect(() => session.endContent()).toThrow('only after DATA');
  });

  it.each([
    (session: ClientSession) => session.hello('a b'),
    (session: ClientSession) => session.hello(''),
    (session: ClientSession) => session.auth('PLAIN\r\nQUIT'),
    (session: ClientSession) => session.mail('a@x.example>\r\nQUIT'),
    (session: ClientSession) => session.rcpt('b@y.example', ['NOTIFY=NEVER\r\nQUIT']),
  ])('smuggle a command in (%#)', (call) => {
    const { session } = Client.greeted();
    expect(() => call(session)).toThrow(TypeError);
    expect(session.output()).toBeNull();
  });

  it('hide an error of a redactor', () => {
    const redactor = {
      clean: () => {
        throw new Error('a bug');
      },
    };
    const client = new Client({ redactor });
    expect(() => client.session.receive(octetsOf('220 mx\r\n'))).toThrow('a bug');
  });
});

describe('replies', () => {
  it('that are not UTF-8 are shown all the same, and a redactor cleans them', () => {
    const texts: string[] = [];
    const reader = new ReplyReader({ redactor: { clean: (text) => text.replace('secret', '***') } });
    reader.read(octetsOf('250-caf\xc3\xa9 secret\r\n250 caf\xe9\r\n'), ({ lines }) => texts.push(...lines));
    expect(texts).toEqual(['café ***', 'café']);
    expect(reader.read(octetsOf('secret\r\n'), () => undefined)?.reason).toContain('"***\\r\\n"');
  });
});

describe('content', () => {
  it('is not copied if nothing in it changes', () => {
    const piece = octetsOf('a.b\r\nc..\r\n');
    expect(new DotStuffer().stuff(piece)).toBe(piece);
  });

  it('arrives at the server as it was, but for its line ends, however it is cut', () => {
    const octets = fc.array(fc.constantFrom(0x0d, 0x0a, 0x2e, 0x61), { maxLength: 30 });
    fc.assert(
      fc.property(octets, fc.nat(30), (all, cut) => {
        const stuffer = new DotStuffer();
        const content = Uint8Array.from(all);
        const wire = [
          stuffer.stuff(content.subarray(0, cut)),
          stuffer.stuff(content.subarray(cut)),
          stuffer.end(),
        ]
          .map(textOf)
          .join('');
        const { bodies, closed } = serverOf(
          {},
          `EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n${wire}`,
        );
        const expected = textOf(content).replace(/\r\n|\r|\n/g, '\r\n');
        expect(closed).toBe(false);
        expect(bodies).toEqual([expected === '' || expected.endsWith('\r\n') ? expected : `${expected}\r\n`]);
      }),
    );
  });
});

/** Everything a server that accepts all makes of these octets. */
function serverOf(options: Partial<ProfileOptions>, text: string): { bodies: string[]; closed: boolean } {
  const session = new ServerSession(
    new Profile({ hostname: 'mx', refuseEarlyTalkers: false, ...options }),
    '192.0.2.1',
    'plain',
  );
  session.receive(octetsOf(text));
  const bodies: string[] = [];
  let body = '';
  for (;;) {
    const event = session.next();
    if (event.type === 'needOctets') return { bodies, closed: false };
    if (event.type === 'closed') return { bodies, closed: true };
    if (event.type === 'content') body += textOf(event.octets);
    else if (event.type === 'end') {
      bodies.push(body);
      body = '';
    }
    if (['connect', 'hello', 'mail', 'rcpt', 'data', 'end'].includes(event.type)) session.answer(ACCEPT);
  }
}
