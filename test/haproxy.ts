/** Debian's HAProxy for tests, where it is installed. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export const HAPROXY_PRESENT = ((): boolean => {
  try {
    execFileSync('haproxy', ['-v'], { stdio: 'ignore', env: withSystemFolders() });
    return true;
  } catch {
    return false;
  }
})();

/** HAProxy is a program of the system: not every user has its folder in the path. */
function withSystemFolders(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };
}

/**
 * Starts HAProxy until the end of the test. It takes over a socket that listens already, so no other process can have the
 * port.
 *
 * @param configuration returns the configuration, in which something binds to the address
 * @returns the port on 127.0.0.1
 */
export async function startHaproxy(configuration: (address: string) => string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-haproxy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, configuration('fd@3'));
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  const child = spawn('haproxy', ['-db', '-f', file], {
    stdio: ['ignore', 'ignore', 'pipe', fd],
    env: withSystemFolders(),
  });
  let said = '';
  child.stderr?.on('data', (text: Buffer) => (said += text.toString()));
  child.on('exit', (code) => {
    if (code !== null) process.emitWarning(`haproxy ended: ${said}`);
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  // From now on the socket is HAProxy's alone.
  socket.close();
  await once(socket, 'close');
  return port;
}
