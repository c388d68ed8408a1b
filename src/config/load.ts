import { ConfigError } from './error.js';
import { fileLayer, readConfigFile } from './file.js';
import { keysOf } from './key.js';
import { CONFIG_VARIABLE, environmentLayer, flagLayer } from './layer.js';
import { type Resolved, resolve } from './resolve.js';
import { type Config, configSchema } from './schema.js';

/** Read without being named, if it is in the folder in which the program is started. */
const DEFAULT_FILE = 'postern.toml';

/** The sources of the configuration. */
export interface Sources {
  /**
   * The file that `--config` names. If it is missing, `POSTERN_CONFIG` is used, then `./postern.toml` if that exists.
   */
  readonly file?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Flags by the name of their key, such as `smtp.max_size`. */
  readonly flags: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A configuration, and the file that was read for it. */
export interface Loaded extends Resolved<Config> {
  readonly file: string | null;
}

/**
 * Returns the configuration in force. Variables override the file, and flags override variables.
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
