import { describe, expect, it, onTestFinished } from 'vitest';
import type { ServerOptions } from '../../src/server/index.js';
import type { MessageDetail } from '../../src/store/port.js';
import type { Domain } from '../../src/store/port.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { Gateway } from '../../src/submission/gateway.js';
import { serve } from '../server/harness.js';
import { Talk } from '../server/talk.js';
import { tempFolder } from '../store/fixtures.js';

const NOW = Date.UTC(2026, 4, 1, 12);

/** A gateway over a store, and a client that has said EHLO. */
async function gateway(options: ServerOptions<Domain> = {}) {
  const folder = tempFolder();
  onTestFinished(folder.remove);
  const store = await openSqliteStore({ directory: folder.path, exclusive: true });
  onTestFinished(() => store.close());
  await store.addDomain('example.com', new Uint8Array(32), 0);
  const gateway = new Gateway({ store, hostname: 'mx.example', now: () => NOW });
  const { port } = await serve<Domain>(
    {
      onMail: (session, path) => gateway.onMail(session, path),
      onContent: (session) => gateway.onContent(session),
      ...options,
    },
    { authRequired: false },
  );
  const talk = await Talk.greeted(port);
  return {
    talk,
    /** Sends a message with these parameters, and gives what the store has of it. */
    async send(mail: string, ...recipients: string[]): Promise<MessageDetail | null> {
      await talk.play(`> MAIL FROM:<app@example.com> ${mail}`, '< 250');
      for (const recipient of recipients) await talk.play(`> RCPT TO:${recipient}`, '< 250');
      await talk.play('> DATA', '< 354', '> From: app@example.com', '> ', '> Hello', '> .', '< 250');
      const [message] = await store.messages({ limit: 1 });
      return store.message(message?.id ?? 0);
    },
  };
}

describe('what MAIL and RCPT ask of the delivery', () => {
  it('is nothing, as a rule', async () => {
    const { send } = await gateway();
    expect(await send('SIZE=100', '<a@example.net>')).toMatchObject({
      status: 'held',
      recipients: [{ forwardPath: 'a@example.net', notify: null, originalRecipient: null }],
      terms: {
        ret: null,
        envelopeId: null,
        releaseAt: null,
        deliverBy: null,
        priority: 0,
        requireTls: false,
      },
    });
  });

  it('is kept: DSN', async () => {
    const { send } = await gateway();
    const message = await send(
      'RET=HDRS ENVID=QQ+2B1',
      '<a@example.net> NOTIFY=DELAY,SUCCESS ORCPT=rfc822;A+2Bb@example.net',
      '<c@example.net> NOTIFY=NEVER',
      '<d@example.net>',
    );
    expect(message?.terms).toMatchObject({ ret: 'HDRS', envelopeId: 'QQ+1' });
    expect(message?.recipients).toMatchObject([
      { notify: ['SUCCESS', 'DELAY'], originalRecipient: 'rfc822;A+b@example.net' },
      { notify: [], originalRecipient: null },
      { notify: null, originalRecipient: null },
    ]);
  });
});
