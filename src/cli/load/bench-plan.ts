import { Fault } from '../../base/fault.js';
import { type Mechanism, mailCommand, rcptCommand } from '../../client/index.js';
import { parseTarget, type Plan, type SizeShare, TARGET_FORM, type Threshold } from '../../load/index.js';
import { UsageError } from '../error.js';

/** The fields of a plan that are options of the same name. */
type Named = Pick<
  Plan,
  | 'connections'
  | 'recipients'
  | 'ramp'
  | 'warmup'
  | 'from'
  | 'to'
  | 'hello'
  | 'seed'
  | 'timeout'
  | 'drain'
  | 'threads'
>;

/** The options of `postern bench`, as commander gives them. Times are milliseconds. */
export interface BenchOptions extends Named {
  readonly messages?: number;
  readonly duration?: number;
  readonly perConnection?: number;
  readonly size: readonly SizeShare[];
  readonly pipelining?: true;
  readonly bdat?: true;
  readonly starttls?: true;
  readonly tlsVerify?: boolean;
  readonly tlsResume?: true;
  readonly auth?: Mechanism;
  readonly rate?: number;
  readonly arrivals?: 'fixed' | 'poisson';
  readonly iOwnThisServer?: true;
  readonly json?: true;
  readonly save?: string;
  readonly html?: string;
  readonly compare?: readonly string[];
  readonly failIf?: readonly Threshold[];
  readonly csv?: string;
  readonly junit?: string;
}

/** Duration of a run in milliseconds if neither `--messages` nor `--duration` is given. */
const DURATION = 10_000;

/**
 * Returns the plan of a command line.
 *
 * @throws UsageError if the options contradict each other
 */
export function planOf(url: string | undefined, options: BenchOptions): Plan {
  if (url === undefined) throw new UsageError(`there is no URL; give it ${TARGET_FORM}`);
  const target = parseTarget(url);
  // The text itself is not shown, since it may hold a password.
  if (target instanceof Fault)
    throw new UsageError(`the URL cannot be used: ${target.reason}; give it ${TARGET_FORM}`);
  if (target.implicitTls && options.starttls === true) {
    throw new UsageError('--starttls contradicts smtps://, where TLS comes first');
  }
  if (target.path !== null && options.starttls === true) {
    throw new UsageError('--starttls makes no sense on a Unix socket, whose clients are on this machine');
  }
  if (target.lmtp && options.bdat === true && options.pipelining === true) {
    throw new UsageError(
      '--bdat with --pipelining does not work over LMTP: the number of replies is not known',
    );
  }
  if (options.auth !== undefined && target.user === null) {
    throw new UsageError('--auth needs USER:PASSWORD@ in the URL');
  }
  if (options.tlsResume === true && !target.implicitTls && options.starttls !== true) {
    throw new UsageError('--tls-resume needs smtps:// or --starttls');
  }
  if (options.arrivals !== undefined && options.rate === undefined) {
    throw new UsageError('--arrivals needs --rate');
  }
  if (options.threads > options.connections) {
    throw new UsageError(`${options.threads} --threads have no use for ${options.connections} --connections`);
  }
  const { messages = null, warmup } = options;
  const duration = options.duration ?? (messages === null ? DURATION : null);
  return {
    target,
    startTls: options.starttls === true,
    verifyTls: options.tlsVerify ?? true,
    resumeTls: options.tlsResume === true,
    mechanism: options.auth ?? null,
    pipelining: options.pipelining === true,
    chunking: options.bdat === true,
    connections: options.connections,
    messages,
    duration: duration === null ? null : duration + warmup,
    messagesPerConnection: options.perConnection ?? null,
    recipients: options.recipients,
    sizes: options.size,
    schedule:
      options.rate === undefined
        ? null
        : { perSecond: options.rate, arrivals: options.arrivals ?? 'poisson', ramp: options.ramp },
    ramp: options.ramp,
    warmup,
    from: address('--from', options.from, mailCommand),
    to: address('--to', options.to, (text) => rcptCommand(text.replaceAll('{n}', '0'))),
    hello: options.hello,
    seed: options.seed,
    timeout: options.timeout,
    drain: options.drain,
    threads: options.threads,
  };
}

function address(option: string, text: string, command: (text: string) => string): string {
  try {
    command(text);
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`, { cause: error });
  }
  if (!/^[^@]+@[^@]+$/.test(text)) throw new UsageError(`${option}: "${text}" is no NAME@DOMAIN`);
  return text;
}
