/** The PROXY protocol as HAProxy itself speaks it; skipped where Debian's haproxy is not installed. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { expectNoTrouble, localhostCertificates, serve } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const present = ((): boolean => {
  try {
    execFileSync('haproxy', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('not a TCP port');
  return address.port;
}

/** Starts HAProxy in front of the port; gives its own. */
async function haproxy(port: number, option: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-haproxy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const front = await freePort();
  const file = join(folder, 'haproxy.cfg');
  const config = `
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen smtp
  bind 127.0.0.1:${front}
  server postern 127.0.0.1:${port} ${option}
`;
  await writeFile(file, config);
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  for (let n = 0; n < 200; n++) {
    const probe = connect(front, '127.0.0.1');
    const listens = await new Promise((resolve) => {
      probe.on('connect', () => resolve(true)).on('error', () => resolve(false));
    });
    probe.destroy();
    if (listens === true) return front;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('haproxy did not begin to listen');
}

it.skipIf(!present).each(['send-proxy', 'send-proxy-v2', 'send-proxy-v2 proxy-v2-options unique-id,crc32c'])(
  'HAProxy with %s tells who the client is',
  async (option) => {
    const seen: string[] = [];
    const { port } = await serve(
      {
        certificates: await localhostCertificates(),
        onHello: ({ remoteAddress, localPort }) => void seen.push(`${remoteAddress} ${localPort}`),
      },
      { tls: 'detect', proxies: ['127.0.0.1'], proxiesOnly: true },
    );
    const front = await haproxy(port, option);
    await Talk.greeted(front, { from: '127.0.0.7' });
    await Talk.greeted(front, { from: '127.0.0.8', tls: true });
    expect(seen).toEqual([`127.0.0.7 ${front}`, `127.0.0.8 ${front}`]);
  },
);
