/** The parts of the client that open no connection: what it connects to, its deadlines, its errors, its content. */
import { constants } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { asData, dotStuffed, Shared } from '../../src/client/parts.js';
import {
  closedError,
  messageOverdueError,
  stepOverdueError,
  unexpectedReplyError,
} from '../../src/client/channel-errors.js';
import { addressOf, tlsOptionsOf } from '../../src/client/connect-options.js';
import { DueReplies } from '../../src/client/due-replies.js';
import { StepDeadline } from '../../src/client/step-deadline.js';
import { ReceivedReply } from '../../src/protocol/client/received-reply.js';

const TERMS = { host: 'mx.example', port: 25 };

describe('the address of a connection', () => {
  it('is the path of a Unix socket if there is one, else host and port', () => {
    expect(addressOf({ ...TERMS, path: '/run/lmtp' })).toEqual({ path: '/run/lmtp' });
    expect(addressOf(TERMS)).toEqual(TERMS);
  });

  function lookUp(addresses: string[], all: boolean): unknown[] {
    const { lookup } = addressOf({ ...TERMS, addresses }) as { lookup: LookupFunction };
    let answer: unknown[] = [];
    lookup('mx.example', { all }, (...given) => (answer = given));
    return answer;
  }

  it('is not looked up again', () => {
    const four = { address: '192.0.2.1', family: 4 };
    const six = { address: '2001:db8::1', family: 6 };
    expect(lookUp(['192.0.2.1', '2001:db8::1'], true)).toEqual([null, [four, six]]);
    expect(lookUp(['2001:db8::1', '192.0.2.1'], false)).toEqual([null, '2001:db8::1', 6]);
    expect(lookUp([], true)).toEqual([new Error('no address of mx.example is known'), '']);
  });
});

describe('the options of TLS', () => {
  const options = (host: string, tls = {}) => tlsOptionsOf({ host, port: 465, tls });

  it('name the server, unless it is an address (RFC 6066 3)', () => {
    const always = { rejectUnauthorized: true, secureOptions: constants.SSL_OP_NO_RENEGOTIATION };
    expect(options('mx.example')).toEqual({ ...always, servername: 'mx.example' });
    for (const host of ['192.0.2.1', '2001:db8::1', '[192.0.2.1]'])
      expect(options(host)).toStrictEqual(always);
    expect(tlsOptionsOf({ host: '192.0.2.1', port: 465 })).toEqual(always);
  });

  it('verify the certificate unless they say no, and resume the last session', () => {
    const last = Buffer.from('session');
    expect(options('::1', { verify: false, ca: 'PEM', sessions: { last } })).toMatchObject({
      rejectUnauthorized: false,
      ca: 'PEM',
      session: last,
    });
    expect(options('::1', { verify: true, sessions: { last: null } })).not.toHaveProperty('session');
  });
});

describe('the sweep over all deadlines', () => {
  /** Resolves when the condition holds. A test that waits in vain is ended by the runner. */
  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  it('goes on while one is watched, and ends with the last one', async () => {
    const shared = new Shared(2);
    const sweeps = { one: 0, two: 0 };
    const one = { sweep: () => (sweeps.one += 1) };
    const two = { sweep: () => (sweeps.two += 1) };
    shared.watch(one);
    shared.watch(two);
    await until(() => sweeps.one > 1 && sweeps.two > 1 && shared.tick > 1);
    shared.forget(one);
    const { one: left, two: before } = { ...sweeps };
    await until(() => sweeps.two > before + 1);
    expect(sweeps.one).toBe(left);
    shared.forget(two);
    const { tick } = shared;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(shared.tick).toBe(tick);
  });
});

describe('a deadline', () => {
  const times = { connect: 100, greeting: 200, command: 300, end: 400 };

  it('passes when its step has taken so many sweeps, and one more', () => {
    const shared = new Shared(100);
    const deadline = new StepDeadline(shared, undefined, times);
    expect(deadline.seconds).toBe(0.1);
    shared.tick = 1;
    expect(deadline.stepOverdue).toBe(false);
    shared.tick = 2;
    expect(deadline.stepOverdue).toBe(true);
    deadline.restart();
    expect(deadline.stepOverdue).toBe(false);
    deadline.allow('end');
    expect(deadline.seconds).toBe(0.4);
    shared.tick = 6;
    expect(deadline.stepOverdue).toBe(false);
    shared.tick = 7;
    expect(deadline.stepOverdue).toBe(true);
  });

  it('is the same for all steps if one time is given', () => {
    const deadline = new StepDeadline(new Shared(100), 700, times);
    for (const step of ['connect', 'greeting', 'command', 'end'] as const) {
      deadline.allow(step);
      expect(deadline.seconds).toBe(0.7);
    }
  });

  it('of a message is apart from that of a step', () => {
    const shared = new Shared(100);
    const deadline = new StepDeadline(shared, undefined, times);
    shared.tick = 10;
    expect(deadline.messageOverdue).toBe(false);
    deadline.limitTo(250);
    shared.tick = 13;
    expect(deadline.messageOverdue).toBe(false);
    shared.tick = 14;
    expect(deadline.messageOverdue).toBe(true);
    deadline.limitTo(null);
    shared.tick = 1_000;
    expect(deadline.messageOverdue).toBe(false);
  });
});

describe('the error of a connection', () => {
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

  it('names the server until there is a connection, and then what was due', () => {
    const refused = closedError(TERMS, 'connect', 1, null);
    expect([refused.fault, refused.message]).toEqual(['connect', 'no connection to mx.example port 25']);
    expect('cause' in refused).toBe(false);
    const { fault, message, cause } = closedError({ ...TERMS, path: '/run/lmtp' }, 'tls', 1, reset);
    expect([fault, cause]).toEqual(['tls', reset]);
    expect(message).toMatch(/^no TLS with \/run\/lmtp: ./);
    expect(closedError(TERMS, null, 1, null).message).toBe(
      'the server closed the connection before it replied',
    );
    expect(closedError(TERMS, null, 0, null)).toMatchObject({
      fault: 'closed',
      message: 'the server closed the connection while no reply was due',
    });
  });

  it('says what it waited for', () => {
    expect(stepOverdueError('tls', 0, 5)).toMatchObject({ fault: 'timeout', cause: { code: 'ETIMEDOUT' } });
    expect(messageOverdueError()).toMatchObject({
      fault: 'timeout',
      message: 'the message took too long altogether',
      cause: { code: 'ETIMEDOUT' },
    });
    const words = (...[connecting, due]: [Parameters<typeof stepOverdueError>[0], number]): string =>
      stepOverdueError(connecting, due, 5).message;
    expect([words('connect', 1), words('tls', 1), words(null, 1), words(null, 0)]).toEqual([
      'timed out after 5 s without a connection',
      'timed out after 5 s without TLS',
      'timed out after 5 s without a reply',
      'timed out after 5 s without progress of the content',
    ]);
  });

  it('of a reply that nothing asked for has that reply; 421 is no breach of the protocol', () => {
    const reply = new ReceivedReply(250, ['ok']);
    expect(unexpectedReplyError(reply)).toMatchObject({ fault: 'protocol', reply });
    expect(unexpectedReplyError(new ReceivedReply(421, ['bye'])).fault).toBe('closed');
  });
});

describe('the replies that are due', () => {
  it('are answerable in a later read than that in which their commands were sent', () => {
    const due = new DueReplies();
    expect([due.count, due.answerable]).toEqual([1, true]);
    due.beginRead(false);
    due.take();
    due.expect(2);
    expect([due.count, due.answerable]).toEqual([2, false]);
    due.endRead();
    expect([due.count, due.answerable]).toEqual([2, true]);
    due.take();
    due.take();
    expect([due.count, due.answerable]).toEqual([0, false]);
    due.endRead();
    expect(due.answerable).toBe(false);
  });

  it('are answerable at once if nothing is being read', () => {
    const due = new DueReplies();
    due.take();
    due.expect(1);
    expect(due.answerable).toBe(true);
    due.beginRead(false);
    due.endRead();
    due.take();
    due.expect(1);
    expect(due.answerable).toBe(true);
  });

  it('stay unanswerable until a read ends, though the turn is over', async () => {
    const due = new DueReplies();
    due.take();
    due.beginRead(false);
    due.expect(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(due.answerable).toBe(false);
    due.endRead();
    expect(due.answerable).toBe(true);
  });

  it('stay unanswerable until the end of the turn if the read lasts as long', async () => {
    const due = new DueReplies();
    due.take();
    due.beginRead(true);
    due.expect(1);
    await Promise.resolve();
    expect(due.answerable).toBe(false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(due.answerable).toBe(true);
  });
});

describe('content for DATA', () => {
  const text = (octets: Uint8Array | null): string | null =>
    octets === null ? null : Buffer.from(octets).toString('latin1');

  it.each([
    ['', '\r\n.\r\n'],
    ['a', 'a\r\n.\r\n'],
    ['ab', 'ab\r\n.\r\n'],
    ['a\r\n', 'a\r\n.\r\n'],
    ['.', '..\r\n.\r\n'],
    ['.a\r\n.\r\nb.c\r\n..\r\n', '..a\r\n..\r\nb.c\r\n...\r\n.\r\n'],
    ['\r\n', '\r\n.\r\n'],
  ])('%j is sent as %j', (content, sent) => {
    expect(text(asData(Buffer.from(content)))).toBe(sent);
    // Content that is empty stays empty.
    expect(text(dotStuffed(Buffer.from(content)))).toBe(content === '' ? '.\r\n' : sent);
  });

  it.each(['\n', 'a\n', 'a\r', '\r', 'a\rb', 'a\nb\r\n', '\r\r\n', '\r\n\n'])(
    'is not made of %j, with an end of line that stands alone',
    (content) => {
      expect(asData(Buffer.from(content))).toBeNull();
    },
  );

  it('that begins with a bare LF has its dots stuffed all the same', () => {
    expect(text(dotStuffed(Buffer.from('\n.a\r\n')))).toBe('\n..a\r\n.\r\n');
  });

  it('is taken from a part of a buffer', () => {
    const part = Buffer.from('xx.a\r\nyy').subarray(2, 6);
    expect(text(dotStuffed(part))).toBe('..a\r\n.\r\n');
  });
});
