import { describe, expect, it, onTestFinished } from 'vitest';
import type { Domain, MessageDetail } from '../../src/store/port.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { Gateway } from '../../src/submission/gateway.js';
import { localhostCertificates, serve, type ServeOptions } from '../server/harness.js';
import { Talk } from '../server/talk.js';
import { NO_TERMS, tempFolder } from '../store/fixtures.js';

const NOW = Date.UTC(2026, 4, 1, 12);

/** Starts a gateway over a store, and a client that has sent EHLO. */
async function gateway(options: ServeOptions<Domain> = {}) {
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
    store,
    /** Sends a message with these parameters, and returns what the store has of it. */
    async send(mail: string, ...recipients: string[]): Promise<MessageDetail | null> {
      await talk.play(`> MAIL FROM:<app@example.com> ${mail}`, '< 250');
      for (const recipient of recipients) await talk.play(`> RCPT TO:${recipient}`, '< 250');
      await talk.play('> DATA', '< 354', '> From: app@example.com', '> ', '> Hello', '> .', '< 250');
      const [message] = await store.messages({ limit: 1 });
      return store.message(message?.id ?? 0);
    },
  };
}

describe('the terms of MAIL and RCPT', () => {
  it('are empty by default', async () => {
    const { send } = await gateway();
    expect(await send('SIZE=100', '<a@example.net>')).toMatchObject({
      status: 'held',
      recipients: [{ forwardPath: 'a@example.net', notify: null, originalRecipient: null }],
      terms: NO_TERMS,
    });
  });

  it('keep BODY and SMTPUTF8', async () => {
    const { send } = await gateway();
    const message = await send('BODY=8BITMIME SMTPUTF8', '<a@example.net>');
    expect(message?.terms).toMatchObject({ body: '8BITMIME', smtputf8: true });
    expect((await send('BODY=7BIT', '<a@example.net>'))?.terms).toMatchObject({
      body: '7BIT',
      smtputf8: false,
    });
  });

  it('keep the parameters of DSN', async () => {
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

  const extensions = {
    deliverBy: { minimum: 0 },
    futureRelease: { maxInterval: 86_400, now: () => NOW },
    mtPriority: {},
    requireTls: true,
  };

  it('keep BY, as a time, and MT-PRIORITY', async () => {
    const { send } = await gateway({ extensions });
    const returned = await send('BY=90;RT MT-PRIORITY=-2', '<a@example.net>');
    expect(returned).toMatchObject({
      status: 'held',
      terms: { deliverBy: { time: NOW + 90_000, otherwise: 'return', trace: true }, priority: -2 },
    });
    const outcome = await send('BY=-5;N', '<a@example.net>');
    expect(outcome?.terms.deliverBy).toEqual({ time: NOW - 5000, otherwise: 'notify', trace: false });
  });

  it('keep a release time, until which the message is queued', async () => {
    const { send } = await gateway({ extensions });
    const held = await send('HOLDFOR=3600', '<a@example.net>');
    expect(held).toMatchObject({
      status: 'queued',
      recipients: [{ status: 'queued' }],
      terms: { releaseAt: NOW + 3_600_000 },
    });
    const until = await send('HOLDUNTIL=2026-05-02T12:00:00Z', '<a@example.net>');
    expect(until).toMatchObject({ status: 'queued', terms: { releaseAt: NOW + 86_400_000 } });
  });

  it('drop a release time that has passed', async () => {
    const { send } = await gateway({ extensions });
    const passed = await send('HOLDUNTIL=2026-05-01T12:00:00Z', '<a@example.net>');
    expect(passed).toMatchObject({ status: 'held', terms: { releaseAt: null } });
  });

  it('keep REQUIRETLS, over TLS', async () => {
    const certificates = await localhostCertificates();
    const { talk, send } = await gateway({ extensions, certificates });
    await talk.play('> MAIL FROM:<app@example.com> REQUIRETLS', '< 555 5.5.4', '> STARTTLS', '< 220');
    await talk.secure();
    await talk.play('> EHLO client.example', '< 250');
    expect(await send('REQUIRETLS', '<a@example.net>')).toMatchObject({ terms: { requireTls: true } });
  });
});

describe('the needs of the content', () => {
  const NOTHING = { eightBit: false, utf8Header: false, binary: false, longLines: false };

  it.each([
    ['Hello', NOTHING],
    ['H\xc3\xa9llo', { ...NOTHING, eightBit: true }],
    ['a'.repeat(999), { ...NOTHING, longLines: true }],
  ])('are computed from the octets: %j', async (line, needs) => {
    const { talk, send, store } = await gateway();
    const message = await send('BODY=8BITMIME SMTPUTF8', '<a@example.net>');
    expect(message?.needs).toEqual(NOTHING);
    await talk.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<a@example.net>', '< 250');
    await talk.play('> DATA', '< 354');
    talk.write(Buffer.from(`From: app@example.com\r\n\r\n${line}\r\n.\r\n`, 'latin1'));
    expect(await talk.reply()).toMatch(/^250/);
    const [last] = await store.messages({ limit: 1 });
    expect((await store.message(last?.id ?? 0))?.needs).toEqual(needs);
  });

  it('are not SMTPUTF8 because of the Received field', async () => {
    const { talk, send, store } = await gateway();
    talk.write('MAIL FROM:<app@example.com> SMTPUTF8\r\n');
    talk.write(Buffer.from('RCPT TO:<a@b\u00fccher.example>\r\nDATA\r\n', 'utf8'));
    await talk.play('< 250', '< 250', '< 354', '> From: app@example.com', '> ', '> Hello', '> .', '< 250');
    const [{ id } = { id: 0 }] = await store.messages({ limit: 1 });
    expect((await store.message(id))?.needs).toEqual(NOTHING);
    expect(await send('SMTPUTF8', '<a@example.net>')).not.toBeNull();
    talk.write('MAIL FROM:<app@example.com> SMTPUTF8\r\n');
    talk.write(Buffer.from('RCPT TO:<a@b\u00fccher.example>\r\nDATA\r\n', 'utf8'));
    talk.write(Buffer.from('From: app@example.com\r\nSubject: \u00e9\r\n\r\nHello\r\n.\r\n', 'utf8'));
    await talk.play('< 250', '< 250', '< 354', '< 250');
    const [utf8] = await store.messages({ limit: 1 });
    expect((await store.message(utf8?.id ?? 0))?.needs).toMatchObject({ utf8Header: true });
    const pieces: Uint8Array[] = [];
    for await (const piece of store.content(utf8?.id ?? 0)) pieces.push(piece);
    expect(Buffer.concat(pieces).toString('utf8')).toContain('for <a@b\u00fccher.example>');
  });
});
