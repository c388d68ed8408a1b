import { ConfigError } from '../config/error.js';
import { StoreError } from '../store/port.js';

/**
 * Thrown if a command cannot do what it was asked. The message is one line that says what is wrong and what would
 * help.
 */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    message: string,
    options?: ErrorOptions,
    readonly exitCode: number = FAILED,
  ) {
    super(message, options);
  }
}

/** Thrown if a command line makes no sense. Its message is one line as well. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The end of a failed command: the text for standard error, and the exit status. */
interface Failure {
  readonly text: string;
  readonly exitCode: number;
}

/** Exit status if the request is wrong: the command, an option, the configuration. */
export const USAGE = 2;
/** Exit status if the request is right, but could not be done. */
export const FAILED = 1;
/** Exit statuses of `postern send`: those of sysexits.h, which sendmail and msmtp have as well. */
export const EXIT = {
  /** The server refused the message for good (EX_UNAVAILABLE). */
  unavailable: 69,
  /** There is no such host (EX_NOHOST). */
  noHost: 68,
  /** It may work later: a temporary refusal, or the server was not reached (EX_TEMPFAIL). */
  tempFail: 75,
  /** The server lacks what is needed, or its TLS failed (EX_PROTOCOL). */
  protocol: 76,
  /** The server refused the token or password (EX_NOPERM). */
  noPermission: 77,
} as const;

/** Describes for an operator what has happened. The stack is shown only if the error is an unexpected one. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof ConfigError) {
    const list = error.problems.map((problem) => `\n  - ${problem}`).join('');
    return { text: `postern: the configuration cannot be used:${list}`, exitCode: USAGE };
  }
  if (error instanceof UsageError) return { text: `postern: ${error.message}`, exitCode: USAGE };
  if (error instanceof CliError) return { text: `postern: ${error.message}`, exitCode: error.exitCode };
  if (error instanceof StoreError) return { text: `postern: ${error.message}`, exitCode: FAILED };
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

/** Returns true if the reader of the output is gone, as with `| head`. */
export function isReaderGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}

/** Returns true if an import did not find a package. */
export function isMissingPackage(error: unknown): boolean {
  return missingPackage(error) !== null;
}

/**
 * Returns the name of the package that an import did not find; null if the error is another one. The packages that the
 * gateway needs beside Node are optional, so that an embedder of the library need not install them.
 */
function missingPackage(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND') return null;
  return /^Cannot find package '([^']+)'/.exec(error.message)?.[1] ?? null;
}
