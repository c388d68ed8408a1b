import { readFile } from 'node:fs/promises';
import { compareText } from '../../load/report/compare.js';
import { type Report, REPORT_FORMAT } from '../../load/index.js';
import type { Context } from '../context.js';
import { CliError, UsageError } from '../error.js';

/** Runs `postern bench --compare A B`: shows two reports side by side. */
export async function compare(
  context: Context,
  files: readonly string[],
  url: string | undefined,
): Promise<void> {
  const [first, second] = files;
  if (first === undefined || second === undefined || files.length > 2 || url !== undefined) {
    throw new UsageError('--compare takes two reports that --save has written, and no URL');
  }
  await context.stdout.write(
    compareText([first, await readReport(first)], [second, await readReport(second)]),
  );
}

async function readReport(file: string): Promise<Report> {
  let report: unknown;
  try {
    report = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
  if (
    typeof report === 'object' &&
    report !== null &&
    'format' in report &&
    report.format === REPORT_FORMAT
  ) {
    return report as Report;
  }
  throw new CliError(`${file} is no report of "postern bench --save" (${REPORT_FORMAT})`);
}
