#!/usr/bin/env node
import { describeFailure } from './error.js';

// Imported here and not above, so that a missing package is told in one line as well.
try {
  const { run } = await import('./run.js');
  const { argv, stdout, stderr, env } = process;
  const exitCode = await run(argv.slice(2), { stdout, stderr, environment: env });
  // Everything that could be written is. What is left, such as a log that nothing reads, would keep the process.
  process.exit(exitCode);
} catch (error) {
  const { text, exitCode } = describeFailure(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}
