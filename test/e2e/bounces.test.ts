/** What a sender hears of a message that fails: by the queue, to the far side, and no further than that. */
import { createTransport } from 'nodemailer';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RemoteServer } from '../delivery/remote-server.js';
import { parse } from '../delivery/reports/parse.js';
import { SENDER } from './clients.js';
import { GatewayProcess } from './gateway-process.js';

/** A far end that knows everybody but these, and a gateway that delivers to it. */
async function start(...unknown: string[]) {
  const far = await RemoteServer.open({
    behave: ({ phase, address }) =>
      phase === 'rcpt' && unknown.includes(address ?? '') ? '550 5.1.1 No such user' : undefined,
    extensions: { dsn: false },
  });
  const gateway = await GatewayProcess.start({
    environment: { POSTERN_DELIVER: `smtp://127.0.0.1:${far.port}`, POSTERN_LOG_FORMAT: 'json' },
  });
  const { port, token } = gateway;
  const transport = createTransport({
    host: '127.0.0.1',
    port,
    ignoreTLS: true,
    auth: { user: token, pass: token },
  });
  onTestFinished(() => {
    transport.close();
  });
  return { far, gateway, transport };
}

const MESSAGE = {
  envelope: { from: SENDER, to: ['you@example.net', 'nobody@example.net'] },
  from: SENDER,
  to: 'you@example.net, nobody@example.net',
  subject: 'Gr\u00fc\u00dfe',
  messageId: '<42@example.com>',
  text: 'Hello',
};

describe('a message that one of its recipients does not get', () => {
  it('brings the sender one notification, with a null reverse-path, about that recipient alone', async () => {
    const { far, gateway, transport } = await start('nobody@example.net');
    await transport.sendMail({ ...MESSAGE, dsn: { id: 'order 42', return: 'full', notify: ['failure'] } });
    await gateway.says(/"delivered"[^\n]*\n[^]*"sender notified"[^]*"delivered"/);
    await gateway.stop();
    expect(far.received.map(({ reversePath, recipients }) => [reversePath, recipients[0]?.address])).toEqual([
      [SENDER, 'you@example.net'],
      ['', SENDER],
    ]);
    const { header, text, status, returned } = await parse(far.received[1]?.content ?? Buffer.alloc(0));
    expect(header.get('from')).toBe('Mail Delivery System <MAILER-DAEMON@mx.example>');
    expect(header.get('in-reply-to')).toBe('<42@example.com>');
    expect(text).toContain('nobody@example.net');
    expect(text).not.toContain('you@example.net');
    expect(status).toMatchObject([
      { 'original-envelope-id': 'order 42', 'reporting-mta': 'dns; mx.example' },
      { 'final-recipient': 'rfc822; nobody@example.net', action: 'failed', status: '5.1.1' },
    ]);
    expect(status).toHaveLength(2);
    expect(returned?.type).toBe('message/rfc822');
    expect(returned?.lines).toContain('Hello');
  });

  it('brings none where NOTIFY says never', async () => {
    const { far, gateway, transport } = await start('nobody@example.net');
    await transport.sendMail({ ...MESSAGE, dsn: { return: 'headers', notify: 'never' } });
    await gateway.says(/"bounced"/);
    await gateway.stop();
    expect(gateway.stderr).not.toContain('sender notified');
    expect(far.received.every(({ reversePath }) => reversePath === SENDER)).toBe(true);
  });

  it('brings no bounce of the bounce', async () => {
    const { far, gateway, transport } = await start('you@example.net', 'nobody@example.net', SENDER);
    await transport.sendMail(MESSAGE);
    await gateway.says(new RegExp(`"sender notified"[^]*"to":"${SENDER}"[^\\n]*"bounced"`));
    // A line of the log is written before the record that it is about.
    const statuses = async () => (await gateway.messages()).map(({ from, status }) => [from, status]).sort();
    await expect.poll(statuses, { timeout: 20_000, interval: 200 }).toEqual([
      ['MAILER-DAEMON@mx.example', 'bounced'],
      [SENDER, 'bounced'],
    ]);
    await gateway.stop();
    expect(far.received).toEqual([]);
    expect(gateway.stderr.match(/sender notified/g)).toHaveLength(1);
  });
});
