import { readFile, writeFile } from 'node:fs/promises';
import { compareText } from '../../load/report/compare.js';
import { comparePage } from '../../load/report/compare-page.js';
import { type Report, REPORT_FORMAT } from '../../load/index.js';
import type { Context } from '../context.js';
import { CliError, UsageError } from '../error.js';

/** Runs `postern bench --compare A B`: shows two reports side by side. */
export async function compare(
  context: Context,
  files: readonly string[],
  url: string | undefined,
  html: string | undefined,
): Promise<void> {
  const [first, second] = files;
  if (first === undefined || second === undefined || files.length > 2 || url !== undefined) {
    throw new UsageError('--compare takes two reports that --save has written, and no URL');
  }
  const [a, b] = [[first, await readReport(first)] as const, [second, await readReport(second)] as const];
  await context.stdout.write(compareText(a, b));
  if (html === undefined) return;
  try {
    await writeFile(html, comparePage(a, b));
  } catch (error) {
    throw new CliError(`cannot write ${html}: ${(error as Error).message}`, { cause: error });
  }
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
