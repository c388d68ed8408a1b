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
  socket.on('error', onError);
  socket.on('close', onClose);
}

/** Lets `to` hear an attached socket from now on: to exchange the listeners would cost more. */
export function handOver(socket: Owned, to: SocketOwner): void {
  socket[owner] = to;
}

/** Lets `to` hear how a socket ends, and nothing else. */
export function attachToEnd(socket: Owned, to: SocketOwner): void {
  socket[owner] = to;
  socket.on('error', onError);
  socket.on('close', onClose);
}

/** Lets the owner hear once that the socket has written all it holds. Most never have more than the kernel takes. */
export function awaitDrain(socket: Owned): void {
  socket.once('drain', onDrain);
}

/**
 * The socket is closed, and has told all. Node holds it for a while: so long it is not to hold all that there was
 * to a connection, or that outlives the garbage collections that are cheap.
 */
export function release(socket: Owned): void {
  socket[owner] = undefined;
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
