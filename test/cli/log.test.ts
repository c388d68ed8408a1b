import { describe, expect, it } from 'vitest';
import type { Logger } from 'pino';
import { createLog } from '../../src/cli/serve/log.js';
import type { Config } from '../../src/config/index.js';
import { Secret } from '../../src/base/secret.js';
import { Collector } from './postern.js';

const VALUE = 'hunter2-hunter2';

class Terminal extends Collector {
  readonly isTTY = true;
}

async function written(
  format: Config['log']['format'],
  log: (logger: Logger) => void,
  target: Collector = new Collector(),
): Promise<string> {
  log((await createLog({ level: 'trace', format }, target)).logger);
  await new Promise((resolve) => setImmediate(resolve));
  return target.text();
}

describe('the log', () => {
  it('is JSON if standard error is not a terminal, one object a line', async () => {
    const text = await written('auto', (log) => log.info({ session: 'a1' }, 'accepted'));
    expect(JSON.parse(text)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      session: 'a1',
      msg: 'accepted',
    });
    expect(text.endsWith('\n')).toBe(true);
  });

  it('is for people on a terminal, or if the configuration says so', async () => {
    const colored = await written('auto', (log) => log.info({ session: 'a1' }, 'accepted'), new Terminal());
    expect(colored).toMatch(/INFO.*accepted.*"session":"a1"/s);
    expect(colored).toContain('\u001b[');
    const plain = await written('pretty', (log) => log.info({ session: 'a1' }, 'accepted'));
    expect(plain).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: accepted \{"session":"a1"\}\n$/);
    expect(JSON.parse(await written('json', (log) => log.info('x'), new Terminal()))).toMatchObject({
      msg: 'x',
    });
  });

  it('for people has nothing that a terminal obeys, whoever wrote it', async () => {
    const reply = '550 a\u202eb\u200bc\ufeffd\u001b[2Je\u061cf\u{e0041}g';
    const text = await written('pretty', (log) =>
      log.info({ reply, recipients: [{ address: reply }], err: new Error(reply) }, `bounced: ${reply}`),
    );
    expect(text).toContain('550 a\ufffdb\ufffdc\ufffdd\ufffd[2Je\ufffdf\ufffdg');
    expect(text).not.toMatch(/[\u202e\u200b\ufeff\u001b\u061c\u{e0041}]/u);
  });

  it('leaves out lines below the level', async () => {
    const target = new Collector();
    const { logger } = await createLog({ level: 'warn', format: 'json' }, target);
    logger.info('no');
    logger.warn('yes');
    expect(target.text()).toMatch(/^[^\n]*"yes"\}\n$/);
  });
});

describe('secrets', () => {
  const secret = new Secret(VALUE);

  it.each<[string, (log: Logger) => void]>([
    ['in an object', (log) => log.info({ password: secret }, 'x')],
    ['deep in an object', (log) => log.info({ a: [{ b: { c: secret } }] }, 'x')],
    ['in a template', (log) => log.info(`token ${secret}`)], // eslint-disable-line @typescript-eslint/restrict-template-expressions
    ['in the message of an error', (log) => log.error(new Error(`bad ${String(secret)}`))],
    ['on an error', (log) => log.error(Object.assign(new Error('bad'), { secret }))],
    ['in the cause of an error', (log) => log.error(new Error('bad', { cause: new Error(String(secret)) }))],
    ['as %s', (log) => log.info('token %s', secret)],
    ['as %o', (log) => log.info('token %o', { secret })],
    ['as %j', (log) => log.info('token %j', secret)],
    ['in a child', (log) => log.child({ secret }).info('x')],
  ])('cannot be written %s', async (_, log) => {
    for (const format of ['json', 'pretty'] as const) {
      const text = await written(format, log);
      expect(text).toContain('[secret]');
      expect(text).not.toContain(VALUE);
    }
  });

  it('cannot be written as a line of their own', async () => {
    const text = await written('json', (log) => log.info(secret));
    expect(text).toMatch(/"level":"info"/);
    expect(text).not.toContain(VALUE);
  });
});
