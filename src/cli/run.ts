import type { Writable } from 'node:stream';
import { CommanderError } from 'commander';
import { printableLines } from '../base/text.js';
import { USAGE, describeFailure, isReaderGone } from './error.js';
import { Output } from './output.js';
import { buildProgram } from './program.js';

/** The environment that a command runs in. */
interface Environment {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs one command line, without the name of the program.
 *
 * @returns the exit status: 0; 1 if it could not be done (`send` has more: see `EXIT`); 2 if the command line or the
 * configuration is wrong
 */
export async function run(
  args: readonly string[],
  { environment, ...streams }: Environment,
): Promise<number> {
  const stdout = new Output(streams.stdout);
  const stderr = new Output(streams.stderr);
  const said: Promise<void>[] = [];
  try {
    const program = await buildProgram(
      { stdout, stderr, environment },
      {
        writeOut: (text) => void said.push(stdout.write(text)),
        writeErr: (text) => void said.push(stderr.attempt(text)),
      },
      args.includes('serve'),
    );
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (isReaderGone(error)) return 0;
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    const { text, exitCode } = describeFailure(error);
    // The text may quote a remote server, a file or an argument.
    said.push(stderr.attempt(`${printableLines(text)}\n`));
    return exitCode;
  } finally {
    await Promise.allSettled(said);
  }
}
