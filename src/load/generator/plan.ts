import type { Mechanism } from '../../client/index.js';
import type { Schedule } from './schedule.js';
import type { SizeShare } from './sizes.js';

/** The server that a run sends to. */
export interface Target {
  readonly host: string;
  /** Addresses of the host; null if it is resolved again for each connection. */
  readonly addresses: readonly string[] | null;
  readonly port: number;
  readonly implicitTls: boolean;
  /** A Unix socket; host and port are then not used. */
  readonly path: string | null;
  /** LMTP (RFC 2033): each recipient gets a reply of its own after the content. */
  readonly lmtp: boolean;
  readonly user: string | null;
  /** Plain text, because a plan is sent to other threads. A {@link Plan} is never printed as a whole. */
  readonly password: string | null;
}

/** A user of the server, and the address that this user sends from. */
export interface User {
  readonly user: string;
  readonly password: string;
  /** Null for the sender of the plan. */
  readonly from: string | null;
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
  /** Messages of the whole run; null if only the time limits it. */
  readonly messages: number | null;
  /** How long messages are started, warm-up included; null if only the number limits it. */
  readonly duration: number | null;
  /** Null if there is no limit. */
  readonly messagesPerConnection: number | null;
  readonly recipients: number;
  readonly sizes: readonly SizeShare[];
  /** Messages to send in place of text of the sizes, with CRLF line ends; null for text. */
  readonly own: readonly Uint8Array[] | null;
  /** Each connection is that of the next user; empty if all are that of the target. */
  readonly users: readonly User[];
  /** Null for a closed loop, in which each connection sends its next message after the reply to the last one. */
  readonly schedule: Schedule | null;
  /** Closed loop only: the time over which the connections are opened. */
  readonly ramp: number;
  /** Messages that end within this time are not counted. */
  readonly warmup: number;

  /** `{n}` becomes the number of the connection. */
  readonly from: string;
  /** Recipients are made from this address, each with a number. */
  readonly to: string;
  readonly hello: string;
  readonly seed: number;
  /** Longest wait for each reply. */
  readonly timeout: number;
  /** How long messages under way may take after the time is over. */
  readonly drain: number;
  readonly threads: number;
}

/** Milliseconds of one point of the timeline. */
export const INTERVAL = 250;
