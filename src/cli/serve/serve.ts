import type { Command } from 'commander';
import { configSchema, loadConfig, printConfig } from '../../config/index.js';
import { readConfigFlags } from '../config-flags.js';
import { CliError, isReaderGone } from '../error.js';
import type { Context, GlobalOptions } from '../context.js';

/** Runs `postern serve`: reads the configuration, then prints it or runs the gateway with it. */
export async function serve(context: Context, command: Command): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions & { readonly printConfig?: true }>();
  const loaded = await loadConfig({
    file: options.config,
    environment: context.environment,
    flags: { data: options.data, 'store.url': options.store, ...(await readConfigFlags(command)) },
  });
  if (options.printConfig) return context.stdout.write(printConfig(configSchema, loaded));
  if (loaded.file !== null) await context.stderr.attempt(`Configuration: ${loaded.file}\n`);
  const { processes } = loaded.config;
  const { runProcesses, startsOthers } = await import('./processes.js');
  const { runGateway } = await import('./gateway.js');
  try {
    if (startsOthers(processes)) await runProcesses(processes, context);
    else await runGateway(loaded, context);
  } catch (error) {
    if (!isReaderGone(error)) throw error;
    // Other commands just end then. If a server ended silently with status 0, it would look like a normal stop.
    throw new CliError('the server has ended: the reader of its standard output or standard error is gone', {
      cause: error,
    });
  }
}
