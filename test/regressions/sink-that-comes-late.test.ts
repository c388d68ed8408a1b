// Symptom: if onContent took its time (to make a file, say) and the client went before the sink was there, the sink got
// neither end nor abort.
//
// Cause: the sink was kept for content that could not come: the end of the transaction had been reported before.
//
// Fix: a sink that comes when its transaction is gone is aborted at once (src/server/connection/dialogue.ts).
import { expect, it } from 'vitest';
import type { ContentSink } from '../../src/server/index.js';
import { expectNoTrouble, serve, until } from '../server/harness.js';
import { Talk } from '../server/talk.js';

expectNoTrouble();

const BEGINNING = ['> MAIL FROM:<>', '< 250', '> RCPT TO:<a@x.example>', '< 250'];

it('is aborted', async () => {
  const heard: string[] = [];
  const sink: ContentSink = {
    write: () => void heard.push('write'),
    end: () => void heard.push('end'),
    abort: (reason) => void heard.push(`abort ${reason}`),
  };
  let open: ((sink: ContentSink) => void) | undefined;
  const { port, server } = await serve({
    onContent: () => new Promise<ContentSink>((resolve) => (open = resolve)),
    onReset: () => void heard.push('reset'),
  });
  const talk = await Talk.greeted(port);
  await talk.play(...BEGINNING);
  talk.write('DATA\r\n');
  await until('it is asked for a sink', () => open !== undefined);
  await server.close(0);
  expect(heard).toEqual(['reset']);
  open?.(sink);
  await until('the sink hears of it', () => heard.length > 1);
  expect(heard).toEqual(['reset', 'abort disconnected']);
});

it('is aborted where the handler itself has disconnected', async () => {
  const heard: string[] = [];
  const { port, server } = await serve({
    onContent: (session) => {
      session.disconnect();
      return { write: () => undefined, end: () => undefined, abort: (reason) => void heard.push(reason) };
    },
  });
  const talk = await Talk.greeted(port);
  await talk.play(...BEGINNING, '> DATA');
  await until('the end', () => server.connections === 0);
  expect(heard).toEqual(['disconnected']);
});

it('is used where its client waits for it', async () => {
  const heard: string[] = [];
  const { port } = await serve({
    onContent: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return {
        write: () => undefined,
        end: () => void heard.push('end'),
        abort: () => void heard.push('abort'),
      };
    },
  });
  const talk = await Talk.greeted(port);
  for (const command of ['DATA', 'DATA'])
    await talk.play(...BEGINNING, `> ${command}`, '< 354', '> .', '< 250');
  expect(heard).toEqual(['end', 'end']);
});
