import type { Command } from 'commander';
import type { Config } from '../config/index.js';
import type { Output } from './output.js';

/** The things that every command gets. */
export interface Context {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The options that may be given before or after the name of any command. */
export interface GlobalOptions {
  readonly config?: string;
  readonly data?: string;
  readonly store?: string;
}

/** Returns the configuration for a command that has no flags of its own for it. */
export async function configOf(context: Context, command: Command): Promise<Config> {
  const { config: file, data, store } = command.optsWithGlobals<GlobalOptions>();
  const { loadConfig } = await import('../config/index.js');
  return (await loadConfig({ file, environment: context.environment, flags: { data, 'store.url': store } }))
    .config;
}
