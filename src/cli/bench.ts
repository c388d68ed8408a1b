import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { ConnectionError, ReplyError } from '../client/index.js';
import { type Plan, type Report, reportText, resolveHost, runPlan } from '../load/index.js';
import { showProgress } from './bench-progress.js';
import { type BenchOptions, planOf } from './bench-plan.js';
import type { Context } from './context.js';
import { CliError } from './error.js';
import { stopSignal } from './signals.js';

/** `postern bench`. */
export async function bench(context: Context, command: Command, url: string | undefined): Promise<void> {
  const options = command.opts<BenchOptions>();
  if (options.compare !== undefined) {
    const { compare } = await import('./bench-compare.js');
    await compare(context, options.compare, url);
    return;
  }
  const { plan, mine } = await aimed(planOf(url, options), options);
  if (!mine) await context.stderr.line('This is not loopback: --i-own-this-server was given.');
  const report = await run(context, plan);
  await hand(context, report, options);
  if (report.messages.accepted + report.warmup.accepted === 0) {
    throw new CliError('no message was accepted; the replies above say why');
  }
}

/** Makes sure of whose server it is, and settles what depends on that. */
async function aimed(plan: Plan, options: BenchOptions): Promise<{ plan: Plan; mine: boolean }> {
  const { host } = plan.target;
  let resolved;
  try {
    resolved = await resolveHost(host);
  } catch (error) {
    throw new CliError(`there is no address for ${host}: ${(error as Error).message}`, { cause: error });
  }
  const { loopback, address } = resolved;
  if (!loopback && options.iOwnThisServer !== true) {
    throw new CliError(
      `${host} is not this machine (${address}); load is for servers of your own: ` +
        'if it is, and its network may take the load, add --i-own-this-server',
    );
  }
  // On loopback nobody is in between, and certificates are self-signed more often than not.
  return { plan: { ...plan, verifyTls: options.tlsVerify ?? !loopback }, mine: loopback };
}

async function run(context: Context, plan: Plan): Promise<Report> {
  let end = (): void => undefined;
  try {
    return await runPlan(plan, {
      stop: stopSignal(),
      begun: (progress) => {
        end = showProgress(context.stderr, plan, progress);
      },
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (!(error instanceof ConnectionError) && !(error instanceof ReplyError)) throw error;
    throw new CliError(error.message, { cause: error });
  } finally {
    end();
  }
}

async function hand(context: Context, report: Report, options: BenchOptions): Promise<void> {
  if (options.save !== undefined) await write(options.save, `${JSON.stringify(report, null, 2)}\n`);
  if (options.html !== undefined) {
    const { reportPage } = await import('../load/report-page.js');
    await write(options.html, await reportPage(report));
  }
  if (options.json === true) await context.stdout.json(report);
  else await context.stdout.write(reportText(report));
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new CliError(`cannot write ${file}: ${(error as Error).message}`, { cause: error });
  }
}
