import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { printableLines } from '../../base/text.js';
import { figure } from '../../load/report/format.js';
import {
  findRate,
  type Judged,
  judge,
  judgedText,
  junitXml,
  type Plan,
  type Report,
  reportText,
  resolveHost,
  RunFailed,
  runPlan,
  timelineCsv,
} from '../../load/index.js';
import { showProgress } from './bench-progress.js';
import { withFiles } from './bench-files.js';
import { type BenchOptions, planOf } from './bench-plan.js';
import type { Context } from '../context.js';
import { CliError, UsageError } from '../error.js';
import { stopSignal } from '../serve/signals.js';

/** Hints by the extension that the run needs and the server does not offer. */
const HINTS_BY_EXTENSION: Readonly<Record<string, string>> = {
  AUTH: 'leave USER:PASSWORD@ and --auth out, or ask the server to offer it (some do over TLS alone: --starttls)',
  CHUNKING: 'leave --bdat out',
  PIPELINING: 'leave --pipelining out',
  STARTTLS: 'leave --starttls out',
};

/** Hints by the code of the system's error. */
const HINTS_BY_CODE: Readonly<Record<string, string>> = {
  EMFILE: 'this process may open no more files: fewer --connections, or a higher "ulimit -n"',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'this port speaks no TLS at once: smtp://, and --starttls where it is offered',
};

/** Runs `postern bench`. */
export async function bench(context: Context, command: Command, url: string | undefined): Promise<void> {
  const options = command.opts<BenchOptions>();
  if (options.message !== undefined && command.getOptionValueSource('size') === 'cli') {
    throw new UsageError('--size is for text that is made, so it goes without --message');
  }
  if (options.compare !== undefined) {
    const { compare } = await import('./bench-compare.js');
    await compare(context, options.compare, url, options.html);
    return;
  }
  const { plan, mine } = await checkedTarget(await withFiles(planOf(url, options), options), options);
  for (const file of [options.save, options.html, options.csv, options.junit])
    if (file !== undefined) await mayWrite(file);
  if (!mine) await context.stderr.line('This is not loopback: --i-own-this-server was given.');
  const report = options.findRate === true ? await search(context, plan, options) : await run(context, plan);
  const judged = judge(report, options.failIf ?? []);
  await writeResults(context, report, judged, options);
  if (report.messages.accepted + report.warmup.accepted === 0) {
    throw new CliError(nothingAccepted(report));
  }
  const failed = judged.filter((result) => result.failed).map(judgedText);
  if (failed.length > 0) throw new CliError(`failed: ${failed.join(', ')}`);
}

/** Resolves the host, checks that the load is meant for it, and sets what depends on its addresses. */
async function checkedTarget(plan: Plan, options: BenchOptions): Promise<{ plan: Plan; mine: boolean }> {
  const { host, path } = plan.target;
  // Its clients are on this machine.
  if (path !== null) return { plan, mine: true };
  let resolved;
  try {
    resolved = await resolveHost(host);
  } catch (error) {
    throw new CliError(`there is no address for ${host}: ${(error as Error).message}`, { cause: error });
  }
  const { loopback, addresses } = resolved;
  if (!loopback && options.iOwnThisServer !== true) {
    const where = addresses.includes(host) ? '' : ` (${addresses.join(', ')})`;
    throw new CliError(
      `${host}${where} is not loopback; load is for servers of your own: ` +
        'if it is one, and its network may take the load, add --i-own-this-server',
    );
  }
  // The run connects to the addresses that were checked, even if the name resolves to others later.
  const target = { ...plan.target, addresses };
  // On loopback nothing is between client and server, and most certificates are self-signed.
  return { plan: { ...plan, target, verifyTls: options.tlsVerify ?? !loopback }, mine: loopback };
}

async function run(context: Context, plan: Plan): Promise<Report> {
  let end = (): void => undefined;
  const over = new AbortController();
  try {
    return await runPlan(plan, {
      stop: stopSignal(over.signal),
      begun: (progress) => {
        end = showProgress(context.stderr, plan, progress);
      },
    });
  } catch (error) {
    if (!(error instanceof RunFailed)) throw error;
    const hint =
      error.missing === null ? HINTS_BY_CODE[innermostCode(error)] : HINTS_BY_EXTENSION[error.missing];
    // Some of OpenSSL's messages have a line end.
    const message = error.message.trimEnd();
    throw new CliError(hint === undefined ? message : `${message}; ${hint}`, { cause: error });
  } finally {
    over.abort();
    end();
  }
}

/** Looks for the highest rate that meets the conditions; shows each run, and returns the report of the best one. */
async function search(context: Context, plan: Plan, { failIf = [] }: BenchOptions): Promise<Report> {
  const best = await findRate(plan, failIf, async (one) => {
    const report = await run(context, one);
    if (report.interrupted) throw new CliError('stopped before the highest rate was found');
    const failed = judge(report, failIf).filter((result) => result.failed);
    await context.stderr.line(
      `${figure(one.schedule?.perSecond ?? 0).padStart(10)}/s  ${wordsOf(report, failed)}`,
    );
    return report;
  });
  if (best === null) throw new CliError('there is no rate at which no condition of --fail-if holds');
  return best;
}

/** Returns what a run of the search came to, in words. */
function wordsOf({ messages, generator }: Report, failed: readonly Judged[]): string {
  if (failed.length > 0) return failed.map(judgedText).join(', ');
  if (messages.accepted === 0) return 'no message was accepted';
  return generator.saturated ? 'the generator is the limit' : 'no condition holds';
}

/** Returns the code of the innermost cause; empty if no cause has a code. */
function innermostCode(error: Error): string {
  if (error.cause instanceof Error) return innermostCode(error.cause);
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function nothingAccepted({ messages }: Report): string {
  const addresses =
    messages.refused === 0 ? '' : '; where it is the sender or the recipients, --from and --to give others';
  return `no message was accepted; the replies say why${addresses}`;
}

async function writeResults(
  context: Context,
  report: Report,
  judged: readonly Judged[],
  options: BenchOptions,
): Promise<void> {
  // If one of them cannot be written, the others still are: the run was long.
  const handed = await Promise.allSettled([
    options.json === true
      ? context.stdout.json(report)
      : context.stdout.write(printableLines(reportText(report))),
    options.save === undefined ? null : write(options.save, `${JSON.stringify(report, null, 2)}\n`),
    options.html === undefined ? null : writePage(options.html, report),
    options.csv === undefined ? null : write(options.csv, timelineCsv(report)),
    options.junit === undefined ? null : write(options.junit, junitXml(report, judged)),
  ]);
  for (const outcome of handed) if (outcome.status === 'rejected') throw outcome.reason;
}

async function writePage(file: string, report: Report): Promise<void> {
  const { reportPage } = await import('../../load/report/page.js');
  await write(file, await reportPage(report));
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

/** Checks before the run that a file can be written, so that a wrong name does not cost its results. */
async function mayWrite(file: string): Promise<void> {
  try {
    const there = await stat(file).catch(() => null);
    if (there?.isDirectory() === true) throw new Error('it is a folder');
    await access(there === null ? dirname(file) : file, constants.W_OK);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

function cannotWrite(file: string, error: unknown): CliError {
  return new CliError(`cannot write ${file}: ${(error as Error).message}`, { cause: error });
}
