import { Fault } from '../../base/fault.js';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { parseListener } from '../../config/listener.js';
import { LARGEST_MESSAGE, parseTarget, type SinkListener, type SinkPlan } from '../../load/index.js';
import { CliError, UsageError } from '../error.js';

/** The fields of a plan that are options of the same name. */
type Named = Pick<
  SinkPlan,
  'tlsDetect' | 'delay' | 'tempfail' | 'permfail' | 'disconnect' | 'seed' | 'threads'
>;

/** The options of `postern sink`, as commander gives them. Times are milliseconds. */
export interface SinkOptions extends Named {
  readonly listen?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly slowRead?: number;
  readonly stats?: number;
  readonly dump?: string;
  readonly json?: true;
}

const SINK_LISTEN = 'smtp://127.0.0.1:2525';

/** Returns the plan of a command line. Rejects with UsageError if the options contradict each other. */
export async function sinkPlanOf(options: SinkOptions): Promise<SinkPlan> {
  const { tempfail, permfail, disconnect } = options;
  if (tempfail + permfail + disconnect > 1) {
    throw new UsageError('--tempfail, --permfail and --disconnect together are more than all messages');
  }
  const urls = options.listen ?? [SINK_LISTEN];
  const listeners = urls.map((url) => listenerOf(url, options.tlsDetect));
  const tls = listeners.some((listener) => listener.tls !== 'off');
  if (!tls && (options.tlsCert !== undefined || options.tlsKey !== undefined || options.tlsDetect > 0)) {
    throw new UsageError('no port has TLS: --listen brings it, as smtps:// or with ?tls=optional');
  }
  return {
    hostname: hostname(),
    listeners,
    auth: urls.some((url) => names(url, 'auth')),
    certificate: tls ? await certificate(options) : null,
    tlsDetect: options.tlsDetect,
    delay: options.delay,
    tempfail,
    permfail,
    disconnect,
    slowRead: options.slowRead ?? null,
    seed: options.seed,
    dump: options.dump ?? null,
    maxSize: LARGEST_MESSAGE,
    threads: options.threads,
  };
}

/** Parses a URL as `serve` does; TLS and AUTH are off unless the URL names them. */
function listenerOf(url: string, tlsDetect: number): SinkListener {
  if (/^[a-z]+\+unix:/i.test(url)) return unixListenerOf(url);
  const parsed = parseListener(url);
  if (parsed instanceof Fault) throw new UsageError(`--listen "${url}": ${parsed.reason}`);
  for (const option of ['proxy', 'client_cert']) {
    if (names(url, option)) throw new UsageError(`--listen "${url}": the sink knows no option "${option}"`);
  }
  const { address, port, protocol, auth } = parsed;
  const tls = parsed.tls === 'implicit' || names(url, 'tls') ? parsed.tls : 'off';
  return {
    path: null,
    host: address,
    port,
    lmtp: protocol === 'lmtp',
    tls: tls === 'implicit' || tls === 'off' ? tls : tlsDetect > 0 ? 'detect' : 'starttls',
    tlsRequired: tls === 'required' || tls === 'implicit',
    authRequired: names(url, 'auth') && auth === 'required',
  };
}

/** Parses the URL of a Unix socket, in the form that `postern bench` sends to. There is no TLS on one. */
function unixListenerOf(url: string): SinkListener {
  const [place = '', query] = url.split(/\?(.*)/s);
  const target = parseTarget(place);
  if (target instanceof Fault) throw new UsageError(`--listen "${url}": ${target.reason}`);
  const auth = query === undefined ? null : /^auth=(optional|required)$/.exec(query);
  if (query !== undefined && auth === null) {
    throw new UsageError(`--listen "${url}": the only option of a Unix socket is auth=optional|required`);
  }
  const { path, lmtp } = target;
  return {
    path,
    host: '',
    port: 0,
    lmtp,
    tls: 'off',
    tlsRequired: false,
    authRequired: auth?.[1] === 'required',
  };
}

function names(url: string, option: string): boolean {
  return new RegExp(`[?&]${option}=`).test(url);
}

async function certificate({ tlsCert, tlsKey }: SinkOptions): Promise<{ cert: string; key: string }> {
  if (tlsCert !== undefined && tlsKey !== undefined) {
    try {
      return { cert: await readFile(tlsCert, 'utf8'), key: await readFile(tlsKey, 'utf8') };
    } catch (error) {
      throw new CliError(`cannot read the certificate: ${(error as Error).message}`, { cause: error });
    }
  }
  if (tlsCert !== undefined || tlsKey !== undefined) {
    throw new UsageError('--tls-cert and --tls-key go together');
  }
  const { issueCertificate } = await import('../serve/issue-certificate.js');
  const now = Date.now();
  return issueCertificate({
    commonName: 'localhost',
    names: ['localhost', '127.0.0.1', '::1'],
    use: 'server',
    validFrom: new Date(now - 86_400_000),
    validTo: new Date(now + 30 * 86_400_000),
  });
}
