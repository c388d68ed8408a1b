// The public clients of three mail APIs, pointed here and otherwise unchanged.
/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- Postmark declares its plain objects as classes */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ServerClient } from 'postmark';
import { Resend } from 'resend';
import { describe, expect, it } from 'vitest';
import { testCertificates } from '../certs.js';
import { scratch } from '../scratch.js';
import { ApiHarness, TOKEN } from './api-harness.js';

const CONTENT = Buffer.from('one\r\ntwo\n').toString('base64');

describe('resend', () => {
  async function client(harness: ApiHarness, token = TOKEN): Promise<Resend> {
    return new Resend(token, { baseUrl: `${await harness.listen()}/compat/resend` });
  }

  it('sends a message with all that has a place here', async () => {
    const harness = await ApiHarness.start();
    const resend = await client(harness);
    const { data, error } = await resend.emails.send(
      {
        from: 'App <app@example.com>',
        to: ['a@example.net', 'b@example.net'],
        cc: 'c@example.net',
        bcc: 'd@example.net',
        replyTo: 'r@example.org',
        subject: 'Hello',
        html: '<b>Hi</b>',
        text: 'Hi',
        headers: { 'X-Entity-Ref-ID': '7' },
        attachments: [{ filename: 'a.txt', content: CONTENT }],
        tags: [{ name: 'kind', value: 'welcome' }],
      },
      { idempotencyKey: 'one' },
    );
    expect(error).toBeNull();
    const id = Number(data?.id);
    expect(await harness.message(id)).toMatchObject({
      to: ['a@example.net', 'b@example.net', 'c@example.net', 'd@example.net'],
      subject: 'Hello',
      tags: ['kind:welcome'],
    });
    const raw = await harness.raw(id);
    expect(raw).toContain('\r\nX-Entity-Ref-ID: 7\r\n');
    expect(raw).toContain(CONTENT);
    const again = await resend.emails.send(
      { from: 'x', to: 'y', subject: '', text: '' },
      { idempotencyKey: 'one' },
    );
    expect(again.data).toEqual(data);
    expect(await resend.emails.get(data?.id ?? '')).toMatchObject({
      data: { id: data?.id, from: 'app@example.com', subject: 'Hello', last_event: 'queued' },
    });
  });

  it('sends a batch, or nothing of it', async () => {
    const harness = await ApiHarness.start();
    const resend = await client(harness);
    const mail = { from: 'app@example.com', to: 'a@example.net', subject: 'x', text: 'x' };
    const { data } = await resend.batch.send([mail, { ...mail, to: 'b@example.net' }]);
    expect(data?.data).toHaveLength(2);
    const { error } = await resend.batch.send([mail, { ...mail, from: 'a@other.example' }]);
    expect(error).toMatchObject({ statusCode: 403, name: 'validation_error' });
    expect(await harness.count()).toBe(2);
  });

  it('reads errors in their own shape', async () => {
    const harness = await ApiHarness.start();
    const mail = { from: 'app@example.com', to: 'a@example.net', subject: 'x', text: 'x' };
    const wrong = await (await client(harness, 'wrong')).emails.send(mail);
    expect(wrong.error).toMatchObject({ statusCode: 403, name: 'invalid_api_key' });
    const later = await (await client(harness)).emails.send({ ...mail, scheduledAt: '2030-01-01T00:00:00Z' });
    expect(later.error).toMatchObject({
      statusCode: 422,
      message: 'The `scheduled_at` field: unknown field.',
    });
    const missing = await (await client(harness)).emails.get('5');
    expect(missing.error).toMatchObject({ statusCode: 404, name: 'not_found' });
    expect(await harness.count()).toBe(0);
  });
});

describe('postmark', () => {
  async function client(harness: ApiHarness, token = TOKEN): Promise<ServerClient> {
    const host = (await harness.listen()).replace('http://', '');
    return new ServerClient(token, { useHttps: false, requestHost: `${host}/compat/postmark` });
  }

  it('sends a message with all that has a place here', async () => {
    const harness = await ApiHarness.start();
    const answer = await (
      await client(harness)
    ).sendEmail({
      From: 'App <app@example.com>',
      To: 'a@example.net, b@example.net',
      Bcc: 'd@example.net',
      Subject: 'Hello',
      HtmlBody: '<b>Hi</b>',
      TextBody: 'Hi',
      Tag: 'welcome',
      ReplyTo: 'r@example.org',
      Headers: [{ Name: 'X-Ref', Value: '7' }],
      Attachments: [{ Name: 'a.txt', Content: CONTENT, ContentType: 'text/plain', ContentID: null }],
    });
    expect(answer).toMatchObject({ To: 'a@example.net, b@example.net', ErrorCode: 0, Message: 'OK' });
    expect(await harness.message(Number(answer.MessageID))).toMatchObject({
      tags: ['welcome'],
      subject: 'Hello',
    });
  });

  it('sends a batch, each message with a result of its own', async () => {
    const harness = await ApiHarness.start();
    const mail = { From: 'app@example.com', To: 'a@example.net', Subject: 'x', TextBody: 'x' };
    const answers = await (await client(harness)).sendEmailBatch([mail, { ...mail, To: 'x' }, mail]);
    expect(answers.map(({ ErrorCode }) => ErrorCode)).toEqual([0, 300, 0]);
    expect(await harness.count()).toBe(2);
  });

  it('reads errors in their own shape', async () => {
    const harness = await ApiHarness.start();
    const mail = { From: 'app@example.com', To: 'a@example.net', Subject: 'x', TextBody: 'x' };
    await expect((await client(harness, 'wrong')).sendEmail(mail)).rejects.toMatchObject({
      statusCode: 401,
      code: 10,
    });
    const own = await client(harness);
    await expect(own.sendEmail({ ...mail, From: 'a@other.example' })).rejects.toMatchObject({
      statusCode: 422,
      code: 400,
    });
    await harness.store.blockList.put({
      domain: 'example.com',
      address: 'a@example.net',
      verdict: 'blocked',
      reason: 'bounced',
      since: Date.now(),
    });
    await expect(own.sendEmail(mail)).rejects.toMatchObject({ statusCode: 422, code: 406 });
  });
});

describe('@mailpace/mailpace.js', () => {
  it('sends over https', async () => {
    const { ca, cert, key } = await testCertificates();
    const pem = { cert: await readFile(cert), key: await readFile(key) };
    const harness = await ApiHarness.start({
      createServer: (handler) => createServer(pem, handler),
      tls: true,
    });
    const port = new URL(await harness.listen()).port;
    const file = join(await scratch(), 'send.cjs');
    const name = fileURLToPath(new URL('../../node_modules/@mailpace/mailpace.js', import.meta.url));
    await writeFile(
      file,
      `const { DomainClient } = require(${JSON.stringify(name)});
       new DomainClient(${JSON.stringify(TOKEN)}, { requestHost: '127.0.0.1:${port}/api/v1' })
         .sendEmail({
           from: 'App <app@example.com>', to: 'a@example.net', subject: 'Hello', textbody: 'Hi', tags: ['one', 'two'],
           attachments: [{ name: 'a.txt', content: ${JSON.stringify(CONTENT)}, content_type: 'text/plain' }],
         })
         .then((answer) => console.log(JSON.stringify(answer)));`,
    );
    const env = { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: ca };
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env });
    const answer = JSON.parse(stdout) as { id: number; status: string };
    expect(answer.status).toBe('pending');
    const message = await harness.message(answer.id);
    expect(message).toMatchObject({ to: ['a@example.net'], subject: 'Hello', tags: ['one', 'two'] });
    expect(message.tls).toMatch(/^TLSv1\.3 TLS_/);
  });
});
