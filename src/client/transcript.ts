import type { ReceivedReply } from '../protocol/client/received-reply.js';

/** Receives what is said on a connection. Content and the arguments of AUTH are not passed to it. */
export interface Transcript {
  /** Called with each command, without its line end. */
  sent(command: string): void;
  received(reply: ReceivedReply): void;
  /** Called after a TLS handshake, with its version and cipher. */
  secured(cipher: string): void;
}

/** Returns a line of AUTH without what may be secret: its initial response, or all of a later response. */
export function withoutArguments(line: string): string {
  const [, command] = /^(AUTH [^ ]+)(?: .*)?$/i.exec(line) ?? [];
  if (command === undefined) return '[secret]';
  return command === line ? line : `${command} [secret]`;
}
