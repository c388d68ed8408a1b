// The examples of docs/guides/from-smtp-server.md, run as they stand, and its table of options.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTransport, type Transporter } from 'nodemailer';
import { expect, it } from 'vitest';
import { PROJECT, readDocument } from '../docs/markdown.js';
import { installed, start } from '../docs/programs.js';
import { Talk } from '../server/talk.js';

const guide = readDocument('docs/guides/from-smtp-server.md');
const mail = {
  from: 'a@example.com',
  to: 'you@example.net',
  subject: 'Hello',
  text: 'Hello!',
} as const;

async function run(heading: string): Promise<{
  port: number;
  says: (pattern: RegExp) => Promise<unknown>;
  app: Transporter;
}> {
  const blocks = guide.blocks.filter((one) => one.heading === heading && one.language === 'js');
  expect(blocks.length).toBe(1);
  const text = blocks[0]?.text ?? '';
  expect(text).toContain('2525');
  const program = await start(await installed(), 'main.mjs', text.replace('2525', '0'));
  const [, port = ''] = await program.says(/^listening on (\d+)$/m);
  const app = createTransport({ host: '127.0.0.1', port: Number(port), tls: { rejectUnauthorized: false } });
  return { port: Number(port), says: (pattern) => program.says(pattern), app };
}

it.each(['From npm’s smtp-server', 'The next step'])('takes and refuses mail: %s', async (heading) => {
  const { app, says } = await run(heading.replace('’', "'"));
  await expect(app.sendMail({ ...mail, to: 'x@example.org' })).rejects.toThrow('Not here');
  expect((await app.sendMail(mail)).response).toMatch(/^250 .*Queued$/);
  await says(/^\d+ octets for you@example\.net$/m);
});

it('relaxes what can be relaxed', async () => {
  const { port, says } = await run("Options of Postern's own server");
  const talk = await Talk.greeted(port);
  for (let i = 0; i < 6; i++) await talk.play('> AUTH PLAIN AGFwcAB3cm9uZw==', '< 535 Wrong');
  await talk.play('> AUTH PLAIN AGFwcABzZWNyZXQ=', '< 235', '> MAIL FROM:<a@x.example>', '< 250');
  for (let i = 0; i < 150; i++) await talk.play(`> RCPT TO:<${i}@y.example>`, '< 250');
  await talk.play('> DATA', '< 354');
  talk.socket.write('a\nb\r\n.\r\n');
  await talk.play('< 250');
  await says(/a\\r\\nb/);
});

it('names every option', () => {
  const source = readFileSync(join(PROJECT, 'src/smtp-server/options.ts'), 'utf8');
  const body = source.slice(source.indexOf('export interface SMTPServerOptions'));
  const names = Array.from(body.matchAll(/^ {2}(\w+)\?:/gm), ([, name = '']) => name);
  expect(names.length).toBeGreaterThan(35);
  const text = readFileSync(join(PROJECT, 'docs/guides/from-smtp-server.md'), 'utf8');
  const missing = names.filter((name) => !text.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});
