#!/usr/bin/env node
import { describeFailure } from './error.js';

// Imported here and not above, so that a missing package is told in one line as well.
try {
  const { run } = await import('./run.js');
  const { argv, stdout, stderr, env } = process;
  process.exitCode = await run(argv.slice(2), { stdout, stderr, environment: env });
} catch (error) {
  const { text, exitCode } = describeFailure(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}
