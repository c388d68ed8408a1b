// What a transaction says and reports: which commands follow a refusal, what is known of each recipient, and of the content.
import { describe, expect, it, onTestFinished } from 'vitest';
import { Connection, type ConnectionOptions, type OutgoingMessage, Shared } from '../../src/client/parts.js';
import { answering, hostileServer } from './hostile-server.js';
import { chunkOf, play, type Script } from './scripted-server.js';

const MAIL = 'MAIL FROM:<a@example.com>';
const RCPT = ['RCPT TO:<b@example.net>', 'RCPT TO:<c@example.net>'] as const;
const CONTENT = Buffer.from('x\r\n');
const DATA: OutgoingMessage = {
  mail: MAIL,
  recipients: RCPT,
  content: { form: 'data', octets: Buffer.from('x\r\n.\r\n') },
};
/** The same by BDAT. Its content can be sent once. */
const chunk = (): OutgoingMessage => ({ ...DATA, content: chunkOf(CONTENT) });
const shared = new Shared(10);

async function connectionTo(port: number, options: Partial<ConnectionOptions> = {}): Promise<Connection> {
  const given = { host: '127.0.0.1', port, timeout: 20_000, messages: 100, messageTimeout: 60_000 };
  const connection = await Connection.open({ ...given, ...options }, shared);
  onTestFinished(() => connection.destroy());
  return connection;
}

/** Sends a message to a server that plays a script, and returns the result and what the server heard after EHLO. */
async function sent(message: OutgoingMessage, script: Script, options: Partial<ConnectionOptions> = {}) {
  const heard: string[] = [];
  const port = await hostileServer((socket) =>
    play(socket, { ...script, heard: (line) => heard.push(line) }),
  );
  const connection = await connectionTo(port, options);
  const { recipients, error, begun, complete } = await connection.send(message);
  // What still follows is heard before the next message.
  const { usable } = connection;
  if (usable) await connection.send({ ...DATA, mail: 'NEXT' });
  const next = heard.indexOf('NEXT');
  return {
    heard: heard.slice(1, next < 0 ? undefined : next),
    results: recipients.map(({ phase, reply }) => `${phase} ${reply?.code ?? 'none'}`),
    fault: error?.fault ?? null,
    ...{ begun, complete, usable },
  };
}

const BEFORE = { fault: null, begun: false, complete: false, usable: true };
const AFTER = { fault: null, begun: true, complete: true, usable: true };

describe('after MAIL was refused', () => {
  it('nothing follows', async () => {
    const script = { pipelining: false, replies: { MAIL: '550 no\r\n' } };
    expect(await sent(DATA, { ...script, write: onlyFirst('MAIL') })).toEqual({
      ...BEFORE,
      heard: [MAIL],
      results: ['mail 550', 'mail 550'],
    });
  });

  it('the replies to a group are taken, and no RSET follows', async () => {
    const replies = { MAIL: '550 no\r\n', RCPT: '503 no MAIL\r\n', DATA: '503 no RCPT\r\n' };
    expect(await sent(DATA, { write: onlyFirst('MAIL', 'RCPT', 'RCPT', 'DATA'), replies })).toEqual({
      ...BEFORE,
      heard: [MAIL, ...RCPT, 'DATA'],
      results: ['mail 550', 'mail 550'],
    });
  });

  it('the replies to a group are waited for before another message goes', async () => {
    const late = ['RCPT', 'RCPT', 'DATA'];
    const write = onlyFirst('MAIL', ...late);
    const replies = { MAIL: '550 no\r\n', RCPT: '503 no MAIL\r\n', DATA: '503 no RCPT\r\n' };
    const script: Script = {
      replies,
      write: (socket, octets, step) => {
        const place = late.indexOf(step);
        if (place >= 0) late.splice(place, 1);
        if (place >= 0) setTimeout(() => write(socket, octets, step), 20);
        else write(socket, octets, step);
      },
    };
    const port = await hostileServer((socket) => play(socket, script));
    const connection = await connectionTo(port);
    await connection.send(DATA);
    expect((await connection.send(DATA)).recipients).toMatchObject([{ phase: 'end' }, { phase: 'end' }]);
  });
});

/** Writes the replies of the script at these steps, the first time alone, and those of a correct server afterwards. */
function onlyFirst(...steps: string[]): NonNullable<Script['write']> {
  const left = [...steps];
  return (socket, octets, step) => {
    const place = left.indexOf(step);
    if (place >= 0) left.splice(place, 1);
    const good: Record<string, string> = { DATA: '354 go\r\n' };
    const isUsual = /^(?:greeting|EHLO|LHLO|RSET|content|BDAT)$/.test(step);
    socket.write(place >= 0 || isUsual ? octets : (good[step] ?? '250 ok\r\n'));
  };
}

describe('after every RCPT was refused', () => {
  const script = { pipelining: false, replies: { RCPT: '550 no\r\n' } };
  const refused = { ...BEFORE, results: ['rcpt 550', 'rcpt 550'] };

  it.each([
    ['DATA', () => DATA],
    ['BDAT', chunk],
  ] as const)('RSET follows, and no %s', async (_, message) => {
    const write = onlyFirst('RCPT', 'RCPT');
    expect(await sent(message(), { ...script, write })).toEqual({
      ...refused,
      heard: [MAIL, ...RCPT, 'RSET'],
    });
  });

  it('and DATA was not, the content is empty, and no RSET follows', async () => {
    const replies = { RCPT: '550 no\r\n', content: '554 no recipient\r\n' };
    expect(await sent(DATA, { replies, write: onlyFirst('RCPT', 'RCPT', 'DATA') })).toEqual({
      ...refused,
      heard: [MAIL, ...RCPT, 'DATA', '.'],
    });
  });

  it('and DATA was not, by LMTP the connection is closed', async () => {
    const replies = { RCPT: '550 no\r\n' };
    expect(await sent(DATA, { replies }, { lmtp: true })).toMatchObject({
      ...refused,
      ...{ fault: 'protocol', usable: false },
      heard: [MAIL, ...RCPT, 'DATA'],
    });
  });
});

describe('after the content', () => {
  it.each([
    ['accepted', () => DATA, { content: '250 ok\r\n' }, [MAIL, ...RCPT, 'DATA', 'x', '.']],
    ['refused', () => DATA, { content: '554 no\r\n' }, [MAIL, ...RCPT, 'DATA', 'x', '.']],
    ['accepted', chunk, { BDAT: '250 ok\r\n' }, [MAIL, ...RCPT, 'BDAT 3 LAST']],
    ['refused', chunk, { BDAT: '554 no\r\n' }, [MAIL, ...RCPT, 'BDAT 3 LAST', 'RSET']],
  ] as const)('was %s (%#), RSET follows only if BDAT was refused', async (fate, message, replies, heard) => {
    const code = fate === 'accepted' ? 250 : 554;
    expect(await sent(message(), { replies })).toEqual({
      ...AFTER,
      heard,
      results: [`end ${code}`, `end ${code}`],
    });
  });
});

describe('421', () => {
  it.each([
    ['MAIL', ['mail 421', 'mail 421']],
    ['RCPT', ['rcpt 421', 'rcpt 421']],
    ['DATA', ['data 421', 'data 421']],
    ['content', ['end 421', 'end 421']],
  ] as const)('to %s decides about all recipients, and the connection is closed', async (step, results) => {
    const script = { replies: { [step]: '421 bye\r\n' } };
    expect(await sent(DATA, script)).toMatchObject({ results, fault: null, usable: false });
  });
});

it('a refusal that no command asked for is not the reply to RCPT', async () => {
  const script = { pipelining: false, replies: { MAIL: '250 ok\r\n550 5.7.1 no\r\n' } };
  expect(await sent(DATA, script)).toMatchObject({
    results: ['rcpt none', 'rcpt none'],
    ...{ fault: 'protocol', usable: false },
  });
});

it('a reply to MAIL counts though the rest of a long group has not left yet', async () => {
  const port = await hostileServer((socket) => {
    socket.write('220 x\r\n');
    answering(socket, (line) => {
      if (line.startsWith('EHLO')) return '250-x\r\n250 PIPELINING\r\n';
      if (line !== MAIL) return null;
      socket.pause();
      socket.write('250 ok\r\n', () => setTimeout(() => socket.destroy(), 50));
      return null;
    });
  });
  const connection = await connectionTo(port);
  // More than the buffers of the kernel take.
  const recipients = Array.from({ length: 60_000 }, () => `RCPT TO:<${'b'.repeat(230)}@example.net>`);
  const { error } = await connection.send({ ...DATA, recipients });
  expect(error).toMatchObject({ fault: 'closed', phase: 'rcpt' });
});

describe('content by BDAT', () => {
  const pieces = async function* () {
    for (let count = 0; count < 3; count++) yield await Promise.resolve(CONTENT);
  };

  it.each([
    [5, 'the content has 6 octets or more, not 5'],
    [10, 'the content has 9 octets or more, not 10'],
  ])('rejects if it has not the %i octets that were said', async (octets, words) => {
    const port = await hostileServer((socket) => play(socket, {}));
    const connection = await connectionTo(port);
    const sending = connection.send({ ...DATA, content: { form: 'chunk', octets, pieces: pieces() } });
    await expect(sending).rejects.toThrow(words);
    expect(connection.usable).toBe(false);
  });
});

describe('a source of content', () => {
  it.each(['stream', 'chunk'] as const)('is not read to its end if the server is gone (%s)', async (form) => {
    const most = 1000;
    const piece = Buffer.alloc(65_536, 'x\r\n');
    const read = { pieces: 0, isOver: false };
    const pieces = async function* () {
      try {
        for (; read.pieces < most; read.pieces++) {
          yield piece;
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        read.isOver = true;
      }
    };
    const port = await hostileServer((socket) => {
      let octets = 0;
      socket.on('data', ({ length }: Buffer) => {
        octets += length;
        if (octets > 3 * piece.length) socket.destroy();
      });
      play(socket, {});
    });
    const connection = await connectionTo(port);
    const content =
      form === 'stream'
        ? { form, pieces: pieces() }
        : { form, octets: most * piece.length, pieces: pieces() };
    const { error, begun, complete } = await connection.send({ ...DATA, content });
    expect([error?.fault, begun, complete]).toEqual(['closed', true, false]);
    await expect.poll(() => read.isOver, { timeout: 10_000 }).toBe(true);
    expect(read.pieces).toBeLessThan(most);
  });
});
