// The client against this project's own server, and against servers that misbehave.
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type ClientCredentials,
  ConnectionError,
  dotStuffed,
  mailCommand,
  openSession,
  rcptCommand,
  type ReceivedReply,
  type Session,
  type SessionOptions,
  Shared,
} from '../../src/client/parts.js';
import { type Mail, Mailer, type MailerOptions } from '../../src/load/generator/mailer.js';
import { Reply, Secret } from '../../src/protocol/index.js';
import { localhostCertificates, serve } from '../server/harness.js';
import { answering, hostileServer } from './hostile-server.js';

async function open(port: number, options: Partial<SessionOptions> = {}): Promise<Session> {
  const opening = openSession(
    { host: '127.0.0.1', port, timeout: 15_000, tls: { verify: false }, ...options },
    new Shared(10),
  );
  onTestFinished(() => opening.channel.close());
  return opening.session;
}

const credentials = (mechanism?: 'PLAIN' | 'LOGIN'): ClientCredentials => ({
  user: 'app',
  password: new Secret('s@cret'),
  ...(mechanism === undefined ? {} : { mechanism }),
});

interface Sent {
  readonly outcomes: string[];
  readonly lost: string[];
}

/** Sends messages over one connection, and returns the result of each. */
async function send(session: Session, options: MailerOptions, mails: readonly Mail[]): Promise<Sent> {
  const left = [...mails];
  const sent: Sent = { outcomes: [], lost: [] };
  await new Promise<void>((resolve) => {
    const mailer: Mailer<Mail> = new Mailer(session.channel, options, {
      next: () => {
        const mail = left.shift() ?? null;
        if (mail === null) mailer.quit();
        return mail;
      },
      replied: () => undefined,
      settled: (_, reply: ReceivedReply, accepted) =>
        sent.outcomes.push(`${accepted ? '+' : '-'}${reply.code}`),
      lost: (mails, error) => {
        sent.lost.push(`${mails.length} ${error.fault}`);
        resolve();
      },
      ended: resolve,
    });
    mailer.wake();
  });
  return sent;
}

function mail(to: string[], content: string, { chunking }: MailerOptions): Mail {
  const octets = Buffer.from(content);
  return {
    mail: mailCommand('app@example.com'),
    recipients: to.map((address) => rcptCommand(address)),
    content: [chunking ? octets : dotStuffed(octets)],
  };
}

const MODES: [string, MailerOptions][] = [
  ['one command at a time', { pipelining: false, chunking: false }],
  ['PIPELINING', { pipelining: true, chunking: false }],
  ['BDAT', { pipelining: false, chunking: true }],
  ['PIPELINING and BDAT', { pipelining: true, chunking: true }],
];

describe.each(MODES)('messages by %s', (_, mode) => {
  it('arrive octet for octet, dots included', async () => {
    const bodies: string[] = [];
    const { port } = await serve({
      onData: async (__, body) => {
        const pieces: Uint8Array[] = [];
        for await (const octets of body) pieces.push(Buffer.from(octets));
        bodies.push(Buffer.concat(pieces).toString());
      },
    });
    const contents = [
      '.\r\n..\r\na\r\n.b\r\n',
      'Subject: x\r\n\r\nHello\r\n',
      `${'x'.repeat(70)}\r\n`.repeat(5000),
      '',
    ];
    const sent = await send(
      await open(port),
      mode,
      contents.map((content) => mail(['one@example.net'], content, mode)),
    );
    expect(sent).toEqual({ outcomes: ['+250', '+250', '+250', '+250'], lost: [] });
    expect(bodies).toEqual(contents);
  });

  it('leave the next message unaffected if they are refused at any step', async () => {
    let messages = 0;
    const { port } = await serve({
      onMail: () => (++messages === 1 ? new Reply(451, '4.3.0', 'Not now') : undefined),
      onRcpt: (_session, { address }) =>
        address.startsWith('no') ? new Reply(550, '5.1.1', 'No such mailbox') : undefined,
      onContent: () => {
        if (messages === 4) return new Reply(452, '4.3.1', 'Full');
        const reply = messages === 5 ? new Reply(554, '5.6.0', 'Bad') : undefined;
        return { write: () => undefined, end: () => reply, abort: () => undefined };
      },
    });
    const to = [
      ['a@example.net'],
      ['no@example.net', 'no2@example.net'],
      ['no@example.net', 'a@example.net'],
    ];
    const list = [...to, ['a@example.net'], ['a@example.net'], ['a@example.net']];
    const sent = await send(
      await open(port),
      mode,
      list.map((recipients) => mail(recipients, 'x\r\n', mode)),
    );
    expect(sent.lost).toEqual([]);
    expect(sent.outcomes).toEqual(['-451', '-550', '+250', '-452', '-554', '+250']);
  });
});

describe('a session', () => {
  it.each([
    ['STARTTLS', { startTls: true }, 'starttls'],
    ['implicit TLS', { implicitTls: true }, 'implicit'],
  ] as const)('goes through %s and AUTH', async (_, options, tls) => {
    const { port } = await serve(
      {
        certificates: await localhostCertificates(),
        onAuth: (__, { password }) => (password.expose() === 's@cret' ? 'app' : null),
      },
      { tls },
    );
    for (const mechanism of ['PLAIN', 'LOGIN'] as const) {
      const session = await open(port, { ...options, credentials: credentials(mechanism) });
      expect(session.channel.protocol).toMatch(/^TLSv1/);
      expect(session.extensions.has('STARTTLS')).toBe(false);
    }
    const wrong = { user: 'app', password: new Secret('wrong') };
    const refused = open(port, { ...options, credentials: wrong });
    await expect(refused).rejects.toThrow(/^AUTH was refused: 535 5\.7\.8/);
    await expect(refused).rejects.toMatchObject({ reply: { code: 535, enhanced: '5.7.8' } });
    await expect(open(port, { ...options, tls: { verify: true } })).rejects.toMatchObject({ fault: 'tls' });
  });

  it('resumes TLS if the options keep sessions', async () => {
    const { port } = await serve({ certificates: await localhostCertificates() }, { tls: 'implicit' });
    const tls = { verify: false, sessions: { last: null } };
    const first = await open(port, { implicitTls: true, tls });
    expect(first.channel.resumed).toBe(false);
    expect((await open(port, { implicitTls: true, tls })).channel.resumed).toBe(true);
  });

  it('falls back to HELO if the server does not know EHLO', async () => {
    const port = await hostileServer((socket) => {
      socket.write('220 old\r\n');
      answering(socket, (line) => (line.startsWith('HELO') ? '250 hello\r\n' : '502 what\r\n'));
    });
    expect((await open(port)).extensions.size).toBe(0);
  });
});

describe('a server that misbehaves', () => {
  it.each([
    ['says no at once', '554 5.7.1 Go away\r\n', { reply: { code: 554 } }],
    ['is no SMTP server', 'SSH-2.0-OpenSSH_9.2\r\n', { fault: 'protocol' }],
    ['never ends its line', 'x'.repeat(20_000), { fault: 'protocol' }],
    ['says too much', '220 a\r\n220 b\r\n', { fault: 'protocol' }],
  ])('rejects a server that %s', async (_, greeting, expected) => {
    const port = await hostileServer((socket) => socket.write(greeting));
    await expect(open(port)).rejects.toMatchObject(expected);
  });

  it('reports a close, a time-out and a refused connection', async () => {
    const hangsUp = await hostileServer((socket) => socket.end());
    await expect(open(hangsUp)).rejects.toMatchObject({ fault: 'closed' });
    const silent = await hostileServer(() => undefined);
    await expect(open(silent, { timeout: 100 })).rejects.toMatchObject({ fault: 'timeout' });
    const refused = open(1);
    await expect(refused).rejects.toBeInstanceOf(ConnectionError);
    await expect(refused).rejects.toMatchObject({ fault: 'connect' });
  });

  it('rejects octets between STARTTLS and the handshake', async () => {
    for (const more of ['250 injected\r\n', '250 inj']) {
      const port = await hostileServer((socket) => {
        socket.write('220 x\r\n');
        answering(socket, (line) =>
          line.startsWith('EHLO') ? '250-x\r\n250 STARTTLS\r\n' : `220 go\r\n${more}`,
        );
      });
      await expect(open(port, { startTls: true })).rejects.toMatchObject({ fault: 'protocol' });
    }
  });

  it('closes the connection if RSET is refused, since the transaction may still be open', async () => {
    const seen: string[] = [];
    const port = await hostileServer((socket) => {
      socket.write('220 x\r\n');
      answering(socket, (line) => {
        seen.push(line.slice(0, 4));
        if (/^(EHLO|MAIL)/.test(line)) return '250 ok\r\n';
        return '550 no\r\n';
      });
    });
    const mode = { pipelining: false, chunking: false };
    const mails = [mail(['a@example.net'], 'x\r\n', mode), mail(['b@example.net'], 'x\r\n', mode)];
    expect(await send(await open(port), mode, mails)).toEqual({ outcomes: ['-550'], lost: ['0 protocol'] });
    expect(seen).toEqual(['EHLO', 'MAIL', 'RCPT', 'RSET']);
  });

  it.each(MODES)(
    'after a 421 in the middle (%s), the message is refused, and what follows is lost',
    async (_, mode) => {
      const port = await hostileServer((socket) => {
        socket.write('220 x\r\n');
        let data = false;
        answering(socket, (line) => {
          if (line.startsWith('EHLO')) return '250 x\r\n';
          if (line === 'DATA') return ((data = true), '354 go on\r\n');
          if (line.startsWith('BDAT')) return '421 4.3.2 Bye\r\n';
          if (line === '.') return '421 4.3.2 Bye\r\n';
          return data ? null : '250 ok\r\n';
        });
      });
      const sent = await send(await open(port), mode, [
        mail(['a@example.net'], 'x\r\n', mode),
        mail(['a@example.net'], 'x\r\n', mode),
      ]);
      expect(sent.outcomes).toEqual(['-421']);
      // With DATA, the next envelope had already been sent after the content.
      expect(sent.lost).toEqual([mode.pipelining && !mode.chunking ? '1 closed' : '0 closed']);
    },
  );
});

it('rejects an address that contains a second command', () => {
  for (const address of ['a@b.example>\r\nRSET', 'a b@c.example', '<a@b.example>', 'a\0@b.example']) {
    expect(() => mailCommand(address)).toThrow(TypeError);
    expect(() => rcptCommand(address)).toThrow(TypeError);
  }
});
