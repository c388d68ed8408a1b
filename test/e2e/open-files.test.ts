/** Invariant: no client is dropped without a word because the server may open no more files. */
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { GatewayProcess } from './gateway-process.js';
import { lines } from './sending.js';

const CLIENTS = 300;

/** Connects, and returns the code of the first reply, or a word for what came in its place. */
function firstReply(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('data', (octets: Buffer) => resolve(octets.subarray(0, 3).toString()));
    socket.on('close', () => resolve('closed'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

it.skipIf(process.platform !== 'linux')(
  'more clients than the limit of open files allows each get a reply, and the log says so',
  async () => {
    const gateway = await GatewayProcess.start({
      by: ['sh', '-c', 'ulimit -n 200; exec "$@"', 'sh'],
      args: ['--http', 'off'],
    });
    expect(gateway.log.find((line) => 'open_files' in line)).toMatchObject({
      level: 'warn',
      open_files: 200,
      msg: expect.stringContaining('raise it (ulimit -n') as string,
    });
    const replies = await Promise.all(Array.from({ length: CLIENTS }, () => firstReply(gateway.port)));
    const count = (code: string): number => replies.filter((reply) => reply === code).length;
    expect(count('220')).toBeGreaterThan(100);
    expect(count('220') + count('421')).toBe(CLIENTS);
    expect(lines(gateway, 'refused before the greeting')[0]).toMatchObject({
      level: 'warn',
      reason: 'too many connections',
    });
    expect(await gateway.stop()).toBe(0);
  },
);
