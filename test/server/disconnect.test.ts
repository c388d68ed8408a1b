import { expect, it } from 'vitest';
import { serve } from './harness.js';
import { Talk } from './talk.js';

it('a handler ends a connection without a word', async () => {
  const { port, closed, errors } = await serve({
    onRcpt: (session) => session.disconnect(),
    onMail: async (session, path) => {
      await Promise.resolve();
      if (path === null) session.disconnect();
    },
  });
  for (const lines of [
    ['> MAIL FROM:<>'],
    ['> MAIL FROM:<a@b.example>', '< 250', '> RCPT TO:<c@d.example>'],
  ]) {
    const talk = await Talk.greeted(port);
    await talk.play(...lines);
    expect(await talk.rest()).toBe('');
  }
  expect(closed).toEqual(['peer', 'peer']);
  expect(errors).toEqual([]);
});
