import { format } from 'node:util';
import type { SMTPServerLogger } from './types.js';

/** The levels that are used. */
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Writes entries: facts, and a text with its values. */
export interface Log {
  readonly enabled: boolean;
  write(level: Level, facts: object, text: string, ...values: readonly unknown[]): void;
}

/** Returns the log of the option `logger`: none, standard output for `true`, or the given logger. */
export function logOf(logger: SMTPServerLogger | boolean | undefined, component = 'smtp-server'): Log {
  if (logger === undefined || logger === false) return SILENT;
  if (logger === true) return STANDARD_OUTPUT;
  return {
    enabled: true,
    write: (level, facts, text, ...values) => {
      const { [level]: method }: Partial<SMTPServerLogger> = logger;
      method?.call(logger, { component, ...facts }, text, ...values);
    },
  };
}

/** Returns the logger that a server shows its users: theirs, or one that writes to the log. */
export function loggerOf(logger: SMTPServerLogger | boolean | undefined, log: Log): SMTPServerLogger {
  if (typeof logger === 'object') return logger;
  const at =
    (level: Level) =>
    (facts: unknown, text = '', ...values: unknown[]): void =>
      log.write(level, facts as object, text, ...values);
  return { trace: at('debug'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const SILENT: Log = { enabled: false, write: () => undefined };

const STANDARD_OUTPUT: Log = {
  enabled: true,
  write: (level, _facts, text, ...values) => {
    const now = new Date().toISOString();
    process.stdout.write(`[${now}] ${level.toUpperCase().padEnd(5)} ${format(text, ...values)}\n`);
  },
};
