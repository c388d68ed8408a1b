import { ConfigError } from './error.js';
import { fileLayer, readConfigFile } from './file.js';
import { keysOf } from './key.js';
import { CONFIG_VARIABLE, environmentLayer, flagLayer } from './layer.js';
import { type Resolved, resolve } from './resolve.js';
import { type Config, configSchema } from './schema.js';

/** Read without being named, where the program is started in its folder. */
const DEFAULT_FILE = 'postern.toml';

/** Where the configuration comes from. */
export interface Sources {
  /** The file that `--config` names. Without it `POSTERN_CONFIG`, then `./postern.toml` if there is one. */
  readonly file?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By the name of the key, such as `smtp.max_size`. */
  readonly flags: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A configuration, and the file that took part in it. */
export interface Loaded extends Resolved<Config> {
  readonly file: string | null;
}

/**
 * The configuration in force: file, then environment, then flags, in rising order of weight.
 *
 * @throws ConfigError with every problem at once
 */
export async function loadConfig(sources: Sources): Promise<Loaded> {
  const named = sources.file ?? (sources.environment[CONFIG_VARIABLE] || undefined);
  const file = named ?? DEFAULT_FILE;
  const tree = await readConfigFile(file);
  if (tree === null && named !== undefined) {
    throw new ConfigError([
      `${file} (${sources.file === undefined ? CONFIG_VARIABLE : '--config'}) does not exist`,
    ]);
  }
  const keys = keysOf(configSchema);
  const resolved = resolve(configSchema, [
    ...(tree === null ? [] : [fileLayer(keys, tree, file)]),
    environmentLayer(keys, sources.environment),
    flagLayer(keys, sources.flags),
  ]);
  return { ...resolved, file: tree === null ? null : file };
}
