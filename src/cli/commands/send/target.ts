import { readFile } from 'node:fs/promises';
import { Fault } from '../../../base/fault.js';
import { isLoopback } from '../../../base/networks.js';
import { Secret } from '../../../base/secret.js';
import type { ClientCredentials, ClientOptions } from '../../../client/index.js';
import { type Config, type ListenerConfig, TOKEN_VARIABLE } from '../../../config/index.js';
import { parseSmarthost } from '../../../delivery/transports/smtp/target.js';
import { CliError, UsageError } from '../../error.js';
import type { SendOptions } from './options.js';

/** Where a message is sent, and how. */
export type Target = Required<Pick<ClientOptions, 'host' | 'port'>> &
  Pick<ClientOptions, 'implicitTls' | 'startTls' | 'tls' | 'credentials' | 'lmtp'>;

const SERVER_FORM = 'smtp://HOST:PORT or smtps://HOST:PORT, with USER:PASSWORD@ for AUTH';

/**
 * Returns the server of `--server`; without it, the first SMTP listener of the configuration.
 *
 * @param environment may have the token for a server of this machine
 *
 * @throws UsageError, or CliError if a file cannot be read
 */
export async function targetOf(
  { server, tokenFile }: Pick<SendOptions, 'server' | 'tokenFile'>,
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Target> {
  const variable = environment[TOKEN_VARIABLE];
  if (server === undefined) {
    return { ...localTarget(config.listen), ...withToken(await tokenOf(tokenFile, variable)) };
  }
  const target = parseSmarthost(server);
  if (target instanceof Fault) throw new UsageError(`--server: ${target.reason}; give ${SERVER_FORM}`);
  const { host, port, credentials, verify, ca } = target;
  if (credentials !== null && tokenFile !== undefined) {
    throw new UsageError('--token-file: --server has a password already; leave one of them out');
  }
  const isHere = isLoopback(host);
  // The variable may be set for all commands. It goes to no other machine, which may be of another owner.
  const token = credentials === null ? await tokenOf(tokenFile, isHere ? variable : undefined) : null;
  // A token goes over verified TLS, as a password of the URL does, unless the URL says otherwise.
  const tls =
    token !== null && !isHere && !/[?&]tls=/.test(server) && target.tls === 'optional'
      ? 'required'
      : target.tls;
  return {
    host,
    port,
    implicitTls: tls === 'implicit',
    startTls: tls === 'required' ? true : tls === 'optional' ? 'optional' : false,
    tls: {
      verify: verify && tls !== 'optional',
      ...(ca === null ? {} : { ca: await read('--server: ca', ca) }),
    },
    ...(credentials === null ? withToken(token) : { credentials }),
  };
}

/** The certificate is not verified: nothing is between this command and a server on the same machine. */
function localTarget(listeners: readonly ListenerConfig[]): Target {
  const listener = listeners.find(({ protocol }) => protocol === 'smtp');
  if (listener === undefined || listener.port === 0) {
    throw new UsageError(
      `--server: the configuration does not say where the server listens; give ${SERVER_FORM}`,
    );
  }
  const { address, port, tls } = listener;
  return {
    host: address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address,
    port,
    implicitTls: tls === 'implicit',
    startTls: tls === 'off' || tls === 'implicit' ? false : tls === 'required' ? true : 'optional',
    tls: { verify: false },
  };
}

/** The token is both user and password. */
function withToken(token: string | null): { readonly credentials?: ClientCredentials } {
  if (token === null) return {};
  return { credentials: { user: new Secret(token), password: new Secret(token) } };
}

async function tokenOf(file: string | undefined, variable: string | undefined): Promise<string | null> {
  const text = file === undefined ? variable : (await read('--token-file', file)).toString('utf8');
  const token = text?.trim() ?? '';
  if (token !== '') return token;
  if (file === undefined) return null;
  throw new UsageError(`--token-file: ${file} is empty; "postern token rotate NAME" makes a new token`);
}

async function read(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CliError(`${option}: cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}
