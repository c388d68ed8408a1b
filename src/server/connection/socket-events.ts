import type { Socket } from 'node:net';

/** Receives the events of a socket. */
export interface SocketOwner {
  octets(octets: Uint8Array): void;
  ended(): void;
  drained(): void;
  failed(error: NodeJS.ErrnoException): void;
  closed(): void;
}

const owner = Symbol('owner');
type Owned = Socket & { [owner]?: SocketOwner | undefined };

/**
 * Passes the events of the socket to `to`. The listeners are shared functions: ten thousand idle connections create no
 * listeners of their own.
 */
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
 * Cuts the closed socket from its owner. Node keeps the socket for a while; if it kept the whole connection with it,
 * the connection would survive the cheap garbage collections.
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
