import { hostname } from 'node:os';
import type { SMTPServerOptions } from './options.js';

/** Options with those that are always there. */
export interface AnyOptions extends SMTPServerOptions {
  name: string;
  authMethods: string[];
  disabledCommands: string[];
}

/** In milliseconds. */
export const SOCKET_TIMEOUT = 60_000;
export const CLOSE_TIMEOUT = 30_000;
export const UNAUTHENTICATED_COMMANDS = 10;
export const UNRECOGNIZED_COMMANDS = 10;
export const COMMAND_LENGTH = 16 * 1024;
export const RECIPIENTS = 1_000;

/** Returns a copy of the options with names in capitals, and with the lists that a hook may change. */
export function completed(options: SMTPServerOptions): AnyOptions {
  return {
    ...options,
    name: unlessEmpty(options.name) ?? hostname(),
    authMethods: capitals(options.authMethods ?? ['LOGIN', 'PLAIN']),
    disabledCommands: capitals(options.disabledCommands ?? []),
  };
}

/** Returns an option, or undefined for 0 and an empty text: smtp-server takes its default then. */
export function unlessEmpty<Value extends number | string>(
  option: Value | null | undefined,
): Value | undefined {
  return option === null || option === 0 || option === '' ? undefined : option;
}

function capitals(names: readonly string[]): string[] {
  return names.map((name) => name.trim().toUpperCase());
}
