// What an embedder can shape: words of replies, commands, sessions, sockets, logs.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import assert from 'node:assert';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import {
  BodyAborted,
  createServer,
  type Envelope,
  type Handler,
  type ListenOptions,
  type Logger,
  type MessageBody,
  received,
  Refusal,
  Reply,
  type Session,
} from '../../src/index.js';
import { scratch } from '../scratch.js';
import {
  expectNoTrouble,
  localhostCertificates,
  type Running,
  serve,
  type ServeOptions,
  until,
} from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const ENVELOPE = ['> MAIL FROM:<a@x.example>', '< 250', '> RCPT TO:<b@y.example>', '< 250'] as const;
const MESSAGE = [...ENVELOPE, '> DATA', '< 354', '> Hello', '> .'] as const;

async function talkTo(
  options: ServeOptions,
  listen: Partial<ListenOptions> = {},
): Promise<Running<string> & { talk: Talk }> {
  const running = await serve(options, listen);
  return { ...running, talk: await Talk.open(running.port) };
}

describe('words', () => {
  it('of the greeting and of the hello are the embedder’s own', async () => {
    const { talk } = await talkTo({ banner: 'at your service\r\n550 no', helloText: 'hello there' });
    await talk.play('< 220 mx.example ESMTP at your service 550 no');
    expect(await talk.say('EHLO x')).toMatch(/^250-mx\.example hello there\r?\n/);
    await talk.play('> HELO x', '< 250 mx.example hello there', '> QUIT', '< 221');
  });

  it('of the greeting may be none', async () => {
    const { talk } = await talkTo({ banner: '' });
    expect(await talk.reply()).toBe('220 mx.example ESMTP');
  });

  it('of any reply can be changed, by its name, its verb and its session', async () => {
    const seen: string[] = [];
    const { talk, refused } = await talkTo({
      reword: (reply, { session, verb }) => {
        seen.push(`${verb} ${reply.name}`);
        if (reply.name === 'senderOk') return new Reply(250, '2.1.0', `fine, ${session?.hello?.name}`);
        if (reply.name === 'notRecognized') return new Reply(502, '5.5.1', 'What?');
        return undefined;
      },
      onRcpt: () => new Reply(550, '5.1.1', 'mine'),
    });
    await talk.play('< 220', '> EHLO me', '< 250', '> MAIL FROM:<>', '< 250 2.1.0 fine, me');
    await talk.play('> RCPT TO:<b@y.example>', '< 550 5.1.1 mine', '> XYZ', '< 502 5.5.1 What?');
    await talk.play('> AUTH', '< 503', '> RSET', '< 250', '> QUIT', '< 221');
    expect(seen).toEqual([
      ' greeting',
      'EHLO hello',
      'MAIL senderOk',
      'RCPT null',
      'XYZ notRecognized',
      expect.stringMatching(/^AUTH /),
      'RSET ok',
      'QUIT bye',
    ]);
    expect(refused.slice(0, 2)).toEqual(['RCPT 550', ' 502']);
  });

  it('cannot turn a yes into a no, nor the other way; the embedder hears of it', async () => {
    const { talk, errors } = await talkTo({
      reword: ({ name }) => {
        if (name === 'ok') return new Reply(550, null, 'no');
        if (name === 'notRecognized') return new Reply(250, null, 'yes');
        if (name === 'startMail') return new Reply(250, null, 'yes');
        if (name === 'cannotVerify') return 'yes' as never;
        if (name === 'help') throw new Error('a bug');
        return undefined;
      },
    });
    await talk.play('< 220', '> EHLO x', '< 250', '> NOOP', '< 250', '> XYZ', '< 500', '> VRFY a', '< 252');
    await talk.play('> HELP', '< 214', ...MESSAGE, '< 250');
    expect(errors.map(({ message }) => message.replace(/\. .*/, ''))).toEqual(
      [
        'reword: expected nothing, or a reply in place of "250 2.0.0 Ok", got "550 no"',
        'reword: expected nothing, or a reply in place of "500 5.5.2 Command not recognized", got "250 yes"',
        'reword: expected nothing, or a reply in place of "252 2.5.0 Cannot verify, but will take mail for it and attempt delivery", got "yes"',
        'a bug',
        'reword: expected nothing, or a reply in place of "354 End data with <CR><LF>',
      ].map((message) => expect.stringContaining(message.slice(0, 60)) as string),
    );
  });

  it('may close: a refusal changed into 421 ends the connection', async () => {
    const { talk, closed } = await talkTo({
      reword: ({ name }) => (name === 'notRecognized' ? new Reply(421, '4.7.0', 'Enough') : undefined),
    });
    await talk.play('< 220', '> XYZ', '< 421 4.7.0 Enough');
    await until('it is closed', () => closed.length > 0);
    expect(closed).toEqual(['refused']);
  });

  it('reach clients that are turned away, which have no session', async () => {
    const sessions: unknown[] = [];
    const { port, arrivals } = await serve({
      admission: { connections: 1 },
      reword: ({ name }, { session }) => {
        if (name !== 'tooManyConnections') return;
        sessions.push(session);
        return new Reply(421, null, 'Too many');
      },
    });
    const first = await Talk.open(port);
    await first.reply();
    expect(await (await Talk.open(port)).rest()).toBe('421 Too many\r\n');
    expect([sessions, arrivals]).toEqual([[null], ['too many connections']]);
  });

  it('of each recipient in LMTP are changed, and one refusal is reported once', async () => {
    const { talk, refused } = await talkTo(
      {
        onData: () => new Reply(452, '4.2.2', 'full'),
        reword: (reply) => (reply.code === 452 ? new Reply(552, '5.2.2', 'full') : undefined),
      },
      { lmtp: true },
    );
    await talk.play('< 220', '> LHLO x', '< 250', ...ENVELOPE, '> RCPT TO:<c@y.example>', '< 250');
    await talk.play('> DATA', '< 354', '> .', '< 552', '< 552');
    expect(refused).toEqual(['DATA 552']);
  });
});

describe('onCommand', () => {
  it('hears each command before it is carried out, and nothing of what AUTH says', async () => {
    const heard: string[] = [];
    const { talk } = await talkTo({
      onAuth: () => 'me',
      onCommand: (_, { verb, argument }) => void heard.push(`${verb}:${argument}`),
    });
    await talk.play(
      '< 220',
      '> ehlo me',
      '< 250',
      '> AUTH PLAIN AHUAcA==',
      '< 235',
      '> MAIL FROM:<\xc3\xbc@x>',
      '< 550',
    );
    await talk.play('> BLA bla', '< 500', '>  ', '< 500', ...MESSAGE, '< 250', '> QUIT', '< 221');
    expect(heard).toEqual([
      ...['EHLO:me', 'AUTH:PLAIN', 'MAIL:FROM:<ü@x>', 'BLA:bla', ':'],
      ...['MAIL:FROM:<a@x.example>', 'RCPT:TO:<b@y.example>', 'DATA:', 'QUIT:'],
    ]);
  });

  it('answers in place of the server, which then does nothing, at once or later', async () => {
    const later = (reply: Reply): Promise<Reply> => new Promise((resolve) => setImmediate(resolve, reply));
    const { talk, refused, closed } = await talkTo({
      onCommand: (_, { verb }) => {
        if (verb === 'EXPN') return later(new Reply(250, '2.1.5', 'everyone'));
        if (verb === 'VRFY') return new Reply(502, '5.5.1', 'Not here');
        if (verb === 'MAIL') throw new Refusal(new Reply(451, '4.7.1', 'Later'));
        if (verb === 'HELP') return new Reply(214, '2.0.0', 'Farewell').closing();
        return undefined;
      },
    });
    talk.write(
      'EHLO x\r\nEXPN all\r\nVRFY a\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nNOOP\r\nHELP\r\nNOOP\r\n',
    );
    await talk.play('< 220', '< 250', '< 250 2.1.5 everyone', '< 502', '< 451 4.7.1 Later', '< 503', '< 250');
    await talk.play('< 214 2.0.0 Farewell');
    expect(await talk.rest()).toBe('');
    expect(refused).toEqual(['VRFY 502', 'MAIL 451', 'RCPT 503']);
    await until('it is closed', () => closed.length > 0);
    expect(closed).toEqual(['refused']);
  });

  it('that refuses BDAT keeps in step: the chunk is read, and the reply follows it', async () => {
    const { talk } = await talkTo({
      onCommand: (_, { verb }) => (verb === 'BDAT' ? new Reply(502, '5.5.1', 'No chunks') : undefined),
    });
    await talk.play('< 220', '> EHLO x', '< 250', ...ENVELOPE);
    talk.write('BDAT 6\r\nNOOP\r\nBDAT 0 LAST\r\nNOOP\r\n');
    await talk.play('< 502', '< 502', '< 250');
  });

  it('that refuses DATA does not make commands of the message', async () => {
    const { talk } = await talkTo({
      onCommand: (_, { verb }) => (verb === 'DATA' ? new Reply(451, '4.3.0', 'Later') : undefined),
    });
    await talk.play('< 220', '> EHLO x', '< 250', ...ENVELOPE);
    talk.write('DATA\r\nSubject: x\r\n\r\nMAIL FROM:<c@x.example>\r\n.\r\nNOOP\r\n');
    await talk.play('< 451', '< 503', '< 250');
  });

  it('lets what it does not answer take its course: HTTP, too many messages', async () => {
    const { talk } = await talkTo({ onCommand: () => undefined, limits: { messages: 1 } });
    await talk.play('< 220', '> EHLO x', '< 250', ...MESSAGE, '< 250', '> MAIL FROM:<>', '< 421');
    const other = await talkTo({ onCommand: () => undefined });
    await other.talk.play('< 220', '> GET / HTTP/1.1', '< 421');
  });

  it('hears nothing of a client that goes while it decides', async () => {
    let decide: (() => void) | undefined;
    const { talk, closed } = await talkTo({
      onCommand: () => new Promise<void>((resolve) => (decide = resolve)),
    });
    await talk.play('< 220');
    talk.write('MAIL FROM:<>\r\n');
    await until('it is asked', () => decide !== undefined);
    talk.socket.resetAndDestroy();
    await until('it is over', () => closed.length > 0);
    decide?.();
  });
});

describe('onSecure', () => {
  const secure = async (onSecure: ServeOptions['onSecure'], tls: 'starttls' | 'implicit') => {
    const certificates = await localhostCertificates();
    const order: string[] = [];
    const running = await serve(
      {
        certificates,
        onSecure: (session) => {
          order.push(`secure ${session.tls?.version}`);
          return onSecure?.(session);
        },
        onConnect: () => void order.push('connect'),
      },
      { tls },
    );
    return { ...running, order };
  };

  it('is asked after STARTTLS, and its refusal is all that the client gets', async () => {
    for (const late of [false, true]) {
      const no = new Reply(554, '5.7.0', 'Not this TLS');
      const { port, order } = await secure(() => (late ? Promise.resolve(no) : no), 'starttls');
      const talk = await Talk.open(port);
      await talk.play('< 220', '> STARTTLS', '< 503', '> EHLO x', '< 250', '> STARTTLS', '< 220');
      await talk.secure();
      await talk.play('> EHLO x', '< 554 5.7.0 Not this TLS', '> QUIT', '< 221');
      expect(order).toEqual(['connect', 'secure TLSv1.3']);
    }
  });

  it('may take its time, and say yes', async () => {
    const { port } = await secure(() => new Promise((resolve) => setTimeout(resolve, 20)), 'starttls');
    const talk = await Talk.open(port);
    await talk.play('< 220', '> EHLO x', '< 250', '> STARTTLS', '< 220');
    await talk.secure();
    await talk.play('> EHLO x', '< 250', ...MESSAGE, '< 250');
  });

  it('is asked before onConnect with implicit TLS', async () => {
    const { port, order } = await secure(() => Promise.resolve(), 'implicit');
    const talk = await Talk.open(port, { tls: true });
    await talk.play('< 220');
    expect(order).toEqual(['secure TLSv1.3', 'connect']);
    const refusing = await secure(() => new Reply(554, '5.7.0', 'No'), 'implicit');
    await (await Talk.open(refusing.port, { tls: true })).play('< 554 5.7.0 No', '> EHLO x', '< 503');
    expect(refusing.order).toEqual(['secure TLSv1.3']);
  });

  it('that throws refuses with 451', async () => {
    const { port, errors } = await secure(() => {
      throw new Error('a bug');
    }, 'starttls');
    const talk = await Talk.open(port);
    await talk.play('< 220', '> EHLO x', '< 250', '> STARTTLS', '< 220');
    await talk.secure();
    await talk.play('> EHLO x', '< 451 4.3.0');
    expect(errors.map(({ message }) => message)).toEqual(['a bug']);
  });
});

describe('a session', () => {
  it('has a state of the embedder’s, made when it is first used', async () => {
    let made = 0;
    const counts: number[] = [];
    const handler = {
      onRcpt: (session: Session<unknown, { count: number }>) => void counts.push(++session.state.count),
    };
    const server = createServer(handler, { state: () => ({ count: (made++, 0) }) });
    onTestFinished(() => server.close(0));
    const { port } = await server.listen(0);
    const talk = await Talk.greeted(port);
    expect(made).toBe(0);
    await talk.play(...ENVELOPE, '> RCPT TO:<c@y.example>', '< 250');
    expect([made, counts]).toEqual([1, [1, 2]]);
  });

  it('shows its public members in a log and on the console, and not what the client sends', async () => {
    const shown: string[] = [];
    const { talk } = await talkTo({
      onAuth: () => 'ada',
      onRcpt: (session) => void shown.push(inspect(session), JSON.stringify(session)),
    });
    await talk.play(
      '< 220',
      '> EHLO x',
      '< 250',
      '> AUTH PLAIN AHUAczNzYW1l',
      '< 235',
      ...ENVELOPE.slice(-4),
    );
    for (const text of shown) {
      expect(text).toContain('ada');
      expect(text).toContain('127.0.0.1');
      expect(text).toContain('a@x.example');
      expect(text).not.toMatch(/s3same|AHUAczNzYW1l|protocol|seat|connection/);
    }
    expect(Object.keys(JSON.parse(shown[1] ?? '') as object)).toEqual([
      ...['id', 'remoteAddress', 'remotePort', 'remoteName', 'localAddress', 'localPort'],
      ...['tls', 'hello', 'principal', 'envelope', 'origin', 'state'],
    ]);
  });

  it('announces a size without a limit as 0 (RFC 1870)', async () => {
    for (const [messageSize, said] of [
      [Infinity, 'SIZE 0'],
      [1000.5, 'SIZE 1000'],
      [Number.MAX_SAFE_INTEGER, 'SIZE 9007199254740991'],
    ] as const) {
      const { talk } = await talkTo({ limits: { messageSize } });
      await talk.play('< 220');
      expect((await talk.say('EHLO x')).split('\n').map((line) => line.slice(4).trim())).toContain(said);
    }
  });

  it('has a signal, which is aborted when the client vanishes', async () => {
    const signals: AbortSignal[] = [];
    const { talk } = await talkTo({
      onMail: ({ signal }) => {
        signals.push(signal);
        return new Promise<void>((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
      },
      onClose: ({ signal }) => void signals.push(signal),
    });
    await talk.play('< 220', '> EHLO x', '< 250');
    talk.write('MAIL FROM:<>\r\n');
    await until('it is asked', () => signals.length === 1);
    expect(signals[0]?.aborted).toBe(false);
    talk.socket.resetAndDestroy();
    await until('it is over', () => signals.length === 2);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('has the name of the client’s address, if that is looked up', async () => {
    const asked: string[] = [];
    const names: (string | null)[] = [];
    const lookUp = (found: string | null | Error) => (address: string) => {
      asked.push(address);
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    };
    for (const found of ['host.example.', 'not a name', null, new Error('ENOTFOUND')]) {
      const { talk } = await talkTo({
        reverseLookup: lookUp(found),
        onConnect: ({ remoteName }) => void names.push(remoteName),
      });
      await talk.play('< 220', '> QUIT', '< 221');
    }
    expect(names).toEqual(['host.example', null, null, null]);
    expect(asked).toEqual(Array.from({ length: 4 }, () => '127.0.0.1'));
  });

  it('does not look a name up unless it is asked to', async () => {
    const { talk } = await talkTo({
      onConnect: ({ remoteName }) => {
        expect(remoteName).toBeNull();
      },
    });
    await talk.play('< 220');
  });

  it('gives up the look-up of a client that goes', async () => {
    const signals: AbortSignal[] = [];
    const { talk } = await talkTo({
      reverseLookup: (_, signal) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    });
    await until('it is asked', () => signals.length === 1);
    talk.socket.destroy();
    await until('it is aborted', () => signals[0]?.aborted === true);
  });

  it('makes the trace field of its message', async () => {
    let field = '';
    const { talk } = await talkTo({
      onAuth: () => 'me',
      onData: async (session, body) => {
        await text(body);
        field = received(session, { id: 'abc', time: Date.UTC(2026, 0, 2, 3, 4, 5) });
        expect(received(session)).toContain(session.id);
      },
    });
    await talk.play(
      '< 220',
      '> EHLO me.example',
      '< 250',
      '> AUTH PLAIN AHUAcA==',
      '< 235',
      ...MESSAGE,
      '< 250',
    );
    expect(field).toBe(
      'Received: from me.example ([127.0.0.1]) by mx.example with ESMTPA id abc for\r\n <b@y.example>; Fri, 02 Jan 2026 03:04:05 +0000\r\n',
    );
    expect(
      received({
        hello: null,
        envelope: null,
        tls: null,
        remoteAddress: '::1',
        hostname: 'mx',
        principal: null,
        id: '1',
      } as never),
    ).toContain('Received: from unknown ([IPv6:::1]) by mx with SMTP id 1; ');
  });

  it('is narrowed by its hook: hello and principal from MAIL on, the envelope from RCPT on', () => {
    const handler: Handler<{ name: string }> = {
      onConnect: ({ principal, envelope, hello }) => {
        expectTypeOf(principal).toEqualTypeOf<{ name: string } | null>();
        expectTypeOf(envelope).toEqualTypeOf<Envelope | null>();
        expectTypeOf(hello).toBeNullable();
      },
      onMail: ({ principal, envelope, hello }) => {
        expectTypeOf(principal).toEqualTypeOf<{ name: string }>();
        expectTypeOf(envelope).toEqualTypeOf<Envelope | null>();
        expectTypeOf(hello.name).toBeString();
      },
      onRcpt: ({ envelope }) => void expectTypeOf(envelope).toEqualTypeOf<Envelope>(),
      onData: ({ envelope }, body) => {
        expectTypeOf(envelope).toEqualTypeOf<Envelope>();
        expectTypeOf(body).toEqualTypeOf<MessageBody>();
      },
    };
    createServer(handler);
    createServer(
      {
        onAuth: () => ({ name: 'me' }),
        onMail: ({ principal, state }) => {
          expectTypeOf(principal).toEqualTypeOf<{ name: string } | null>();
          expectTypeOf(state).toEqualTypeOf<{ count: number }>();
        },
      },
      { authOptional: true, state: () => ({ count: 0 }) },
    );
  });
});

describe('the body', () => {
  const WAYS: Record<string, (body: MessageBody) => Promise<string>> = {
    'an async iterable': async (body) => {
      let all = '';
      for await (const octets of body) all += Buffer.from(octets).toString('latin1');
      return all;
    },
    'a stream of Node': (body) => text(body.toReadable()),
    'a stream of the web': (body) => text(body.toWeb() as never),
  };

  it.each(Object.entries(WAYS))('is %s', async (_, read) => {
    const got: string[] = [];
    const { talk } = await talkTo({ onData: async (_session, body) => void got.push(await read(body)) });
    const big = `${'x'.repeat(998)}\r\n`.repeat(500);
    await talk.play('< 220', '> EHLO x', '< 250', ...ENVELOPE, '> DATA', '< 354');
    talk.write(`${big}.\r\n`);
    await talk.play('< 250');
    expect(got).toEqual([big]);
  });

  it.each(Object.entries(WAYS))('fails with BodyAborted as %s if the client vanishes', async (_, read) => {
    const thrown: unknown[] = [];
    const { talk } = await talkTo({
      onData: (_session, body) =>
        read(body).then(
          () => undefined,
          (error: unknown) => void thrown.push(error),
        ),
    });
    await talk.play('< 220', '> EHLO x', '< 250', ...ENVELOPE, '> DATA', '< 354', '> some');
    talk.socket.destroy();
    await until('it has failed', () => thrown.length > 0);
    expect(thrown[0]).toBeInstanceOf(BodyAborted);
    expect(thrown[0]).toMatchObject({ reason: 'disconnected' });
  });

  it('that is still being read when the handler says yes refuses the message: nothing is lost by a forgotten await', async () => {
    for (const yes of [undefined, new Reply(250, '2.0.0', 'Kept')]) {
      const ends: unknown[] = [];
      const { talk, errors, server } = await talkTo({
        onData: (_session, body) => {
          WAYS['an async iterable']?.(body).then(
            (all) => ends.push(all),
            (error: unknown) => ends.push(error),
          );
          return yes;
        },
      });
      await talk.play('< 220', '> EHLO x', '< 250', ...MESSAGE, '< 451 4.3.0');
      await until('the reader has ended', () => ends.length > 0);
      expect(ends[0]).toMatchObject({ reason: 'decided' });
      expect(errors[0]?.message).toMatch(/^onData: said yes while the body was being read: return a promise/);
      expect(server.stats()).toMatchObject({ accepted: 0, refused: 1 });
    }
  });

  it('may be refused while it is being read', async () => {
    const { talk, errors } = await talkTo({
      onData: (_session, body) => {
        WAYS['an async iterable']?.(body).catch(() => undefined);
        return new Reply(554, '5.7.1', 'No');
      },
    });
    await talk.play('< 220', '> EHLO x', '< 250', ...MESSAGE, '< 554 5.7.1 No');
    expect(errors).toEqual([]);
  });

  it('that is read after the decision gives an error, not an empty message', async () => {
    let late: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => assert.fail() };
    const { talk } = await talkTo({ onData: (_session, body) => void (late = body) });
    await talk.play('< 220', '> EHLO x', '< 250', ...MESSAGE, '< 250');
    await expect(text(late)).rejects.toThrow('onData had decided before the content was read');
  });
});

describe('a server', () => {
  it('takes the connections of a net.Server of the embedder’s', async () => {
    const server = createServer({}, { hostname: 'mx.example' });
    const own = createNetServer({ allowHalfOpen: true }, server.acceptor());
    onTestFinished(async () => {
      await server.close(0);
      own.close();
    });
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
    const talk = await Talk.open((own.address() as AddressInfo).port);
    await talk.play('< 220 mx.example', '> EHLO x', '< 250', ...MESSAGE, '< 250');
    expect(server.address()).toBeNull();
    const closing = server.close({ graceMs: 1000 });
    await talk.play('< 421 4.3.2');
    await closing;
    expect(await (await Talk.open((own.address() as AddressInfo).port)).rest()).toMatch(/^421 4\.3\.2 /);
  });

  it('says where it listens, until it is closed', async () => {
    const path = join(await scratch(), 'smtp');
    const server = createServer();
    const first = await server.listen(0);
    await server.listen(path);
    expect(server.address()).toEqual(first);
    expect(server.addresses()).toEqual([first, { host: '', port: 0, path }]);
    await server.close({ graceMs: 0 });
    expect(server.address()).toBeNull();
    expect(server.addresses()).toEqual([]);
  });

  it('counts', async () => {
    const { server, talk, port } = await talkTo({
      onAuth: (_, { password }) => (password.expose() === 'p' ? 'me' : null),
      admission: { connections: 1, authDelay: 0 },
    });
    await talk.play(
      '< 220',
      '> EHLO x',
      '< 250',
      '> AUTH PLAIN AHUAeA==',
      '< 535',
      '> AUTH PLAIN AHUAcA==',
      '< 235',
    );
    await talk.play(...MESSAGE, '< 250', ...MESSAGE, '< 250');
    await (await Talk.open(port)).rest();
    expect(server.stats()).toEqual({
      open: 1,
      connections: 1,
      turnedAway: 1,
      accepted: 2,
      refused: 1,
      authenticated: 1,
    });
  });

  it('writes to a logger', async () => {
    const lines: string[] = [];
    const method = (level: string) => (facts: object, message: string) =>
      void lines.push(
        `${level} ${message} ${JSON.stringify(facts, (key, value: unknown) => (/^(?:session|err)$/.test(key) ? key : value))}`,
      );
    const logger: Logger = {
      debug: method('debug'),
      info: method('info'),
      warn: method('warn'),
      error: method('error'),
    };
    const { port, closed, arrivals } = await serve(
      {
        logger,
        certificates: await localhostCertificates(),
        onHello: (_, { name }) => {
          if (name === 'bug') throw new Error('a bug');
        },
      },
      { tls: 'starttls' },
    );
    const talk = await Talk.open(port);
    await talk.play(
      '< 220',
      '> EHLO bug',
      '< 451',
      '> EHLO x',
      '< 250',
      ...MESSAGE,
      '< 250',
      '> XYZ',
      '< 500',
      '> QUIT',
      '< 221',
    );
    await until('it is closed', () => closed.length === 1);
    const mistaken = await Talk.open(port);
    mistaken.write('\x16\x03\x01');
    await until('it is closed', () => closed.length === 2);
    expect(arrivals).toEqual([]);
    const from = '"remoteAddress":"127.0.0.1"';
    expect(lines).toEqual([
      `debug connected {"session":"session",${from}}`,
      `error a bug {"session":"session",${from},"err":"err"}`,
      `info refused {"session":"session",${from},"command":"EHLO","reply":"451 4.3.0 Local error, try again later"}`,
      `info message accepted {"session":"session",${from},"from":"a@x.example","recipients":1,"reply":"250 2.0.0 Ok: message accepted"}`,
      `info refused {"session":"session",${from},"command":"","reply":"500 5.5.2 Command not recognized"}`,
      `debug closed {"session":"session",${from},"reason":"quit"}`,
      `debug connected {"session":"session",${from}}`,
      expect.stringMatching(/^warn the client speaks TLS at once, .*"hint":"set the client to STARTTLS/),
      `debug closed {"session":"session",${from},"reason":"handshake"}`,
    ]);
  });

  it('publishes on channels of node:diagnostics_channel', async () => {
    const heard: string[] = [];
    const channels = ['greeted', 'accepted', 'refused', 'error', 'closed', 'turned-away'];
    for (const name of channels) {
      const hear = (message: unknown): void =>
        void heard.push(`${name} ${Object.keys(message as object).join()}`);
      subscribe(`postern:${name}`, hear);
      onTestFinished(() => void unsubscribe(`postern:${name}`, hear));
    }
    const { talk, port, closed } = await talkTo({
      admission: { connections: 1 },
      onRcpt: (_, { address }) => {
        if (address.startsWith('bug')) throw new Error('a bug');
      },
    });
    await talk.play(
      '< 220',
      '> EHLO x',
      '< 250',
      ...MESSAGE,
      '< 250',
      '> MAIL FROM:<>',
      '< 250',
      '> RCPT TO:<bug@x.example>',
      '< 451',
    );
    await (await Talk.open(port)).rest();
    talk.socket.destroy();
    await until('it is closed', () => closed.length === 1);
    expect(heard).toEqual([
      'greeted session',
      'accepted session,reply',
      'error session,error',
      'refused session,command,reply',
      'turned-away remoteAddress,error',
      'closed session,reason',
    ]);
  });

  it('can be closed in two ways, and in no third', async () => {
    for (const wrong of ['soon', -1, null, [], NaN, { grace: 1 }, { graceMs: '1' }]) {
      const server = createServer();
      expect(() => server.close(wrong as never)).toThrow(/^close: /);
      await server.close({});
    }
  });
});
