// Symptom: if a handler ended a connection by `session.disconnect()`, the end was reported first, and the fate of the
// message after it: onClose, then onReset or the sink's abort. A handler that keeps something for each session, and
// drops it in onClose, needed it once more.
//
// Cause: a handler is called from inside the pump, which reports such events when the handler has returned; the end
// was reported at once.
//
// Fix: the end waits for the pump (#gone in src/server/connection/connection.ts).
import { expect, it } from 'vitest';
import { expectNoTrouble, serve, until } from '../server/harness.js';
import { Talk } from '../server/talk.js';

expectNoTrouble();

it.each([
  ['onRcpt', ['reset', 'close']],
  ['write', ['abort disconnected', 'close']],
  ['write that is never done', ['abort disconnected', 'close']],
])('%s disconnects: the end is reported last', async (where, recorded) => {
  const heard: string[] = [];
  const { port, server } = await serve({
    onRcpt: (session) => {
      if (where === 'onRcpt') session.disconnect();
    },
    onContent: (session) => ({
      write: () => {
        session.disconnect();
        return where === 'write' ? undefined : new Promise(() => undefined);
      },
      end: () => undefined,
      abort: (reason) => void heard.push(`abort ${reason}`),
    }),
    onReset: () => void heard.push('reset'),
    onClose: () => void heard.push('close'),
  });
  const talk = await Talk.greeted(port);
  talk.write('MAIL FROM:<>\r\nRCPT TO:<a@x.example>\r\nDATA\r\nSubject: x\r\n');
  await until('the end', () => server.connections === 0);
  expect(heard).toEqual(recorded);
});
