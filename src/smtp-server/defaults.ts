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
    name: options.name ?? hostname(),
    authMethods: capitals(options.authMethods ?? ['LOGIN', 'PLAIN']),
    disabledCommands: capitals(options.disabledCommands ?? []),
  };
}

function capitals(names: readonly string[]): string[] {
  return names.map((name) => name.trim().toUpperCase());
}
