#!/usr/bin/env -S MALLOC_TRIM_THRESHOLD_=134217728 MALLOC_MMAP_THRESHOLD_=4194304 node
// The settings are for glibc: without them it gives freed read buffers back to the kernel and takes them again. See
// "Page faults" in docs/performance.md.
import { describeFailure } from './error.js';
import { hideArguments } from './hide-arguments.js';

// Imported here and not above, so that a missing package is reported in one line as well.
try {
  const { run } = await import('./run.js');
  hideArguments(process.argv.slice(2));
  const { argv, stdout, stderr, env } = process;
  const exitCode = await run(argv.slice(2), { stdout, stderr, environment: env });
  // All output is written. Anything that is still open, such as a log without a reader, would keep the process alive.
  process.exit(exitCode);
} catch (error) {
  const { text, exitCode } = describeFailure(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}
