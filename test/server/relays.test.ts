/**
 * Invariant: XCLIENT and XFORWARD are believed only from the relays that are named; and then the client that they name
 * is the client for everything that follows.
 */
import { describe, expect, it } from 'vitest';
import { Refusal, type Session } from '../../src/server/index.js';
import { Reply } from '../../src/protocol/index.js';
import { expectNoTrouble, type Running, serve, until, type ServeOptions } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const RELAY = '127.0.0.1';
const ELSEWHERE = '127.0.0.9';

function endpoints(session: Session): string {
  const { remoteAddress, remotePort, localAddress, localPort } = session;
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

interface Recorded extends Running<string> {
  readonly recorded: string[];
}

async function serveRelayed(options: ServeOptions = {}): Promise<Recorded> {
  const recorded: string[] = [];
  const running = await serve(
    {
      onConnect: (session) => void recorded.push(`connect ${endpoints(session)}`),
      onMail: (session) => void recorded.push(`mail ${endpoints(session)}`),
      ...options,
    },
    { relays: [RELAY], authRequired: false },
  );
  return { ...running, recorded };
}

it('XCLIENT names the client to all that follows', async () => {
  const { port, recorded } = await serveRelayed();
  const talk = await Talk.greeted(port);
  recorded.splice(0);
  await talk.play(
    '> XCLIENT ADDR=192.0.2.1 PORT=1234 DESTADDR=IPV6:2001:DB8::0:2 DESTPORT=587',
    '< 220 mx.example',
    '> MAIL FROM:<>',
    '< 503',
    '> EHLO y',
    '< 250-mx.example Nice to meet you, [192.0.2.1]',
    '> MAIL FROM:<>',
    '< 250',
  );
  const now = '192.0.2.1 1234 2001:db8::2 587';
  expect(recorded).toEqual([`connect ${now}`, `mail ${now}`]);
});

it('what XCLIENT does not say stays, what it says is unknown is unknown', async () => {
  const { port, recorded } = await serveRelayed();
  const talk = await Talk.greeted(port);
  await talk.play('> XCLIENT PORT=7', '< 220', '> XCLIENT ADDR=[UNAVAILABLE]', '< 220');
  expect(recorded.slice(1).map((line) => line.split(' ').slice(1, 3))).toEqual([
    ['127.0.0.1', '7'],
    ['unknown', '7'],
  ]);
});

it('a relay may go on naming clients: the trust is in where it connects from', async () => {
  const { port, recorded } = await serveRelayed();
  const talk = await Talk.greeted(port);
  await talk.play(
    '> XCLIENT ADDR=192.0.2.1',
    '< 220',
    '> EHLO x',
    '< 250',
    '> XCLIENT ADDR=192.0.2.2',
    '< 220',
  );
  expect(recorded.at(-1)).toContain('192.0.2.2');
});

it('other clients are not offered it, and are refused it', async () => {
  const { port, recorded } = await serveRelayed();
  const talk = await Talk.open(port, { from: ELSEWHERE });
  await talk.play('< 220');
  expect(await talk.say('EHLO x')).not.toMatch(/XCLIENT|XFORWARD/);
  await talk.play('> XCLIENT ADDR=192.0.2.1', '< 550 5.7.0', '> MAIL FROM:<>', '< 250');
  expect(recorded.at(-1)).toContain(ELSEWHERE);
});

it('clients are counted by what it says, not as the relay', async () => {
  const { port, server } = await serveRelayed({ admission: { connectionsPerAddress: 1, connections: 4 } });
  const first = await Talk.greeted(port);
  const second = await Talk.greeted(port);
  await first.play('> XCLIENT ADDR=192.0.2.1', '< 220');
  await second.play('> XCLIENT ADDR=192.0.2.1', '< 421 4.7.0 Too many connections');
  const third = await Talk.greeted(port);
  await third.play('> XCLIENT ADDR=192.0.2.2', '< 220');
  first.socket.destroy();
  second.socket.destroy();
  await until('they have left', () => server.connections === 1);
  const fourth = await Talk.greeted(port);
  await fourth.play('> XCLIENT ADDR=192.0.2.1', '< 220');
});

it('a client that left before the handler decided on XCLIENT is counted nowhere', async () => {
  const decisions: (() => void)[] = [];
  const { port, server } = await serveRelayed({
    admission: { connectionsPerAddress: 1, connections: 4 },
    onXclient: () => new Promise<void>((resolve) => void decisions.push(resolve)),
  });
  const first = await Talk.greeted(port);
  await first.play('> XCLIENT ADDR=192.0.2.1');
  await until('the handler was asked', () => decisions.length === 1);
  first.socket.resetAndDestroy();
  await until('it has left', () => server.connections === 0);
  decisions[0]?.();
  const second = await Talk.greeted(port);
  await second.play('> XCLIENT ADDR=192.0.2.1');
  await until('the handler was asked again', () => decisions.length === 2);
  decisions[1]?.();
  await second.play('< 220');
});

describe('who judges', () => {
  it('onConnect turns a client away that XCLIENT names', async () => {
    const { port } = await serveRelayed({
      onConnect: ({ remoteAddress }) =>
        remoteAddress === '192.0.2.66' ? new Reply(554, '5.7.1', 'Not you') : undefined,
    });
    const talk = await Talk.greeted(port);
    await talk.play(
      '> XCLIENT ADDR=192.0.2.66',
      '< 554 5.7.1 Not you',
      '> EHLO x',
      '< 503',
      '> QUIT',
      '< 221',
    );
  });

  it('onXclient decides on LOGIN, which makes no principal', async () => {
    const principals: unknown[] = [];
    const { port } = await serveRelayed({
      onXclient: (_, { login }) => {
        if (login !== 'app') throw new Refusal(new Reply(550, '5.7.0', 'Not that one'));
      },
      onMail: ({ principal }) => void principals.push(principal),
    });
    const talk = await Talk.open(port);
    await talk.play('< 220');
    expect(await talk.say('EHLO x')).toContain('XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT');
    await talk.play(
      '> XCLIENT LOGIN=app',
      '< 220',
      '> EHLO x',
      '< 250',
      '> MAIL FROM:<>',
      '< 250',
      '> RSET',
      '< 250',
    );
    await talk.play('> XCLIENT LOGIN=root', '< 550 5.7.0 Not that one', '> EHLO x', '< 503');
    expect(principals).toEqual([null]);
  });

  it('without it LOGIN is not taken', async () => {
    const { port } = await serveRelayed();
    const talk = await Talk.greeted(port);
    await talk.play('> XCLIENT LOGIN=app', '< 501 5.5.4', '> MAIL FROM:<>', '< 250');
  });
});

it('XFORWARD is reported with one message, and changes nothing', async () => {
  const seen: unknown[] = [];
  const note = (session: Session<string>): void => void seen.push([session.remoteAddress, session.origin]);
  const { port } = await serveRelayed({
    onMail: note,
    onData: async (session, body) => {
      for await (const _ of body);
      note(session);
    },
    onReset: note,
  });
  const talk = await Talk.greeted(port);
  await talk.play('> XFORWARD ADDR=192.0.2.1 NAME=a.example', '< 250', '> XFORWARD NAME=b.example', '< 250');
  const transaction = [
    '> MAIL FROM:<>',
    '< 250',
    '> RCPT TO:<a@x.example>',
    '< 250',
    '> DATA',
    '< 354',
    '> .',
    '< 250',
  ];
  await talk.play(...transaction, '> MAIL FROM:<>', '< 250', '> RSET', '< 250');
  await talk.play(
    '> XFORWARD ADDR=192.0.2.3',
    '< 250',
    '> MAIL FROM:<>',
    '< 250',
    '> RSET',
    '< 250',
    '> MAIL FROM:<>',
    '< 250',
  );
  const first = { address: '192.0.2.1', name: 'b.example' };
  const second = { address: '192.0.2.3' };
  expect(seen).toEqual(
    [first, first, null, null, second, second, null].map((origin) => ['127.0.0.1', origin]),
  );
});
