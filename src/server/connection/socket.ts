import type { Socket } from 'node:net';

/** Receives the events of a socket. */
export interface SocketListener {
  octets(octets: Uint8Array): void;
  ended(): void;
  drained(): void;
  failed(error: NodeJS.ErrnoException): void;
  closed(): void;
}

const listener = Symbol('listener');
type ObservedSocket = Socket & { [listener]?: SocketListener | undefined };

/**
 * Passes the events of the socket to `to`. The listeners are shared functions: ten thousand idle connections create no
 * listeners of their own.
 */
function attach(socket: ObservedSocket, to: SocketListener): void {
  socket[listener] = to;
  socket.on('data', onData);
  socket.on('end', onEnd);
  socket.on('error', onError);
  socket.on('close', onClose);
}

/** Lets `to` hear an attached socket from now on: to exchange the listeners would cost more. */
export function replaceListener(socket: ObservedSocket, to: SocketListener): void {
  socket[listener] = to;
}

/** Lets `to` hear how a socket ends, and nothing else. */
export function attachToEnd(socket: ObservedSocket, to: SocketListener): void {
  socket[listener] = to;
  socket.on('error', onError);
  socket.on('close', onClose);
}

/** Lets the listener hear once that the socket has written all it holds. Most never have more than the kernel takes. */
function awaitDrain(socket: ObservedSocket): void {
  socket.once('drain', onDrain);
}

/**
 * Cuts the closed socket from its listener. Node keeps the socket for a while; if it kept the whole connection with it,
 * the connection would survive the cheap garbage collections.
 */
export function release(socket: ObservedSocket): void {
  socket[listener] = undefined;
}

/**
 * The socket of a connection, which TLS exchanges once. It remembers whether it is paused and whether it is full, since
 * asking Node's socket would cost a getter each time.
 */
export class ConnectionSocket {
  #current: Socket;
  #full = false;
  #paused = false;

  constructor(
    socket: Socket,
    private readonly listener: SocketListener,
  ) {
    this.#current = socket;
    attach(socket, listener);
  }

  /** The socket that octets travel over now. */
  get current(): Socket {
    return this.#current;
  }

  /** The client has more to read than it reads; `drain` comes when it has read it. */
  get full(): boolean {
    return this.#full;
  }

  /** Goes on with another socket, a plain one's TLS. */
  exchange(socket: Socket): void {
    this.#current = socket;
    attach(socket, this.listener);
    this.#paused = this.#full = false;
  }

  write(octets: Uint8Array): void {
    if (!this.#current.writable || this.#current.write(octets) || this.#full) return;
    this.#full = true;
    awaitDrain(this.#current);
  }

  /** Notes that the client has read everything. */
  drained(): void {
    this.#full = false;
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#current.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#current.resume();
  }
}

function onData(this: ObservedSocket, octets: Uint8Array): void {
  this[listener]?.octets(octets);
}
function onEnd(this: ObservedSocket): void {
  this[listener]?.ended();
}
function onDrain(this: ObservedSocket): void {
  this[listener]?.drained();
}
function onError(this: ObservedSocket, error: Error): void {
  this[listener]?.failed(error);
}
function onClose(this: ObservedSocket): void {
  this[listener]?.closed();
}
