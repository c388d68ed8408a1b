import type { Writable } from 'node:stream';
import { type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import { printableLines } from '../../base/text.js';
import type { Config } from '../../config/index.js';
import { isMissingPackage } from '../error.js';
import { LogStream, standardError, streamDevice } from './log-stream.js';

/** Where a log goes: a stream, or standard error. */
export type LogTarget = Writable & { readonly isTTY?: boolean };

/** A log, and its end. */
export interface Log {
  readonly logger: Logger;
  /** Resolves when every line is written, at the latest after `ms`. */
  drained(ms: number): Promise<void>;
}

/**
 * Makes the log. Lines for people where a terminal reads, JSON elsewhere; always on standard error, because
 * standard output says nothing but that the server is ready.
 *
 * Nothing here hides secrets, because nothing has to: a `Secret` has no other way to be written than
 * `[secret]`.
 */
export async function createLog(config: Config['log'], target?: LogTarget): Promise<Log> {
  const options: LoggerOptions = {
    level: config.level,
    // Neither pid nor host name: whatever collects the lines knows both.
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
  };
  const terminal = (target ?? process.stderr).isTTY === true;
  const pretty = config.format === 'pretty' || (config.format === 'auto' && terminal);
  const format = pretty ? await prettyLines(terminal, config.format === 'auto') : null;
  const stream = new LogStream(target === undefined ? standardError() : streamDevice(target), (lines) =>
    logger.error({ lines }, 'lines of the log were lost: it could not be written'),
  );
  const logger = pino(
    options,
    format === null ? stream : { write: (line) => stream.write(format(readable(line))) },
  );
  return { logger, drained: (ms) => stream.drained(ms) };
}

/** A line as an object, without what a terminal would obey: it may quote a remote server. */
function readable(line: string): unknown {
  return JSON.parse(line, (_, value: unknown) => (typeof value === 'string' ? printableLines(value) : value));
}

async function prettyLines(
  colorize: boolean,
  optional: boolean,
): Promise<((line: unknown) => string) | null> {
  try {
    const { prettyFactory } = await import('pino-pretty');
    return prettyFactory({ colorize, singleLine: true, translateTime: 'SYS:HH:MM:ss.l' });
  } catch (error) {
    if (optional && isMissingPackage(error)) return null;
    throw error;
  }
}
