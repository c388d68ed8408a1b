import type { Logger } from 'pino';
import { describe, expect, it } from 'vitest';
import { observe } from '../../src/cli/serve/gateway-log.js';
import { connectionsWithin, openFilesLimit } from '../../src/cli/serve/open-files.js';
import { Throttled } from '../../src/cli/serve/throttled.js';
import { handshakeFailure } from '../../src/base/tls-words.js';
import { TooManyConnections } from '../../src/server/index.js';

/** A log that keeps its lines. */
function logger(): { readonly log: Logger; readonly lines: unknown[][] } {
  const lines: unknown[][] = [];
  const at =
    (level: string) =>
    (line: object, text: string): void =>
      void lines.push([level, line, text]);
  const log = { info: at('info'), warn: at('warn'), error: at('error'), isLevelEnabled: () => true };
  return { log: log as unknown as Logger, lines };
}

const session = { id: 's', remoteAddress: '192.0.2.1', tls: null, principal: null, origin: null };
const distrust = handshakeFailure(
  Object.assign(new Error('0:error:...'), { code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' }),
);

describe('the log of the gateway', () => {
  it("writes a client's mistake in one line, at warn, with a hint and no stack", () => {
    const { log, lines } = logger();
    observe(log).handler.onError?.(session as never, distrust);
    expect(lines).toEqual([
      [
        'warn',
        {
          session: 's',
          client: '192.0.2.1',
          tls: null,
          domain: null,
          reason:
            'TLS handshake failed: the client does not trust the issuer of the certificate (ERR_SSL_TLSV1_ALERT_UNKNOWN_CA)',
          hint: expect.stringContaining("trust the certificate's issuer") as string,
        },
        'the client failed',
      ],
    ]);
  });

  it('writes an error of the server at error, with its stack', () => {
    const { log, lines } = logger();
    const error = new Error('of the server');
    observe(log).handler.onError?.(session as never, error);
    expect(lines).toEqual([['error', expect.objectContaining({ err: error }), 'failed']]);
  });

  it('writes a failure before the greeting at info, with the same hint', () => {
    const { log, lines } = logger();
    observe(log).handler.onRefusedArrival?.('192.0.2.1', distrust);
    expect(lines).toEqual([
      ['info', expect.objectContaining({ hint: distrust.hint }), 'refused before the greeting'],
    ]);
  });

  it('writes null for the address of a client that left before it could be read', () => {
    const { log, lines } = logger();
    const { handler } = observe(log);
    handler.onRefusedArrival?.('', new Error('gone'));
    handler.onError?.({ ...session, remoteAddress: '' } as never, distrust);
    expect(lines.map(([, line]) => (line as { client: unknown }).client)).toEqual([null, null]);
  });

  it('writes one line for many refused connections', () => {
    const { log, lines } = logger();
    const { handler } = observe(log);
    for (let i = 0; i < 1000; i++) handler.onRefusedArrival?.('192.0.2.1', new TooManyConnections());
    expect(lines).toEqual([
      ['warn', { client: '192.0.2.1', reason: 'too many connections' }, 'refused before the greeting'],
    ]);
  });
});

describe('lines that are written once in a while', () => {
  it('count what was left out', () => {
    let now = 0;
    const written: unknown[] = [];
    const throttled = new Throttled(
      10,
      (line) => written.push(line),
      () => now,
    );
    for (now = 0; now <= 20; now++) throttled.note({ at: now });
    expect(written).toEqual([{ at: 0 }, { at: 10, before: 9 }, { at: 20, before: 9 }]);
  });
});

describe('connections within the limit of open files', () => {
  it('are those configured, if there is room for them or the limit is unknown', () => {
    const { log, lines } = logger();
    expect(connectionsWithin(10_000, 524_288, log)).toBe(10_000);
    expect(connectionsWithin(10_000, null, log)).toBe(10_000);
    expect(lines).toEqual([]);
  });

  it('are fewer, with a warning that names the fix, if there is no room', () => {
    const { log, lines } = logger();
    expect(connectionsWithin(10_000, 200, log)).toBe(150);
    expect(connectionsWithin(10_000, 4096, log)).toBe(3968);
    expect(connectionsWithin(10_000, 1, log)).toBe(1);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toEqual([
      'warn',
      { open_files: 200, max_connections: 10_000, allowed: 150 },
      expect.stringContaining('ulimit -n'),
    ]);
  });

  it('are read from the system, where it says', () => {
    if (process.platform === 'linux') expect(openFilesLimit()).toBeGreaterThan(0);
  });
});
