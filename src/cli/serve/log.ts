import type { Writable } from 'node:stream';
import { type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import { printableLines } from '../../base/text.js';
import type { Config } from '../../config/index.js';
import { isMissingPackage } from '../error.js';
import { LogStream, standardError, streamDevice } from './log-stream.js';

/** The destination of a log: a stream. Default: standard error. */
type LogTarget = Writable & { readonly isTTY?: boolean };

/** A log, and a way to wait for its last lines. */
export interface Log {
  readonly logger: Logger;
  /** Resolves when every line is written, or after `ms` milliseconds. */
  drained(ms: number): Promise<void>;
}

/**
 * Makes the log. A terminal gets lines for people, everything else gets JSON. The log is always on standard error,
 * because standard output says only that the server is ready.
 *
 * @param onDrop called for each line that is lost because the log cannot be written
 *
 * Nothing here hides secrets, because nothing has to: a `Secret` is always written as `[secret]`.
 */
export async function createLog(
  config: Config['log'],
  target?: LogTarget,
  onDrop?: () => void,
): Promise<Log> {
  const options: LoggerOptions = {
    level: config.level,
    // Without pid and host name: the program that collects the lines knows both.
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
  };
  const terminal = (target ?? process.stderr).isTTY === true;
  const pretty = config.format === 'pretty' || (config.format === 'auto' && terminal);
  const format = pretty ? await prettyLines(terminal, config.format === 'auto') : null;
  const stream = new LogStream(
    target === undefined ? standardError() : streamDevice(target),
    (lines) => logger.error({ lines }, 'lines of the log were lost: it could not be written'),
    onDrop,
  );
  const logger = pino(
    options,
    format === null ? stream : { write: (line) => stream.write(format(readable(line))) },
  );
  return { logger, drained: (ms) => stream.drained(ms) };
}

/** Parses a line, and removes what a terminal would obey: the line may quote a remote server. */
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
