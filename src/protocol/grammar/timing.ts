import { parseDateTime } from './date-time.js';

// When, how fast and how safely a message shall go: RFC 2852, 4865, 6710 and 8689. Each parser gives its
// field, or the reason why there is none, for the client.

/** By when the message must be delivered: RFC 2852. */
export interface By {
  /** From now on. Zero or less, with `notify`: the time has passed already. */
  readonly seconds: number;
  /** What happens then: the message is given up and returned, or its sender is told and delivery goes on. */
  readonly otherwise: 'return' | 'notify';
  /** The sender is told of each server that the message is handed to. */
  readonly trace: boolean;
}

// RFC 2852 4
//   by-value = by-time ";" by-mode [by-trace]
//   by-time  = ["-" / "+"] 1*9DIGIT ; zero or less is not allowed with a by-mode of "R"
//   by-mode  = "N" / "R"            ; "Notify" or "Return"
//   by-trace = "T"                  ; "Trace"
export function parseBy(value: string | null): { readonly by: By } | string {
  const match = /^([+-]?\d{1,9});([NR])(T?)$/i.exec(value ?? '');
  if (match === null) return 'expected seconds;R or seconds;N, and T for a trace';
  const [, time, mode = '', trace] = match;
  // Adding 0 makes 0 of -0.
  const seconds = Number(time) + 0;
  const otherwise = mode.toUpperCase() === 'R' ? 'return' : 'notify';
  if (otherwise === 'return' && seconds <= 0) return 'with R, the time must be above 0';
  return { by: { seconds, otherwise, trace: trace !== '' } };
}

// RFC 4865 3
//   hold-for-param          = "HOLDFOR=" future-release-interval
//   future-release-interval = future-release-integer
//   future-release-integer  = %x31-39 *8DIGIT
export function parseHoldFor(value: string | null): { readonly holdFor: number } | string {
  return /^[1-9]\d{0,8}$/.test(value ?? '') ? { holdFor: Number(value) } : 'expected seconds, 1 to 999999999';
}

// RFC 4865 3, and its erratum 2040
//   hold-until-param         = "HOLDUNTIL=" future-release-date-time
//   future-release-date-time = date-time ; RFC 3339 5.6
export function parseHoldUntil(value: string | null): { readonly holdUntil: number } | string {
  const holdUntil = parseDateTime(value ?? '');
  return holdUntil === null ? 'expected a time such as 2026-01-31T09:00:00Z (RFC 3339)' : { holdUntil };
}

// RFC 6710 3 and 7
//   priority-value = (["-"] NZDIGIT) / "0"
//   NZDIGIT        = %x31-39
export function parsePriority(value: string | null): { readonly priority: number } | string {
  return /^(?:-?[1-9]|0)$/.test(value ?? '') ? { priority: Number(value) } : 'expected -9 to 9';
}

// RFC 8689 2: REQUIRETLS takes no value.
export function parseRequireTls(value: string | null): { readonly requireTls: true } | string {
  return value === null ? { requireTls: true } : 'takes no value';
}
