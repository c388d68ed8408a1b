// Symptom: in onClose, and in onReset, onRefused and a sink's abort where a connection ended, `session.principal` and
// `session.hello` were null: who counts something by principal could not count it down. The log said `domain: null`
// of connections that were closed, and of a message whose client went before its 250: `domain: null, recipients: 0`.
//
// Cause: a closed session had dropped its principal, and the last events of a session are reported after it has closed.
//
// Fix: the closed phase keeps hello and identity (src/protocol/state/transitions.ts), and so does the one that drops the
// octets of a refused chunk. What the log says of a message is what was accepted, not what is open
// (src/cli/serve/gateway-log.ts).
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { observe } from '../../src/cli/serve/gateway-log.js';
import type { Domain } from '../../src/store/port.js';
import type { Session } from '../../src/server/index.js';
import { expectNoTrouble, serve, until } from '../server/harness.js';
import { Talk } from '../server/talk.js';

expectNoTrouble();

const SIGNED_IN = 'EHLO client.example\r\nAUTH PLAIN AGFwcABzZWNyZXQ=\r\n';
const ENVELOPE = 'MAIL FROM:<>\r\nRCPT TO:<a@x.example>\r\n';

it.each([
  ['QUIT\r\n', ['close']],
  ['MAIL FROM:<>\r\n', ['reset', 'close']],
  ['BOGUS\r\n', ['refused 500', 'close']],
  ['BDAT 5\r\nab', ['close']],
  ['BDAT 2\r\nab', ['refused 503', 'close']],
  [`${ENVELOPE}DATA\r\nSubject: x\r\n`, ['abort', 'close']],
])('after %j the handler gets it', async (octets, recorded) => {
  const heard: string[] = [];
  const hear = ({ principal, hello }: Session<string>, what: string): void => {
    heard.push(`${what} of ${principal} at ${hello?.name}`);
  };
  const { port } = await serve({
    limits: { errors: 1 },
    onAuth: (_, { authcid }) => authcid.expose(),
    onRefused: (session, _, { code }) => hear(session, `refused ${code}`),
    onReset: (session) => hear(session, 'reset'),
    onClose: (session) => hear(session, 'close'),
    onContent: (session) => ({
      write: () => undefined,
      end: () => undefined,
      abort: () => hear(session, 'abort'),
    }),
  });
  const talk = await Talk.open(port);
  await talk.play('< 220');
  talk.write(SIGNED_IN + octets);
  talk.finish();
  await until('the end', () => heard.length === recorded.length);
  expect(heard).toEqual(recorded.map((what) => `${what} of app at client.example`));
});

it('the log says of a message what was accepted, whatever is open still', () => {
  const lines: string[] = [];
  const { onAccepted } = observe(pino({ base: null }, { write: (line: string) => lines.push(line) }));
  const gone = {
    id: 's',
    remoteAddress: '192.0.2.1',
    tls: null,
    principal: { name: 'example.com' },
    envelope: null,
    origin: null,
  } as unknown as Session<Domain>;
  const needs = { eightBit: false, utf8Header: false, binary: false, longLines: false };
  onAccepted(gone, {
    id: 7,
    size: 2,
    from: 'a@example.com',
    recipients: 3,
    priority: 4,
    tags: [],
    needs,
    duration: 1,
  });
  onAccepted(gone, {
    id: 8,
    size: 2,
    from: 'a@example.com',
    recipients: 3,
    priority: null,
    tags: [],
    needs,
    duration: 1,
  });
  const long = { ...needs, longLines: true };
  onAccepted(gone, {
    id: 9,
    size: 2,
    from: 'a@b.example',
    recipients: 1,
    priority: null,
    tags: [],
    needs: long,
    duration: 1,
  });
  const [first, second, third] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(first).toMatchObject({ domain: 'example.com', id: '7', recipients: 3, priority: 4 });
  expect(second).not.toHaveProperty('priority');
  expect(second).not.toHaveProperty('longLines');
  expect(third).toMatchObject({ id: '9', longLines: true });
});
