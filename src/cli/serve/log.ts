import type { Writable } from 'node:stream';
import {
  type DestinationStream,
  type Logger,
  type LoggerOptions,
  destination,
  pino,
  stdTimeFunctions,
} from 'pino';
import type { Config } from '../../config/index.js';
import { isMissingPackage } from '../error.js';

/** Where a log goes: a stream, or standard error. */
export type LogTarget = Writable & { readonly isTTY?: boolean };

/**
 * Makes the log. Lines for people where a terminal reads, JSON elsewhere; always on standard error, because
 * standard output says nothing but that the server is ready.
 *
 * Nothing here hides secrets, because nothing has to: a `Secret` has no other way to be written than
 * `[secret]`.
 */
export async function createLog(config: Config['log'], target?: LogTarget): Promise<Logger> {
  const options: LoggerOptions = {
    level: config.level,
    // Neither pid nor host name: whatever collects the lines knows both.
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
  };
  const terminal = (target ?? process.stderr).isTTY === true;
  const pretty = config.format === 'pretty' || (config.format === 'auto' && terminal);
  const stream = pretty ? await prettyStream(terminal, target, config.format === 'auto') : null;
  // Not synchronous: a log that is read slowly must not hold up the mail.
  return pino(options, stream ?? target ?? destination({ fd: 2, sync: false }));
}

async function prettyStream(
  colorize: boolean,
  target: LogTarget | undefined,
  optional: boolean,
): Promise<DestinationStream | null> {
  try {
    const { default: pretty } = await import('pino-pretty');
    return pretty({
      colorize,
      destination: target ?? 2,
      sync: true,
      singleLine: true,
      translateTime: 'SYS:HH:MM:ss.l',
    });
  } catch (error) {
    if (optional && isMissingPackage(error)) return null;
    throw error;
  }
}
