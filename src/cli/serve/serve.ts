import type { Command } from 'commander';
import { configSchema, loadConfig, printConfig } from '../../config/index.js';
import { readConfigFlags } from '../config-flags.js';
import type { Context, GlobalOptions } from '../context.js';

/** `postern serve`: settles the configuration, then shows it or runs the gateway on it. */
export async function serve(context: Context, command: Command): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions & { readonly printConfig?: true }>();
  const loaded = await loadConfig({
    file: options.config,
    environment: context.environment,
    flags: { data: options.data, ...(await readConfigFlags(command)) },
  });
  if (options.printConfig) return context.stdout.write(printConfig(configSchema, loaded));
  if (loaded.file !== null) await context.stderr.line(`Configuration: ${loaded.file}`);
  const { runGateway } = await import('./gateway.js');
  return runGateway(loaded.config, context);
}
