import type { Socket } from 'node:net';

/** Who hears what a socket tells. */
export interface SocketOwner {
  octets(octets: Uint8Array): void;
  ended(): void;
  drained(): void;
  failed(error: NodeJS.ErrnoException): void;
  closed(): void;
}

const owner = Symbol('owner');
type Owned = Socket & { [owner]?: SocketOwner | undefined };

/** Lets `to` hear the socket. The listeners are shared functions: ten thousand idle connections have none of their own. */
export function attach(socket: Owned, to: SocketOwner): void {
  socket[owner] = to;
  socket.on('data', onData);
  socket.on('end', onEnd);
  socket.on('drain', onDrain);
  socket.on('error', onError);
  socket.on('close', onClose);
}

/**
 * The socket is closed, and has told all. Node holds it for a while: so long it is not to hold all that there was
 * to a connection, or that outlives the garbage collections that are cheap.
 */
export function release(socket: Owned): void {
  socket[owner] = undefined;
}

/** Nobody hears the socket any more. */
export function detach(socket: Owned): void {
  socket[owner] = undefined;
  socket.off('data', onData);
  socket.off('end', onEnd);
  socket.off('drain', onDrain);
  socket.off('error', onError);
  socket.off('close', onClose);
}

function onData(this: Owned, octets: Uint8Array): void {
  this[owner]?.octets(octets);
}
function onEnd(this: Owned): void {
  this[owner]?.ended();
}
function onDrain(this: Owned): void {
  this[owner]?.drained();
}
function onError(this: Owned, error: Error): void {
  this[owner]?.failed(error);
}
function onClose(this: Owned): void {
  this[owner]?.closed();
}
