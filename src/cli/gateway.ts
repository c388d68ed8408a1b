import type { Config } from '../config/index.js';
import { CliError } from './error.js';

/** Runs the gateway until it is told to stop. */
export async function runGateway(config: Config): Promise<void> {
  throw new CliError(`the server cannot listen on ${config.listen.length} addresses yet`);
}
