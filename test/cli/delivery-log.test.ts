import type { Logger } from 'pino';
import { expect, it } from 'vitest';
import { observeCuts } from '../../src/cli/serve/delivery-log.js';

it('logs cuts of one remote server in one phase at warn once, and then at debug', () => {
  const lines: unknown[] = [];
  const at = (level: string) => (line: object, text: string) => lines.push([level, line, text]);
  const log = { warn: at('warn'), debug: at('debug') } as unknown as Logger;
  const onCut = observeCuts(log);
  const cut = { host: 'mx.example', phase: 'in reply to RSET', reason: 'x' };
  onCut(cut);
  onCut(cut);
  onCut({ ...cut, phase: 'in reply to QUIT' });
  onCut({ ...cut, host: 'mx2.example' });
  const text = 'connection closed by this server, because the remote server broke the protocol';
  expect(lines).toEqual([
    ['warn', { remote: 'mx.example', reason: 'x' }, `${text} in reply to RSET`],
    ['debug', { remote: 'mx.example', reason: 'x' }, `${text} in reply to RSET`],
    ['warn', { remote: 'mx.example', reason: 'x' }, `${text} in reply to QUIT`],
    ['warn', { remote: 'mx2.example', reason: 'x' }, `${text} in reply to RSET`],
  ]);
});
