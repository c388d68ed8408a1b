import type { Mechanism } from '../../client/index.js';
import type { Schedule } from './schedule.js';
import type { SizeShare } from './sizes.js';

/** What is aimed at. */
export interface Target {
  readonly host: string;
  /** Where that is; null: it is looked up for each connection. */
  readonly addresses: readonly string[] | null;
  readonly port: number;
  readonly implicitTls: boolean;
  readonly user: string | null;
  /** A plain text, because a plan goes to other threads; a {@link Plan} is never shown whole. */
  readonly password: string | null;
}

/** A whole run, in values that can be sent to another thread. Times are milliseconds. */
export interface Plan {
  readonly target: Target;
  readonly startTls: boolean;
  readonly verifyTls: boolean;
  readonly resumeTls: boolean;
  readonly mechanism: Mechanism | null;
  readonly pipelining: boolean;
  readonly chunking: boolean;

  readonly connections: number;
  /** Messages of the whole run; null: as many as the time allows. */
  readonly messages: number | null;
  /** How long messages are started, warm-up included; null: until there are no more. */
  readonly duration: number | null;
  /** Null: any number. */
  readonly messagesPerConnection: number | null;
  readonly recipients: number;
  readonly sizes: readonly SizeShare[];
  /** Null: a closed loop, in which each connection sends its next message once the last one was answered. */
  readonly schedule: Schedule | null;
  /** In a closed loop: over which time the connections are opened. */
  readonly ramp: number;
  /** What ends within it does not count. */
  readonly warmup: number;

  readonly from: string;
  /** Recipients are made of it, each with a number. */
  readonly to: string;
  readonly hello: string;
  readonly seed: number;
  /** For each reply. */
  readonly timeout: number;
  /** For what is on its way when the time is over. */
  readonly drain: number;
  readonly threads: number;
}

/** Milliseconds of one point of the timeline. */
export const INTERVAL = 250;
