import { pino } from 'pino';
import { expect, it } from 'vitest';
import { observe } from '../../src/cli/serve/gateway-log.js';
import { Reply } from '../../src/protocol/index.js';
import type { Session } from '../../src/server/index.js';
import type { Domain } from '../../src/store/port.js';

it('the log says once that a sender is refused, and not again for each command that was pipelined after it', () => {
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => lines.push(line) });
  const { onRefused } = observe(log).handler;
  const session = { id: 's', remoteAddress: '192.0.2.1', tls: null, principal: null, origin: null };
  const refuse = (command: string, reply: Reply) =>
    onRefused?.(session as unknown as Session<Domain>, command, reply);
  const early = new Reply(503, '5.5.1', 'Send MAIL first');
  refuse('MAIL', new Reply(550, '5.7.1', 'Not that sender'));
  refuse('RCPT', early);
  refuse('DATA', early);
  refuse('MAIL', new Reply(550, '5.7.1', 'Not that one either'));
  refuse('RCPT', new Reply(550, '5.7.1', 'Nor that recipient'));
  refuse('DATA', new Reply(554, '5.5.1', 'No valid recipients'));
  refuse('DATA', new Reply(554, '5.4.6', 'Message loop'));
  refuse('RCPT', early);
  const recorded = lines.map((line) => (JSON.parse(line) as { reply: string }).reply.slice(10).trim());
  expect(recorded).toEqual([
    'Not that sender',
    'Not that one either',
    'Nor that recipient',
    'Message loop',
    'Send MAIL first',
  ]);
});
