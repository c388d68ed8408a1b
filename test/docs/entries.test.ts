// The entries of the library: what each loads, and the examples of `postern/client` and `postern/protocol`.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createServer } from '../../src/index.js';
import { readDocument } from './markdown.js';
import { installed, Program, start } from './programs.js';
import { spawn } from 'node:child_process';

const embedding = readDocument('docs/embedding.md');

function example(heading: string): string {
  const block = embedding.blocks.find((one) => one.heading === heading && one.language === 'js');
  expect(block).toBeDefined();
  return block?.text ?? '';
}

/** A loader that prints each module which is not a file of Postern's own. */
const printing = `
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  if (!/\\/dist\\/(index|received|message|base|protocol|server|client|smtp-server)\\b/.test(found.url)) {
    if (context.parentURL?.includes('/dist/')) process._rawDebug('loads ' + found.url);
  }
  return found;
}
`;

async function loadedBy(entry: string): Promise<string[]> {
  const folder = await installed();
  await writeFile(join(folder, 'loader.mjs'), printing);
  await writeFile(
    join(folder, 'register.mjs'),
    `import { register } from 'node:module'; register('./loader.mjs', import.meta.url);`,
  );
  await writeFile(join(folder, 'main.mjs'), `await import('${entry}'); console.log('imported');`);
  const program = new Program(
    spawn(process.execPath, ['--import', './register.mjs', 'main.mjs'], { cwd: folder }),
  );
  await program.exited;
  expect(program.output).toContain('imported');
  return [...new Set(Array.from(program.output.matchAll(/^loads (.*)$/gm), ([, url = '']) => url))];
}

describe('an entry loads modules of Node and nothing else', () => {
  it.each(['postern', 'postern/client', 'postern/smtp-server'])('%s', async (entry) => {
    const loaded = await loadedBy(entry);
    expect(loaded.length).toBeGreaterThan(3);
    expect(loaded.filter((url) => !url.startsWith('node:'))).toEqual([]);
  });

  it('postern/protocol not even these', async () => {
    expect(await loadedBy('postern/protocol')).toEqual([]);
  });
});

describe('an example of docs/embedding.md', () => {
  it('sends with postern/client', async () => {
    const got: string[] = [];
    const server = createServer({
      async onData(session, body) {
        for await (const octets of body) got.push(Buffer.from(octets).toString());
        expect(session.envelope.recipients.map(({ forwardPath }) => forwardPath.address)).toEqual([
          'you@example.net',
        ]);
      },
    });
    onTestFinished(() => server.close(0));
    const { port } = await server.listen(0);
    const text = example('The client');
    expect(text).toContain('port: 2525');
    const program = await start(await installed(), 'client.mjs', text.replace('2525', String(port)));
    expect((await program.exited)[0]).toBe(0);
    expect(program.output).toBe('1 accepted: 250 2.0.0 Ok: message accepted\n');
    expect(got.join('')).toBe('From: app@example.com\r\nSubject: Hello\r\n\r\nHello!\r\n');
  });

  it('takes a message through both machines of postern/protocol, in about thirty lines', async () => {
    const text = example('The protocol without sockets');
    expect(text.trim().split('\n').length).toBeLessThanOrEqual(36);
    const program = await start(await installed(), 'protocol.mjs', text);
    expect((await program.exited)[0]).toBe(0);
    expect(program.output.split('\n')).toEqual([
      'greeting: 220 mx.example.net ESMTP ready',
      expect.stringMatching(/^EHLO: 250 mx\.example\.net Nice to meet you, \[192\.0\.2\.1\] PIPELINING /),
      'MAIL: 250 2.1.0 Sender ok',
      'RCPT: 250 2.1.5 Recipient ok',
      'DATA: 354 End data with <CR><LF>.<CR><LF>',
      'content: Hello!',
      'content: 250 2.0.0 Ok: message accepted',
      'QUIT: 221 2.0.0 Bye',
      '',
    ]);
  });
});
