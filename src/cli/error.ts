import { ConfigError } from '../config/error.js';
import { StoreError } from '../store/port.js';

/** A command cannot do what it was asked. The message is one line that says what is wrong and what would help. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

/** What a command was asked makes no sense; likewise one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** How a failed command ends: what goes to standard error, and the exit status. */
export interface Failure {
  readonly text: string;
  readonly exitCode: number;
}

/** What was asked is wrong: a command, an option, the configuration. */
export const USAGE = 2;
/** What was asked is right and could not be done. */
export const FAILED = 1;

/** Says what has happened, for an operator. A stack is shown only of what nobody foresaw. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof ConfigError) {
    const list = error.problems.map((problem) => `\n  - ${problem}`).join('');
    return { text: `postern: the configuration cannot be used:${list}`, exitCode: USAGE };
  }
  if (error instanceof UsageError) return { text: `postern: ${error.message}`, exitCode: USAGE };
  if (error instanceof CliError || error instanceof StoreError) {
    return { text: `postern: ${error.message}`, exitCode: FAILED };
  }
  const missing = missingPackage(error);
  if (missing !== null) {
    return {
      text:
        `postern: the package ${missing} is not installed; ` +
        `install Postern without --omit=optional, or add it with "npm install ${missing}"`,
      exitCode: FAILED,
    };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `postern: unexpected failure: ${stack}`, exitCode: FAILED };
}

/** True where whoever read the output has had enough of it, as `head` does. */
export function isReaderGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}

/** True where an import did not find a package. */
export function isMissingPackage(error: unknown): boolean {
  return missingPackage(error) !== null;
}

/**
 * The name of the package that an import did not find. What the gateway needs beyond Node is optional, so
 * that who embeds the library need not install it.
 */
function missingPackage(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND') return null;
  return /^Cannot find package '([^']+)'/.exec(error.message)?.[1] ?? null;
}
