import { isIPv6 } from 'node:net';
import type { Command } from 'commander';
import { printable } from '../../../base/text.js';
import type { Config, Endpoint } from '../../../config/index.js';

import { STATUSES } from '../../../store/port.js';
import { type Context, configOf } from '../../context.js';
import { CliError, UsageError } from '../../error.js';
import { shownSize } from '../../sizes.js';
import { hasStore } from '../store.js';
import { storeState } from './store.js';
import { NoServer, serverState } from './server.js';
import type { ServerState } from './state.js';

/** Seconds after which an open transaction is shown, as the server logs it then. */
const LONG_TRANSACTION = 30;

interface Options {
  readonly server?: string;
  readonly json?: true;
}

/** Runs `postern status`: fails if the server is not ready. */
export async function showStatus(context: Context, command: Command): Promise<void> {
  const { server, json } = command.opts<Options>();
  const state =
    server === undefined ? await localState(await configOf(context, command)) : await stateAt(server);
  if (json) await context.stdout.json(state);
  else await context.stdout.write(describe(state));
  if (!state.ready) throw new CliError(`not ready: ${printable(state.reasons.join('; '))}`);
}

async function stateAt(server: string): Promise<ServerState> {
  const url = server.replace(/\/+$/, '');
  if (!/^https?:\/\/[^/?#@]+$/i.test(url) || !URL.canParse(url)) {
    // It is not shown: it may have a password in it.
    throw new UsageError(
      '--server is not the address of the HTTP API, such as http://127.0.0.1:8025, without user and path',
    );
  }
  try {
    return await serverState(url, true);
  } catch (error) {
    if (!(error instanceof NoServer)) throw error;
    throw new CliError(`no answer of a server from ${url}: ${printable(error.message)}`, { cause: error });
  }
}

/** Asks the server that runs here. If none answers by HTTP, reads the store. */
async function localState(config: Config): Promise<ServerState> {
  const { data, http, store } = config;
  const isFolder = store.url === null;
  const isHere = isFolder && (await hasStore(data));
  const { isServed } = await import('../../../store/sqlite/lock.js');
  const served = isHere && isServed(data);
  // Without a server on the folder, what answers at the configured address is the server of another one.
  if (served || !isHere) {
    for (const url of [urlOf(http.metrics, false), urlOf(http.listen, http.tls)]) {
      const state = url === null ? null : await serverState(url, false).catch(ignoreNoServer);
      if (state !== null) return state;
    }
  }
  return storeState(config, served, Date.now());
}

function ignoreNoServer(error: unknown): null {
  if (error instanceof NoServer) return null;
  throw error;
}

function urlOf(endpoint: Endpoint | null, tls: boolean): string | null {
  if (endpoint === null || endpoint.port === 0) return null;
  const { address, port } = endpoint;
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return `${tls ? 'https' : 'http'}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function describe({ ready, reasons, source, numbers, nodes }: ServerState): string {
  const facts: [string, string][] = [
    ['Ready', ready ? 'yes' : `no: ${reasons.join('; ')}`],
    [source.startsWith('http') ? 'Server' : 'Data', source],
  ];
  if (numbers !== null) {
    const { messages, contentOctets, oldestSeconds, transactionSeconds, diskFree, since } = numbers;
    const { accepted, delivered, deferred, bounced } = numbers;
    facts.push(
      ['Messages', STATUSES.map((status) => `${messages[status]} ${status}`).join(', ')],
      ['Oldest', oldestSeconds === 0 ? 'none waits' : `waits for ${spanOf(oldestSeconds)}`],
      ['Accepted', `${accepted} since ${since}`],
      ['Attempts', `${delivered} delivered, ${deferred} deferred, ${bounced} bounced since then`],
      ['Content', shownSize(contentOctets)],
      ['Disk', diskFree === null ? '-' : `${shownSize(diskFree)} free`],
    );
    if (transactionSeconds >= LONG_TRANSACTION) {
      const age = spanOf(transactionSeconds);
      facts.push([
        'Warning',
        `a transaction has been open for ${age}, and keeps the database from cleaning up`,
      ]);
    }
  }
  if (nodes !== null) {
    const { running, draining, silent } = nodes;
    facts.push(['Nodes', `${running} running, ${draining} draining, ${silent} silent`]);
  }
  return facts.map(([name, value]) => `${`${name}:`.padEnd(10)}${printable(value)}\n`).join('');
}

function spanOf(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return hours > 0
    ? `${hours} h ${minutes} min`
    : minutes > 0
      ? `${minutes} min ${seconds % 60} s`
      : `${seconds} s`;
}
