import { hostname } from 'node:os';
import { settled } from '../base/limit.js';
import { DEFAULT_LIMITS, type Limits } from '../protocol/index.js';
import { Admission } from './admission/admission.js';
import { TlsHabits } from './admission/tls-habits.js';
import type { AnyHandler, AnyOptions } from './any.js';
import { Deadlines, monotonic } from './connection/deadlines.js';
import { DIAGNOSTICS } from './diagnostics.js';
import type { Observer } from './handler.js';
import {
  type DataRate,
  DEFAULT_ADMISSION,
  DEFAULT_DATA_RATE,
  DEFAULT_TIMEOUTS,
  FIXED,
  type Timeouts,
} from './limits.js';
import { logTo } from './logger.js';
import type { Reword } from './reword.js';
import { Counters } from './stats.js';
import { TlsGates } from './tls/gate.js';

/** The parts of a server that all its listeners share, with the defaults of its options filled in. */
export interface ServerParts<Principal> {
  readonly handler: AnyHandler<Principal>;
  /** The handler, and everything else that hears what happens. */
  readonly observers: readonly Observer<Principal>[];
  readonly options: AnyOptions<Principal>;
  readonly hostname: string;
  readonly limits: Limits;
  readonly timeouts: Timeouts;
  readonly dataRate: DataRate;
  /** Null if replies stay as they are. */
  readonly reword: Reword<Principal> | null;
  readonly admission: Admission;
  readonly deadlines: Deadlines;
  /** Null without certificates. */
  readonly gates: TlsGates | null;
  /** One for all ports: the client is the same. */
  readonly habits: TlsHabits;
  readonly counters: Counters;
}

/** @throws RangeError naming a limit that is no number, or is below 0. */
export function partsOf<Principal>(
  handler: AnyHandler<Principal>,
  options: AnyOptions<Principal>,
): ServerParts<Principal> {
  const { observers = [], logger, clock = monotonic } = options;
  const timeouts = settled('timeouts', DEFAULT_TIMEOUTS, options.timeouts);
  const dataRate = settled('dataRate', DEFAULT_DATA_RATE, options.dataRate);
  const { command, dataBlock, handshake, write, linger } = timeouts;
  const shortest = Math.min(command, dataBlock, handshake, write, linger, dataRate.grace);
  return {
    handler,
    observers: [handler, ...observers, ...(logger === undefined ? [] : [logTo(logger)]), DIAGNOSTICS],
    options,
    hostname: options.hostname ?? hostname(),
    limits: settled('limits', DEFAULT_LIMITS, options.limits),
    timeouts,
    dataRate,
    reword: options.reword?.bind(options) ?? null,
    admission: new Admission(settled('admission', DEFAULT_ADMISSION, options.admission), clock),
    deadlines: new Deadlines(Math.max(10, Math.min(FIXED.sweep.initial, shortest / 4)), clock),
    gates: options.certificates === undefined ? null : new TlsGates(options.certificates),
    habits: new TlsHabits(clock),
    counters: new Counters(),
  };
}
