// Servers that do their work in part: the report must not make more of it than it was, nor less.
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { reportText, runPlan } from '../../src/load/index.js';
import { answering, hostileServer } from '../client/hostile-server.js';
import { planFor } from './plan.js';

/** Takes everything, except where another reply is given. */
function taking(socket: Socket, other: (line: string) => string | null | undefined = () => undefined): void {
  socket.write('220 x\r\n');
  answering(socket, (line) => {
    const reply = other(line);
    if (reply !== undefined) return reply;
    if (line === 'DATA') return '354 go on\r\n';
    return /^(EHLO|MAIL|RCPT|RSET|QUIT|\.$)/.test(line) ? '250 ok\r\n' : null;
  });
}

it('the time in which a server is gone counts: throughput is that of the whole run', async () => {
  let accepted = 0;
  const port = await hostileServer((socket) => {
    if (accepted === 5) socket.destroy();
    else
      taking(socket, (line) => {
        if (line === '.' && ++accepted === 5) socket.end('250 ok\r\n');
        return accepted === 5 ? null : undefined;
      });
  });
  const report = await runPlan(planFor(port, { connections: 1, messages: null, duration: 600 }));
  expect(report.messages.accepted).toBe(5);
  expect(report.seconds).toBeGreaterThanOrEqual(0.6);
  expect(report.gaveUp).toBe(false);
});

it('a server that takes only some of the connections is loaded over those', async () => {
  let connections = 0;
  const port = await hostileServer((socket) => {
    // The refusal is there before any other connection is ready.
    if (++connections % 4 !== 0) socket.end('421 4.7.0 too many connections\r\n');
    else setTimeout(() => taking(socket), 20);
  });
  const report = await runPlan(planFor(port, { connections: 4, messages: 20 }));
  expect(report.messages).toMatchObject({ accepted: 20, lost: 0, refused: 0 });
  expect(report.messages.notOpened).toBeGreaterThan(0);
  expect(report.faults.replies).toEqual({ 421: '421 4.7.0 too many connections' });
});

it('a thread that gets no connection waits for those of the others', async () => {
  let open = 0;
  const port = await hostileServer((socket) => {
    if (open > 0) {
      socket.end('421 4.7.0 too many connections\r\n');
      return;
    }
    open++;
    socket.on('close', () => open--);
    // Longer in all than a thread without a connection goes on by itself.
    taking(socket, (line) => {
      if (line !== '.') return undefined;
      setTimeout(() => socket.write('250 ok\r\n'), 150);
      return null;
    });
  });
  const report = await runPlan(planFor(port, { connections: 2, messages: 20, threads: 2 }));
  expect(report).toMatchObject({ gaveUp: false, messages: { accepted: 20, opened: 2, lost: 0 } });
  expect(report.faults.replies).toEqual({ 421: '421 4.7.0 too many connections' });
});

it('threads none of which gets a connection end the run', async () => {
  const port = await hostileServer((socket) => socket.end('421 4.7.0 too many connections\r\n'));
  const running = runPlan(planFor(port, { connections: 2, duration: 10_000, messages: null, threads: 2 }));
  await expect(running).rejects.toThrow('421 4.7.0 too many connections');
});

it('reports why some recipients of a message were refused, though the message was accepted', async () => {
  const port = await hostileServer((socket) =>
    taking(socket, (line) => (/^RCPT.*[02468]@/.test(line) ? '550 5.1.1 no such user\r\n' : undefined)),
  );
  const report = await runPlan(planFor(port, { messages: 6, recipients: 2 }));
  expect(report.messages).toMatchObject({ accepted: 6, refused: 0 });
  expect(report.replies).toMatchObject({ 550: 6 });
  expect(report.faults.replies).toEqual({ 550: '550 5.1.1 no such user' });
});

it('a run is given up if the server stays away', { timeout: 30_000 }, async () => {
  let connections = 0;
  const port = await hostileServer((socket) => {
    if (++connections > 1) socket.destroy();
    else taking(socket, (line) => (line === 'DATA' ? (socket.destroy(), null) : undefined));
  });
  const report = await runPlan(planFor(port, { connections: 1, messages: 2 }));
  expect(report).toMatchObject({ gaveUp: true, interrupted: false, messages: { accepted: 0, lost: 1 } });
  expect(report.seconds).toBeGreaterThanOrEqual(10);
  expect(reportText(report)).toContain('! Given up before its end: ');
});
