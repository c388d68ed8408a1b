import type { AddressInfo, ListenOptions as NodeListenOptions, Socket } from 'node:net';
import { ClientFault } from '../base/client-fault.js';
import { handleOf, type ListenTls } from './option-checks.js';
import type { Listening, ListenOptions } from './options.js';

/** A ClientHello where a command was due. */
export function unexpectedTls(tls: ListenTls['tls'], waited: number): ClientFault {
  switch (tls) {
    case 'detect':
      return new ClientFault(
        `the client speaks TLS only after the greeting, which waits ${waited} ms for that at the most`,
        'if this happens again, let the greeting wait longer (tls_detect), or give TLS a port of its own',
      );
    case 'off':
      return new ClientFault(
        'the client speaks TLS, and this port does not offer TLS',
        'set the client to no encryption for this port, or offer TLS on it',
      );
    default:
      return new ClientFault(
        'the client speaks TLS at once, and this port takes STARTTLS or plain only',
        'set the client to STARTTLS, or use a port of implicit TLS',
      );
  }
}

/** Writes a refusal in place of a greeting (RFC 5321 3.1), and closes. */
export function writeAndClose(socket: Socket, refusal: string | Uint8Array): void {
  socket.on('error', () => {
    // It was not welcome; how it leaves is no matter.
  });
  socket.write(refusal);
  socket.destroySoon();
}

/** What `net.Server.listen` is given. */
export function targetOf({
  host = '127.0.0.1',
  port,
  path,
  handle,
  backlog = 1024,
}: ListenOptions): NodeListenOptions {
  // Node takes it under this name, which its types do not have.
  if (handle !== undefined) return { handle: handleOf(handle), backlog } as NodeListenOptions;
  return path === undefined ? { host, port: port ?? 0, backlog } : { path, backlog };
}

export function listeningOf(address: AddressInfo | string | null): Listening {
  if (typeof address === 'string') return { host: '', port: 0, path: address };
  return { host: address?.address ?? '', port: address?.port ?? 0, path: null };
}
