import { Fault } from '../../base/fault.js';
import { type Mechanism, mailCommand, rcptCommand } from '../../client/parts.js';
import {
  parseTarget,
  type Plan,
  type Schedule,
  type SizeShare,
  type Stage,
  TARGET_FORM,
  type Threshold,
} from '../../load/index.js';
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
  readonly message?: string;
  readonly users?: string;
  readonly pipelining?: true;
  readonly bdat?: true;
  readonly starttls?: true;
  readonly tlsVerify?: boolean;
  readonly tlsResume?: true;
  readonly auth?: Mechanism;
  readonly rate?: number;
  readonly arrivals?: 'fixed' | 'poisson';
  readonly stages?: readonly Stage[];
  readonly findRate?: true;
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
  if (options.auth !== undefined && target.user === null && options.users === undefined) {
    throw new UsageError('--auth needs USER:PASSWORD@ in the URL, or --users');
  }
  if (options.users !== undefined && target.user !== null) {
    throw new UsageError('--users goes without USER:PASSWORD@ in the URL');
  }
  if (options.tlsResume === true && !target.implicitTls && options.starttls !== true) {
    throw new UsageError('--tls-resume needs smtps:// or --starttls');
  }
  checkSchedule(options);
  if (options.threads > options.connections) {
    throw new UsageError(`${options.threads} --threads have no use for ${options.connections} --connections`);
  }
  const { messages = null, warmup } = options;
  const { stages } = options;
  const duration =
    stages === undefined
      ? (options.duration ?? (messages === null ? DURATION : null))
      : stages.reduce((sum, stage) => sum + stage.duration, 0) - warmup;
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
    own: null,
    users: [],
    schedule: scheduleOf(options),
    ramp: options.ramp,
    warmup,
    from: address('--from', options.from, (text) => mailCommand(text.replaceAll('{n}', '0'))),
    to: address('--to', options.to, (text) => rcptCommand(text.replaceAll('{n}', '0'))),
    hello: options.hello,
    seed: options.seed,
    timeout: options.timeout,
    drain: options.drain,
    threads: options.threads,
  };
}

/** @throws UsageError if the options of the rate contradict each other */
function checkSchedule(options: BenchOptions): void {
  const { rate, stages, findRate, arrivals, duration, messages, ramp, warmup, failIf } = options;
  if (arrivals !== undefined && rate === undefined && stages === undefined) {
    throw new UsageError('--arrivals needs --rate or --stages');
  }
  if (stages !== undefined) {
    const other = [rate, duration, messages, findRate].some((option) => option !== undefined) || ramp > 0;
    if (other) {
      throw new UsageError('--stages goes without --rate, --duration, --messages, --ramp and --find-rate');
    }
    if (stages.reduce((sum, stage) => sum + stage.duration, 0) <= warmup) {
      throw new UsageError('--warmup takes all the time of --stages');
    }
  }
  if (findRate === true && failIf === undefined) {
    throw new UsageError("--find-rate needs --fail-if, such as --fail-if 'p99>50ms,errors>0'");
  }
  if (findRate === true && messages !== undefined) {
    throw new UsageError('--find-rate makes runs of --duration, so it goes without --messages');
  }
}

/** Messages a second with which `--find-rate` begins. */
const FIRST_RATE = 100;

function scheduleOf({ rate, stages, findRate, arrivals = 'poisson', ramp }: BenchOptions): Schedule | null {
  if (stages !== undefined) {
    return { perSecond: Math.max(...stages.map((stage) => stage.perSecond)), arrivals, ramp: 0, stages };
  }
  const perSecond = rate ?? (findRate === true ? FIRST_RATE : null);
  return perSecond === null ? null : { perSecond, arrivals, ramp };
}

export function address(option: string, text: string, command: (text: string) => string): string {
  try {
    command(text);
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`, { cause: error });
  }
  if (!/^[^@]+@[^@]+$/.test(text)) throw new UsageError(`${option}: "${text}" is no NAME@DOMAIN`);
  return text;
}
