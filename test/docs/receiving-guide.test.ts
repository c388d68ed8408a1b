// The examples of docs/guides/receiving.md, run as they stand but for the port.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect } from '../../src/client/index.js';
import { PROJECT, readDocument } from './markdown.js';
import { installed, Program } from './programs.js';

const guide = readDocument('docs/guides/receiving.md');
const hasHaproxy =
  spawnSync('haproxy', ['-v'], { env: { PATH: `${process.env['PATH']}:/usr/sbin` } }).status === 0;

function block(heading: string, language = 'js'): string {
  const found = guide.blocks.find((one) => one.heading === heading && one.language === language);
  expect(found, heading).toBeDefined();
  return found?.text ?? '';
}

interface Running {
  readonly program: Program;
  readonly port: number;
  readonly folder: string;
}

/** Starts an example on a free port. */
async function run(text: string, environment: Record<string, string> = {}): Promise<Running> {
  const folder = await installed();
  symlinkSync(join(PROJECT, 'node_modules/@photostructure'), join(folder, 'node_modules/@photostructure'));
  expect(text).toContain('port: 2525');
  await writeFile(join(folder, 'example.mjs'), text.replace('port: 2525', 'port: 0'));
  const env = { ...process.env, ...environment };
  const program = new Program(spawn(process.execPath, ['example.mjs'], { cwd: folder, env }));
  const [, port = ''] = await program.says(/^listening on (\d+)$/m);
  return { program, port: Number(port), folder };
}

async function send(
  port: number,
  options: SendMailOptions & { auth?: { user: string; pass: string } } = {},
): Promise<string> {
  const { auth, ...more } = options;
  const transport = createTransport({
    host: '127.0.0.1',
    port,
    ignoreTLS: true,
    ...(auth === undefined ? {} : { auth }),
  });
  const info = await transport.sendMail({
    from: 'app@example.com',
    to: 'you@example.net',
    text: 'Hello!',
    ...more,
  });
  return (info as { response: string }).response;
}

describe('an example of the guide to receiving', () => {
  it('takes a message in about ten lines of JavaScript', async () => {
    const text = block('The first server');
    expect(text.trim().split('\n').length).toBeLessThanOrEqual(11);
    const { port, program } = await run(text);
    expect(await send(port)).toMatch(/^250 /);
    await program.says(/^\d+ octets from 127\.0\.0\.1$/m);
  });

  it('holds in strict TypeScript, and runs', async () => {
    const folder = await installed();
    await writeFile(
      join(folder, 'example.mts'),
      block('The first server', 'ts').replace('port: 2525', 'port: 0'),
    );
    const compilerOptions = {
      ...{ strict: true, target: 'ES2022', module: 'NodeNext', skipLibCheck: true, types: ['node'] },
      typeRoots: [join(PROJECT, 'node_modules/@types')],
    };
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['example.mts'] }),
    );
    execFileSync(process.execPath, [join(PROJECT, 'node_modules/typescript/bin/tsc'), '-p', folder]);
    const program = new Program(spawn(process.execPath, ['example.mjs'], { cwd: folder }));
    const [, port = ''] = await program.says(/^listening on (\d+)$/m);
    const to = ['a@example.net', 'b@example.net', 'c@example.net'];
    expect(await send(Number(port), { to })).toMatch(/^250 /);
    await program.says(/^app@example\.com to b@example\.net$/m);
    expect(program.output).not.toContain('c@example.net');
  });

  it('asks a database who a user is', async () => {
    const { port, program } = await run(block('Users from a database'));
    await expect(send(port, { auth: { user: 'app', pass: 'wrong' } })).rejects.toThrow('535');
    await expect(send(port, { auth: { user: 'who', pass: 'secret' } })).rejects.toThrow('535');
    expect(await send(port, { auth: { user: 'app', pass: 'secret' } })).toMatch(/^250 /);
    await program.says(/^from app$/m);
  });

  it('streams to disk, with its trace field first', async () => {
    const { port, program, folder } = await run(block('To disk'));
    expect(await send(port, { text: 'x'.repeat(200_000) })).toMatch(/^250 /);
    await program.says(/^kept /m);
    const [name = '', ...others] = readdirSync(join(folder, 'mail'));
    expect(others).toEqual([]);
    const kept = readFileSync(join(folder, 'mail', name), 'latin1');
    expect(kept).toMatch(/^Received: from /);
    expect(kept.length).toBeGreaterThan(200_000);
  });

  it('streams to an object store in parts, and gives up what did not come to its end (a stub of S3)', async () => {
    const store = await stubOfS3();
    const { port } = await run(block('To S3'), { S3_BUCKET_URL: store.url });
    const content = `Subject: large\r\n\r\n${`${'x'.repeat(998)}\r\n`.repeat(12_000)}`;
    const client = await connect({ host: '127.0.0.1', port });
    const { reply } = await client.send({ from: 'app@example.com', to: ['you@example.net'], content });
    expect(String(reply)).toBe('250 2.0.0 Stored');
    await client.quit();
    expect(store.parts).toEqual([5, 5, 2].map(() => expect.any(Number) as number));
    expect(store.objects).toEqual([content.length]);

    store.broken = true;
    await expect(send(port)).rejects.toThrow('451');
    expect(store.given).toBe(1);
  });

  it('answers in words of its own', async () => {
    const { port } = await run(block('Replies of your own'));
    expect(await send(port)).toBe('250 2.6.0 Thank you');
    await expect(send(port, { to: 'you@example.org' })).rejects.toThrow(/550-5\.7\.1 We do not relay/);
  });

  it('answers for each recipient of LMTP', async () => {
    const { port } = await run(block('LMTP'));
    const client = await connect({ host: '127.0.0.1', port, lmtp: true });
    const to = ['you@example.net', 'full@example.net'];
    const { accepted, refused } = await client.send({
      from: 'app@example.com',
      to,
      content: 'Subject: x\r\n\r\nx\r\n',
    });
    expect(accepted).toEqual(['you@example.net']);
    expect(refused.map(({ recipient, reply }) => [recipient, reply.code])).toEqual([
      ['full@example.net', 452],
    ]);
    await client.quit();
  });

  it.skipIf(!hasHaproxy)('sees the client through HAProxy (skipped without haproxy)', async () => {
    const { port, program, folder } = await run(block('Behind HAProxy'));
    const front = await freePort();
    const configuration = block('Behind HAProxy', 'haproxy')
      .replace('127.0.0.1:587', `127.0.0.1:${front}`)
      .replace('2525', String(port));
    await writeFile(join(folder, 'haproxy.cfg'), configuration);
    const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` };
    new Program(spawn('haproxy', ['-db', '-f', 'haproxy.cfg'], { cwd: folder, env }));
    await expect.poll(() => send(front).catch(String), { timeout: 20_000, interval: 100 }).toMatch(/^250 /);
    await program.says(new RegExp(`^from 127\.0\.0\.1 to port ${front}$`, 'm'));
  });
});

/** A server with the multipart upload of S3, and nothing else of it: no bucket, no signatures. */
async function stubOfS3() {
  const store = { url: '', parts: [] as number[], objects: [] as number[], given: 0, broken: false };
  let size = 0;
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const query = new URL(request.url ?? '', 'http://localhost').searchParams;
      if (request.method === 'DELETE') store.given++;
      else if (request.method === 'PUT') {
        if (store.broken) response.statusCode = 500;
        store.parts.push(body.length);
        size += body.length;
        response.setHeader('etag', `"${store.parts.length}"`);
      } else if (query.has('uploads')) {
        size = 0;
        response.write(
          '<InitiateMultipartUploadResult><UploadId>7</UploadId></InitiateMultipartUploadResult>',
        );
      } else if (body.toString().includes('<ETag>')) store.objects.push(size);
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  store.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bucket`;
  return store;
}

async function read(request: IncomingMessage): Promise<Buffer> {
  return Buffer.concat((await request.toArray()) as Buffer[]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
